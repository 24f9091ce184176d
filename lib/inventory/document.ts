import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type Scalar,
} from 'yaml';
import { EgizError, type FieldError } from '../errors/egiz-error';
import { escapePointer } from '../json/json';
import { nearest } from './nearest';

/** A place in the text: what stands there, and the way to it. */
export interface Place {
  readonly node: ParsedNode | null;
  readonly pointer: string;
  /** What it is, for a person: `client`, `tenant "acme"`. */
  readonly what: string;
}

/** The keys of one mapping that were found. */
export type Fields = ReadonlyMap<string, Place>;

/** Nobody writes an inventory with more faults than this by hand; the rest would bury the first. */
const MAX_FAULTS = 50;

/**
 * Reads YAML (and JSON, which is YAML) with every scalar as the text that stands there, so that the
 * identifiers `0`, `1e3` and `true` stay what they are. Collects every fault with its line instead of stopping
 * at the first.
 */
export class InventoryDocument {
  private readonly lines = new LineCounter();
  private readonly document: Document.Parsed;
  private readonly faults: FieldError[] = [];

  constructor(text: string) {
    this.document = parseDocument(text, { schema: 'failsafe', lineCounter: this.lines, prettyErrors: false });
    for (const error of this.document.errors) {
      this.faults.push({
        pointer: '',
        rule: error.code === 'DUPLICATE_KEY' ? 'duplicate' : 'syntax',
        message: `line ${this.lines.linePos(error.pos[0]).line}: ${readable(error.message)}`,
      });
    }
  }

  get root(): Place {
    return { node: this.document.contents as ParsedNode | null, pointer: '', what: 'inventory' };
  }

  fault(place: Place, rule: string, message: string): void {
    const line = this.lineOf(place);
    const where = line === undefined ? '' : `line ${line}: `;
    this.faults.push({ pointer: place.pointer, rule, message: `${where}${message}` });
  }

  lineOf(place: Place): number | undefined {
    const at = place.node?.range?.[0];
    return at === undefined ? undefined : this.lines.linePos(at).line;
  }

  /** @throws EgizError `INVENTORY_INVALID` with every fault that was found */
  throwFaults(): void {
    const [first] = this.faults;
    if (first === undefined) return;
    const more = this.faults.length - 1;
    const rest = more === 0 ? '' : ` (and ${more} more ${more === 1 ? 'fault' : 'faults'})`;
    throw new EgizError('INVENTORY_INVALID', `The inventory is refused: ${first.message}${rest}`, {
      mend: 'Correct the inventory at the lines named.',
      errors: this.faults.slice(0, MAX_FAULTS),
    });
  }

  /**
   * The fields of a mapping. A missing key is a fault, and so is one that looks like a misspelt one of ours; any
   * other is somebody else's: an inventory may carry more (SPEC 5).
   */
  mapping(place: Place, required: readonly string[], optional: readonly string[]): Fields {
    const fields = this.entries(place);
    const known = [...required, ...optional];
    for (const [key, field] of fields) {
      const guess = known.includes(key) ? undefined : nearest(key, known);
      if (guess === undefined) continue;
      this.fault(field, 'unknownKey', `${place.what} has the unknown key "${key}"; did you mean "${guess}"?`);
    }
    for (const key of required) {
      if (!fields.has(key)) this.fault(place, 'required', `${place.what} lacks "${key}"`);
    }
    return fields;
  }

  /** Every key of a mapping, whatever its name. */
  entries(place: Place): Fields {
    const node = this.resolve(place.node);
    const fields = new Map<string, Place>();
    if (isAbsent(node)) return fields;
    if (!isMap<ParsedNode, ParsedNode | null>(node)) {
      this.fault(place, 'type', `${place.what} must be a mapping (key: value)`);
      return fields;
    }
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      const child = pair.value ?? pair.key;
      fields.set(key, { node: child, pointer: `${place.pointer}/${escapePointer(key)}`, what: key });
    }
    return fields;
  }

  /** The items of a list; an absent one is empty. */
  list(place: Place | undefined, what: string): Place[] {
    if (place === undefined) return [];
    const node = this.resolve(place.node);
    if (isAbsent(node)) return [];
    if (!isSeq<ParsedNode>(node)) {
      this.fault(place, 'type', `"${place.what}" must be a list`);
      return [];
    }
    return node.items.map((item, index) => ({ node: item, pointer: `${place.pointer}/${index}`, what }));
  }

  /** The text of a scalar, or undefined and a fault. */
  text(place: Place): string | undefined {
    const node = this.resolve(place.node);
    if (isScalar(node) && String(node.value) !== '') return String(node.value);
    this.fault(place, 'type', `"${place.what}" must be a text`);
    return undefined;
  }

  private resolve(node: ParsedNode | null): ParsedNode | null | undefined {
    return isAlias(node) ? (node.resolve(this.document) as ParsedNode | undefined) : node;
  }
}

/** The parser recurses, and says so in its own words when brackets are nested too deep for it. */
function readable(message: string): string {
  return message.includes('call stack') ? 'the text is nested too deep' : message;
}

/** `labels:` with nothing behind it, and JSON's `null`, say the same as no key at all. */
function isAbsent(node: ParsedNode | null | undefined): boolean {
  if (node === null || node === undefined) return true;
  if (!isScalar(node)) return false;
  const { value, type } = node as Scalar<unknown>;
  return type === 'PLAIN' && (value === '' || value === null || value === 'null' || value === '~');
}
