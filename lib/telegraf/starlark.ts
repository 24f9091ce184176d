import { EgizError } from '../errors/egiz-error';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json';

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

interface Place {
  /** The Starlark expression of the value. */
  readonly value: string;
  /** The Starlark expression of its JSON Pointer. */
  readonly at: string;
  /** Where the schema is, for references and errors. */
  readonly base: string;
  /** Nesting, which keeps variables apart. */
  readonly depth: number;
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

/** The few conditions that our schemas use, as a Starlark expression. */
function condition(schema: JsonObject, place: Place): string {
  const { value } = place;
  const parts = Object.entries(schema).map(([keyword, rule]) => {
    if (keyword === 'const') return `${value} == ${literal(rule)}`;
    if (keyword === 'not') return `not (${condition(object(rule), place)})`;
    if (keyword === 'required') {
      return strings(rule)
        .map((name) => `${text(name)} in ${value}`)
        .join(' and ');
    }
    if (keyword !== 'properties') throw unknown(place.base, `has the condition "${keyword}"`);
    const members = Object.entries(object(rule)).map(([name, child]) =>
      condition(object(child), { ...place, value: `${value}.get(${text(name)})` }),
    );
    return members.join(' and ');
  });
  return parts.join(' and ');
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'type(V) != "dict"',
  array: 'type(V) != "list"',
  string: 'type(V) != "string"',
  boolean: 'type(V) != "bool"',
  null: 'V != None',
  number: 'type(V) != "float" and type(V) != "int"',
  // JSON has one kind of number: 1.0 is an integer too.
  integer: 'type(V) != "int" and (type(V) != "float" or V != int(V))',
};

/** Starlark compares a whole number with a broken one as exact fractions, at the price of all else in a message. */
function comparable({ type }: JsonObject, value: string): string {
  return type === 'number' ? `float(${value})` : value;
}

function limit({ type }: JsonObject, rule: JsonValue | undefined): string {
  return type === 'number' && Number.isInteger(rule) ? `${rule}.0` : literal(rule);
}

function typeFault(rule: JsonValue | undefined, value: string): string {
  const types = Array.isArray(rule) ? strings(rule) : [String(rule)];
  const faults = types.map((type) => (TYPES[type] ?? '').replaceAll('V', value));
  return types.length === 1 ? faults.join() : faults.map((fault) => `(${fault})`).join(' and ');
}

/** A whole number of hundreds of digits, which no float can hold; other readers take it for infinite. */
function tooLarge({ type, maximum }: JsonObject, { value, base }: Place): string[] {
  if (maximum !== undefined) return [];
  const types = Array.isArray(type) ? type : [type];
  if (types.includes('integer')) throw unknown(base, 'has an integer without a maximum');
  const largest = Number.MAX_VALUE;
  return types.includes('number')
    ? [`type(${value}) == "int" and (${value} > ${largest} or ${value} < -${largest})`]
    : [];
}

function functionName(reference: string): string {
  return `check_${reference.replace('urn:openegiz:schema:', '').replace('#/$defs/', '_').replace(/\W/g, '_')}`;
}

function below(at: string, name: string): string {
  return at.endsWith('"') ? `${at.slice(0, -1)}/${name}"` : `${at} + "/${name}"`;
}

function nameOf(member: string): string {
  return member.replace(/\W/g, '_');
}

function literal(value: JsonValue | undefined): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  return value === null ? 'None' : JSON.stringify(value);
}

function text(value: string): string {
  return JSON.stringify(value);
}

function words(rule: JsonValue | undefined): string {
  return Array.isArray(rule) ? rule.join(', ') : String(rule);
}

function strings(value: JsonValue | undefined): string[] {
  return (value as JsonValue[]).map(String);
}

function object(value: JsonValue | undefined): JsonObject {
  if (!isJsonObject(value))
    throw new EgizError('SCHEMA_UNSUPPORTED', `${JSON.stringify(value)} is not an object`);
  return value;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `    ${line}`);
}

function unknown(where: string, what: string): EgizError {
  return new EgizError('SCHEMA_UNSUPPORTED', `${where} ${what}, which no check in Starlark is known for`, {
    id: where,
    mend: 'Teach it to lib/telegraf/starlark.ts and telegraf/starlark/forms.star.',
  });
}
