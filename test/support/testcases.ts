import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { startMosquitto, until } from './mosquitto';
import { ROOT } from './node-red';
import { freePort } from './ports';
import { TelegrafProcess } from './telegraf';

export const TESTCASES = join(ROOT, 'telegraf/testcases');

/** A message and what becomes of it: a folder with `topic`, `input.json` and `expected.lp`. */
export interface Testcase {
  readonly name: string;
  readonly topic: string;
  readonly payload: Buffer;
}

export function readTestcases(): Testcase[] {
  return readdirSync(TESTCASES)
    .sort()
    .map((name) => ({
      name,
      topic: readFileSync(join(TESTCASES, name, 'topic'), 'utf8').trim(),
      payload: readFileSync(join(TESTCASES, name, 'input.json')),
    }));
}

const TIMEOUT_MS = 30_000;
/** Stands between the points of one message and those of the next. */
const MARK = /^refused,reason=topic topic="openegiz\/after\/([\w-]+)".*\n/m;
/** Points with the time at which they were made, and not the message's. */
const OF_NOW = /^(refused,|command,|status,.*status="offline")/;

/**
 * Sends the messages through a real broker and the shipped telegraf.conf, and returns, by name, the line protocol
 * that they became. The time of a point that was made now is written as NOW.
 */
export async function throughTelegraf(messages: readonly Testcase[]): Promise<ReadonlyMap<string, string>> {
  const directory = mkdtempSync(join(tmpdir(), 'egiz-testcases-'));
  const broker = await startMosquitto({
    tls: true,
    conf: ['max_inflight_messages 20000', 'max_queued_messages 100000'],
  });
  const database = await startYes();
  const outcome = join(directory, 'outcome.lp');
  writeFileSync(join(directory, 'influx_token'), 'none');
  writeFileSync(
    join(directory, 'file.conf'),
    `[[outputs.file]]\n  files = ["${outcome}"]\n  namedrop = ["internal_*", "egiz_*"]\n`,
  );
  const login = broker.pki.services.get('service');
  const telegraf = await TelegrafProcess.start(
    {
      EGIZ_MQTT_URL: broker.tlsUrl.replace('mqtts:', 'ssl:'),
      EGIZ_TLS_CA: broker.pki.caFile,
      EGIZ_TLS_CERT: login?.certFile ?? '',
      EGIZ_TLS_KEY: login?.keyFile ?? '',
      EGIZ_SECRETS: directory,
      EGIZ_INFLUX_URL: database.url,
      // Files keep their dates: here the bucket keeps everything.
      EGIZ_RETENTION_DAYS: '36500',
    },
    `127.0.0.1:${await freePort()}`,
    [join(directory, 'file.conf')],
  );
  try {
    await until('Telegraf is connected', () => telegraf.output.includes('Connected ['), TIMEOUT_MS);
    const client = await connectAsync(broker.url);
    // One connection keeps their order.
    const published = messages.flatMap(({ name, topic, payload }) => [
      client.publishAsync(topic, payload, { qos: 1 }),
      client.publishAsync(`openegiz/after/${name}`, '-', { qos: 1 }),
    ]);
    await Promise.all(published);
    await client.endAsync();
    const read = () => (existsSync(outcome) ? readFileSync(outcome, 'utf8') : '').split(MARK);
    // The text after the last mark is empty.
    await until('all have come out', () => read().length > messages.length * 2, TIMEOUT_MS);
    const parts = read();
    return new Map(messages.map((_, index) => [parts[index * 2 + 1] ?? '', steady(parts[index * 2] ?? '')]));
  } finally {
    await telegraf.stop('SIGKILL');
    await broker.close();
    database.server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Takes whatever is written, so that messages are acknowledged: what is looked at is what Telegraf writes. */
async function startYes(): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(204).end());
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${port}` };
}

function steady(points: string): string {
  return OF_NOW.test(points) ? points.replace(/ \d{19}\n$/, ' NOW\n') : points;
}
