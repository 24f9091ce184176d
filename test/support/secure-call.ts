import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { Ready } from '../../cli/stack/ready';

export interface CallOptions {
  readonly tenant: string;
  /** Makes it a POST. */
  readonly body?: object;
}

export interface CallAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One call of the REST API of a start with `--https`, as the tenant's administrator. */
export function call(ready: Ready, path: string, { tenant, body }: CallOptions): Promise<CallAnswer> {
  const token = readFileSync(ready.tokens[`${tenant}:admin`] ?? '', 'utf8').trim();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const method = body === undefined ? 'GET' : 'POST';
  return new Promise((resolve, reject) => {
    const sent = request(
      `${ready.apiUrl}${path}`,
      { method, headers, ca: readFileSync(ready.mqtt.caFile) },
      (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        answer.on('end', () => {
          resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) as CallAnswer['body'] });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
