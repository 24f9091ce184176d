import { isJsonObject, type JsonObject, type JsonValue } from '../json/json';
import {
  below,
  comparable,
  condition,
  functionName,
  indented,
  limit,
  literal,
  nameOf,
  object,
  type Place,
  strings,
  text,
  tooLarge,
  typeFault,
  unknown,
  words,
} from './terms';

/**
 * Turns JSON Schemas into checks in Starlark, the language of Telegraf's processors, which has neither a validator
 * nor regular expressions. Only the keywords that our schemas use are known; any other is an error here, so that no
 * rule is left out in silence.
 *
 * A check calls `refuse(reason, pointer, what)`, which does not return.
 */
export class CheckWriter {
  readonly #schemas: ReadonlyMap<string, JsonObject>;
  readonly #forms: ReadonlyMap<string, string>;
  readonly #functions = new Map<string, readonly string[]>();
  /** Names that objects may have, outside of functions: Starlark would make such a thing anew each time. */
  readonly #constants = new Map<string, string>();

  /**
   * @param schemas by their `$id`
   * @param forms by a pattern, the Starlark function that is true for a text of that form
   */
  constructor(schemas: ReadonlyMap<string, JsonObject>, forms: ReadonlyMap<string, string>) {
    this.#schemas = schemas;
    this.#forms = forms;
  }

  /** Makes the function that checks a whole message against the schema with this `$id`. */
  addMessage(id: string): void {
    this.#function(id, '(value)', '""');
  }

  /** Makes the function that checks a part, somewhere in a message, and returns its name. */
  #addPart(reference: string): string {
    return this.#function(reference, '(value, at)', 'at');
  }

  #function(reference: string, parameters: string, at: string): string {
    const name = functionName(reference);
    if (!this.#functions.has(name)) {
      this.#functions.set(name, []);
      const body = this.#checks(this.#resolve(reference), { value: 'value', at, base: reference, depth: 0 });
      this.#functions.set(name, [
        `def ${name}${parameters}:`,
        ...indented(body.length > 0 ? body : ['pass']),
      ]);
    }
    return name;
  }

  /** The constants and functions made so far. */
  text(): string {
    const constants = [...this.#constants].map(([content, name]) => `${name} = ${content}`);
    const functions = [...this.#functions.values()].map((lines) => lines.join('\n'));
    return [constants.join('\n'), ...functions].join('\n\n');
  }

  #resolve(reference: string): JsonObject {
    const [id = '', path = ''] = reference.split('#');
    let found: JsonValue | undefined = this.#schemas.get(id);
    for (const step of path.split('/').slice(1)) found = isJsonObject(found) ? found[step] : undefined;
    if (!isJsonObject(found)) throw unknown(reference, 'is not there');
    return found;
  }

  #checks(schema: JsonObject, place: Place): string[] {
    const lines: string[] = [];
    for (const keyword of Object.keys(schema)) {
      if (!KEYWORDS.some((known) => known === keyword) && !COMMENTS.has(keyword))
        throw unknown(place.base, `uses "${keyword}"`);
    }
    for (const keyword of KEYWORDS) {
      if (schema[keyword] !== undefined) lines.push(...this.#keyword(keyword, schema, place));
    }
    return lines;
  }

  #keyword(keyword: Keyword, schema: JsonObject, place: Place): readonly string[] {
    const { value, at } = place;
    const rule = schema[keyword];
    const refuse = (reason: string, what: string) => `    refuse("${reason}", ${at}, ${text(what)})`;
    switch (keyword) {
      case '$ref':
        return [`${this.#addPart(this.#absolute(String(rule), place))}(${value}, ${at})`];
      case 'type':
        return [
          `if ${typeFault(rule, value)}:`,
          refuse('type', `must be ${words(rule)}`),
          ...tooLarge(schema, place).flatMap((when) => [`if ${when}:`, refuse('range', 'is too large')]),
        ];
      case 'const': {
        const reason = at.endsWith('/unit"') ? 'unit' : 'value';
        return [`if ${value} != ${literal(rule)}:`, refuse(reason, `must be ${JSON.stringify(rule)}`)];
      }
      case 'enum':
        return [
          `if ${value} not in ${this.#constant('VALUES', rule)}:`,
          refuse('value', `must be one of ${words(rule)}`),
        ];
      default:
        return this.#limits(keyword, schema, place);
    }
  }

  /** Limits of numbers and texts. */
  #limits(keyword: Keyword, schema: JsonObject, place: Place): readonly string[] {
    const { value, at } = place;
    const rule = schema[keyword];
    const refuse = (reason: string, what: string) => `    refuse("${reason}", ${at}, ${text(what)})`;
    switch (keyword) {
      case 'minimum':
        return [
          `if ${comparable(schema, value)} < ${limit(schema, rule)}:`,
          refuse('range', `must be at least ${rule}`),
        ];
      case 'maximum':
        return [
          `if ${comparable(schema, value)} > ${limit(schema, rule)}:`,
          refuse('range', `must be at most ${rule}`),
        ];
      case 'minLength':
        return [
          `if ${rule === 1 ? 'len' : 'characters'}(${value}) < ${literal(rule)}:`,
          refuse('form', `needs ${rule} characters or more`),
        ];
      case 'maxLength':
        return [
          `if len(${value}) > ${literal(rule)} and characters(${value}) > ${literal(rule)}:`,
          refuse('form', `must have at most ${rule} characters`),
        ];
      case 'pattern':
        return this.#pattern(String(rule), schema, place);
      default:
        return this.#container(keyword, schema, place);
    }
  }

  #pattern(pattern: string, schema: JsonObject, { value, at, base }: Place): string[] {
    const form = this.#forms.get(pattern);
    if (form === undefined) throw unknown(base, `has a pattern without a Starlark function: ${pattern}`);
    const maybeNull = Array.isArray(schema.type) ? `${value} != None and ` : '';
    const what = `does not have the form: ${schema.description ?? pattern}`;
    const reason = schema.format === 'date-time' ? 'timestamp' : 'form';
    return [`if ${maybeNull}not ${form}(${value}):`, `    refuse("${reason}", ${at}, ${text(what)})`];
  }

  #container(keyword: Keyword, schema: JsonObject, place: Place): readonly string[] {
    const { value, at } = place;
    const rule = schema[keyword];
    const refuse = (reason: string, what: string) => `    refuse("${reason}", ${at}, ${text(what)})`;
    switch (keyword) {
      case 'required':
        return strings(rule).flatMap((name) => [
          `if ${text(name)} not in ${value}:`,
          `    refuse("missing", ${below(at, name)}, "is missing")`,
        ]);
      case 'dependentRequired':
        return Object.entries(object(rule)).flatMap(([name, needed]) => [
          `if ${text(name)} in ${value}:`,
          ...indented(this.#container('required', { required: needed }, place)),
        ]);
      case 'minItems':
      case 'minProperties':
        return [`if len(${value}) < ${literal(rule)}:`, refuse('size', `needs ${rule} or more`)];
      case 'maxItems':
      case 'maxProperties':
        return [`if len(${value}) > ${literal(rule)}:`, refuse('size', `must have at most ${rule}`)];
      case 'properties':
        return Object.entries(object(rule)).flatMap(([name, child]) =>
          this.#property(name, child, strings(schema.required ?? []).includes(name), place),
        );
      case 'additionalProperties':
        return this.#additional(rule, schema, place);
      case 'propertyNames':
        return this.#each('name', value, object(rule), place, `${at} + "/" + name`);
      case 'items':
        return this.#items(object(rule), place);
      default:
        return this.#logic(keyword, schema, place);
    }
  }

  #property(name: string, child: JsonValue, isThere: boolean, place: Place): string[] {
    if (child === true) return [];
    const variable = `${nameOf(name)}_${place.depth}`;
    const inner = { ...place, value: variable, at: below(place.at, name), depth: place.depth + 1 };
    const checks = this.#checks(object(child), inner);
    if (checks.length === 0) return [];
    const lines = [`${variable} = ${place.value}[${text(name)}]`, ...checks];
    return isThere ? lines : [`if ${text(name)} in ${place.value}:`, ...indented(lines)];
  }

  #additional(rule: JsonValue | undefined, schema: JsonObject, place: Place): string[] {
    const known = Object.keys(object(schema.properties ?? {}));
    const { value, at, depth } = place;
    const name = `name_${depth}`;
    const names = this.#constant('NAMES', known);
    const pointer = `${at} + "/" + ${name}`;
    if (rule === false) {
      return [
        `for ${name} in ${value}:`,
        `    if ${name} not in ${names}:`,
        `        refuse("unknown", ${pointer}, "is not known")`,
      ];
    }
    const inner = { ...place, value: `${value}[${name}]`, at: pointer, depth: depth + 1 };
    return [
      `for ${name} in ${value}:`,
      ...(known.length === 0 ? [] : [`    if ${name} in ${names}:`, '        continue']),
      `    if ${name} == "__proto__":`,
      `        refuse("unknown", ${pointer}, "is not allowed")`,
      ...indented(this.#checks(object(rule), inner)),
    ];
  }

  /** A dictionary, since looking into one costs the same however many it has. */
  #constant(kind: string, values: JsonValue | undefined): string {
    const members = (values as JsonValue[]).map((value) => `${literal(value)}: True`);
    const content = `{${members.join(', ')}}`;
    const name = this.#constants.get(content) ?? `${kind}_${this.#constants.size + 1}`;
    this.#constants.set(content, name);
    return name;
  }

  #each(name: string, value: string, rule: JsonObject, place: Place, at: string): string[] {
    return [`for ${name} in ${value}:`, ...indented(this.#checks(rule, { ...place, value: name, at }))];
  }

  #items(rule: JsonObject, place: Place): string[] {
    const [index, item] = [`index_${place.depth}`, `item_${place.depth}`];
    const at = `${place.at} + "/" + str(${index})`;
    return [
      `for ${index}, ${item} in enumerate(${place.value}):`,
      ...indented(this.#checks(rule, { ...place, value: item, at, depth: place.depth + 1 })),
    ];
  }

  #logic(keyword: Keyword, schema: JsonObject, place: Place): readonly string[] {
    const rule = schema[keyword];
    if (keyword === 'allOf') return (rule as JsonObject[]).flatMap((part) => this.#checks(part, place));
    if (keyword === 'not') {
      const refuse = `    refuse("value", ${place.at}, "must not be this value")`;
      return [`if ${condition(object(rule), place)}:`, refuse];
    }
    if (keyword !== 'if') return [];
    const branches = [
      [condition(object(rule), place), schema.then],
      [`not (${condition(object(rule), place)})`, schema.else],
    ] as const;
    return branches.flatMap(([when, branch]) =>
      branch === undefined ? [] : [`if ${when}:`, ...indented(this.#checks(object(branch), place))],
    );
  }

  #absolute(reference: string, { base }: Place): string {
    return reference.startsWith('#') ? `${base.split('#')[0]}${reference}` : reference;
  }
}

/** In the order of checking: what later ones rely on comes first. */
const KEYWORDS = [
  '$ref',
  'type',
  'const',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'required',
  'dependentRequired',
  'properties',
  'additionalProperties',
  'propertyNames',
  'items',
  'allOf',
  'not',
  'if',
  // Belong to `if`.
  'then',
  'else',
] as const;
type Keyword = (typeof KEYWORDS)[number];

/** Say nothing that is checked here; `format` stands beside a pattern whose function knows the calendar too. */
const COMMENTS: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$defs',
  '$comment',
  'title',
  'description',
  'default',
  'format',
]);
