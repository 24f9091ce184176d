/** One row of a query's result. A column that its table lacks is the empty string, as a null is. */
export interface Row {
  readonly columns: readonly string[];
  get(column: string): string;
}

/**
 * Rows of InfluxDB's CSV without annotations, as it comes: each table begins with its header, a blank line stands
 * before every further one (the documented format of `/api/v2/query`).
 */
export async function* csvRows(chunks: AsyncIterable<string>): AsyncGenerator<Row> {
  let header: Header | undefined;
  for await (const fields of records(chunks)) {
    if (fields.length === 1 && fields[0] === '') header = undefined;
    else if (header === undefined) header = headerOf(fields);
    else yield rowOf(header, fields);
  }
}

interface Header {
  readonly columns: readonly string[];
  readonly places: ReadonlyMap<string, number>;
}

function headerOf(columns: readonly string[]): Header {
  return { columns, places: new Map(columns.map((name, index) => [name, index])) };
}

function rowOf({ columns, places }: Header, fields: readonly string[]): Row {
  return { columns, get: (column) => fields[places.get(column) ?? -1] ?? '' };
}

/** Records of RFC 4180: a quoted field may hold commas, quotes and line ends. */
async function* records(chunks: AsyncIterable<string>): AsyncGenerator<string[]> {
  let open = '';
  for await (const line of lines(chunks)) {
    const record = open === '' ? line : `${open}\n${line}`;
    if (isComplete(record)) {
      yield fieldsOf(record);
      open = '';
    } else open = record;
  }
}

async function* lines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield part.endsWith('\r') ? part.slice(0, -1) : part;
  }
  if (rest !== '') yield rest;
}

function isComplete(record: string): boolean {
  return !record.includes('"') || record.split('"').length % 2 === 1;
}

function fieldsOf(record: string): string[] {
  if (!record.includes('"')) return record.split(',');
  const fields = `,${record}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return [...fields].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
}
