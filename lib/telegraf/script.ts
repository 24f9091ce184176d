import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtInSchemas } from '../schemas/built-in';
import { CheckWriter } from './starlark';

/** `telegraf/`, as seen from the compiled file. */
export const TELEGRAF_DIRECTORY = join(__dirname, '..', '..', '..', 'telegraf');

/** What `EGIZ_ARCHIVE_SCRIPT` names. */
export const ARCHIVE_SCRIPT = join(TELEGRAF_DIRECTORY, 'archive.star');

/** Which function of telegraf/starlark/forms.star a pattern of the schemas is. */
const FORMS: ReadonlyMap<string, string> = new Map([
  ['^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$', 'is_identifier'],
  ['^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}:[A-Za-z0-9][A-Za-z0-9_-]{0,63}$', 'is_thing_id'],
  ['^20[2-9][0-9]-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z$', 'is_timestamp'],
  ['^[0-9a-f]{64}$', 'is_sha256'],
  ['^[A-Z][A-Z0-9_]{0,63}$', 'is_code'],
  ['^[A-Za-z0-9][A-Za-z0-9_-]{0,63}/[1-9][0-9]{0,3}$', 'is_schema_name'],
  [
    '^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(-((0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(\\.(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?(\\+[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?$',
    'is_version',
  ],
  ['^[A-Za-z0-9+/]{64,126}={0,2}$', 'is_base64_signature'],
  ['^(/([^~/]|~[01])*)*$', 'is_pointer'],
  ['^[a-z0-9_]{1,64}(\\.[a-z0-9_]{1,64}){0,3}$', 'is_quality_path'],
]);

const CHECKED = [
  'telemetry/electrical',
  'telemetry/thermal',
  'telemetry/environmental',
  'status',
  'command',
] as const;

const HEAD = `# Generated from schemas/ and telegraf/starlark/ by "npm run telegraf"; changes are overwritten.
# Telegraf reads one file, so everything is in it.

load("json.star", "json")
load("time.star", "time")
`;

/** The script of Telegraf's processors: the checks of the schemas, and what is written by hand around them. */
export function archiveScript(): string {
  const schemas = builtInSchemas([...CHECKED]).map(({ schema }) => [String(schema.$id), schema] as const);
  const writer = new CheckWriter(new Map(schemas), FORMS);
  for (const name of CHECKED) writer.addMessage(`urn:openegiz:schema:${name.replace('/', ':')}`);
  const part = (name: string) => readFileSync(join(TELEGRAF_DIRECTORY, 'starlark', `${name}.star`), 'utf8');
  return [HEAD, part('forms'), `${writer.text()}\n`, part('archive')].join('\n');
}
