import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text as readAll } from 'node:stream/consumers';
import { EgizError, toEgizError } from '../errors/egiz-error';
import { isLoopback } from '../net/loopback';
import { csvRows, type Row } from './csv';

export interface InfluxOptions {
  /** `https://HOST:PORT`; `http://` on the loopback only, see `allowPlaintext`. */
  readonly url: string;
  /** Absent: only what needs none, that is the onboarding. */
  readonly token?: string;
  /** PEM of the authority that signed the server's certificate; else those the system trusts. */
  readonly ca?: string;
  /** Lets `http://` leave the machine. Nothing is encrypted then, the token included. */
  readonly allowPlaintext?: boolean;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** Without a byte for so long, the server is taken to be gone. A query is silent while it computes. */
const ANSWER_TIMEOUT_MS = 30_000;
const QUERY_TIMEOUT_MS = 600_000;

/** The part of InfluxDB's HTTP API (version 2) that the archive needs. */
export class Influx {
  readonly #url: URL;
  readonly #options: InfluxOptions;

  /** @throws EgizError `INFLUX_URL_INVALID`, `INFLUX_PLAINTEXT_REFUSED` */
  constructor(options: InfluxOptions) {
    this.#url = parseUrl(options);
    this.#options = options;
  }

  get url(): string {
    return this.#url.href.replace(/\/$/, '');
  }

  withToken(token: string): Influx {
    return new Influx({ ...this.#options, token });
  }

  /**
   * @param path below the server's URL, e.g. `/api/v2/buckets?name=raw`
   * @returns the parsed answer; `undefined` where there is none
   * @throws EgizError `INFLUX_UNREACHABLE`, `INFLUX_UNAUTHORIZED`, `INFLUX_NOT_FOUND`, `INFLUX_REFUSED`
   */
  async call<Answer>(method: Method, path: string, body?: object): Promise<Answer> {
    const content = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.#send(method, path, 'application/json', content, ANSWER_TIMEOUT_MS);
    const text = await readAll(answer);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  }

  /** Like `call` with GET; undefined when there is no such thing. */
  async find<Answer>(path: string): Promise<Answer | undefined> {
    try {
      return await this.call<Answer>('GET', path);
    } catch (fault) {
      if (fault instanceof EgizError && fault.code === 'INFLUX_NOT_FOUND') return undefined;
      throw fault;
    }
  }

  /** @param lines line protocol, with times in nanoseconds */
  async write(org: string, bucket: string, lines: string): Promise<void> {
    const path = `/api/v2/write?${new URLSearchParams({ org, bucket, precision: 'ns' })}`;
    await readAll(await this.#send('POST', path, 'text/plain; charset=utf-8', lines, ANSWER_TIMEOUT_MS));
  }

  /**
   * The rows of a Flux query as they come; column `result` names the yield.
   * @throws EgizError as `call`, and `INFLUX_QUERY_FAILED` when it fails half-way
   */
  async *query(org: string, flux: string): AsyncGenerator<Row> {
    const body = JSON.stringify({ query: flux, dialect: { header: true, annotations: [] } });
    const path = `/api/v2/query?${new URLSearchParams({ org })}`;
    const answer = await this.#send('POST', path, 'application/json', body, QUERY_TIMEOUT_MS);
    for await (const row of csvRows(answer.setEncoding('utf8'))) {
      const fault = row.get('error');
      if (fault !== '') throw new EgizError('INFLUX_QUERY_FAILED', `InfluxDB gave up a query: ${fault}`);
      yield row;
    }
  }

  async #send(
    method: Method,
    path: string,
    type: string,
    body: string | undefined,
    timeoutMs: number,
  ): Promise<IncomingMessage> {
    const answer = await this.#request(method, path, type, body, timeoutMs);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw refusal(status, await readAll(answer), `${method} ${path.replace(/\?.*/, '')}`);
  }

  #request(
    method: Method,
    path: string,
    type: string,
    body: string | undefined,
    timeout: number,
  ): Promise<IncomingMessage> {
    const { token, ca } = this.#options;
    const target = new URL(`${this.url}${path}`);
    const headers = {
      ...(body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
      ...(token === undefined ? {} : { authorization: `Token ${token}` }),
    };
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const tls = ca === undefined ? {} : { ca };
    return new Promise((resolve, reject) => {
      const unreachable = (fault: unknown) => {
        reject(
          new EgizError('INFLUX_UNREACHABLE', `InfluxDB at ${this.url}: ${toEgizError(fault).message}`, {
            mend: 'See that it runs and that the address is right.',
          }),
        );
      };
      const sent = send(target, { method, headers, timeout, ...tls }, resolve);
      sent.once('error', unreachable);
      sent.once('timeout', () => sent.destroy(new Error(`no answer within ${timeout / 1000} s`)));
      sent.end(body);
    });
  }
}

function parseUrl({ url, allowPlaintext = false }: InfluxOptions): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new EgizError('INFLUX_URL_INVALID', `${JSON.stringify(url)} is not the address of an InfluxDB`, {
      mend: 'Write https://HOST:PORT, for example http://127.0.0.1:8086 on the same machine.',
    });
  }
  if (parsed.username !== '' || parsed.password !== '' || parsed.search !== '') {
    throw new EgizError('INFLUX_URL_INVALID', 'The address of InfluxDB contains a password or a query', {
      mend: 'Write the address alone and put the token into a file: an address is shown and logged.',
    });
  }
  if (parsed.protocol === 'http:' && !allowPlaintext && !isLoopback(parsed.hostname)) {
    throw new EgizError('INFLUX_PLAINTEXT_REFUSED', `${url} would be reached without encryption`, {
      mend: 'Use https://, or --allow-plaintext if the network is trusted.',
    });
  }
  return parsed;
}

function refusal(status: number, body: string, what: string): EgizError {
  const reason = messageOf(body);
  if (status === 401 || status === 403) {
    return new EgizError('INFLUX_UNAUTHORIZED', `InfluxDB denies ${what}: ${reason}`, {
      mend: 'Use a token with the rights for it.',
    });
  }
  const code = status === 404 ? 'INFLUX_NOT_FOUND' : 'INFLUX_REFUSED';
  return new EgizError(code, `InfluxDB refuses ${what} (${status}): ${reason}`);
}

function messageOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === 'string' ? message : body;
  } catch {
    return body === '' ? 'no reason given' : body.slice(0, 500);
  }
}
