import { randomBytes } from 'node:crypto';
import type { KeyPair } from '../pki/certificates';
import { type Account, commonTopic, type Endpoint, filtersOf, type Login, type Role, tlsOf } from './account';
import { NotGiven } from './requirement';
import { type Attempt, type ConnectFields, WireClient } from './wire';

/** What the person who starts the check has given. */
export interface CheckOptions {
  readonly endpoint: Endpoint;
  readonly accounts: readonly Account[];
  /** A certificate that was good once, and its key. */
  readonly expired?: KeyPair;
  readonly revoked?: KeyPair;
  /** The limit of messages kept for one client, when the broker's is small enough to be filled. */
  readonly queueLimit?: number;
  /** Restarts the broker and resolves when that has been asked for. */
  readonly restart?: () => Promise<void>;
}

/** A way a message can go: who may publish the topic, and who may read it. */
export interface Route {
  readonly from: Account;
  readonly to: Account;
  readonly topic: string;
}

/** How long a message that must not arrive is waited for. */
export const SILENCE_MS = 1_000;
/** How long one that must is. */
export const ARRIVAL_MS = 5_000;
/** Messages a second, below the limit of SEC-5. */
const PACE = { batch: 10, pauseMs: 120 };

/** Accounts, connections and their cleaning up, for the requirements of one run. */
export class CheckContext {
  /** Accounts that could not log in, with the reason. */
  readonly unusable = new Map<Role, string>();
  readonly #open = new Set<WireClient>();
  readonly #sessions = new Map<string, { account: Account; clientId: string }>();
  readonly #retained: { account: Account; topic: string }[] = [];
  #connections = 0;

  constructor(readonly options: CheckOptions) {}

  /** @throws NotGiven */
  account(role: Role): Account {
    const account = this.options.accounts.find((one) => one.role === role);
    if (account === undefined) throw new NotGiven(`give ${FLAGS[role]}`);
    const reason = this.unusable.get(role);
    if (reason !== undefined) throw new NotGiven(`account "${account.name}" cannot log in: ${reason}`);
    return account;
  }

  /** The accounts that log in, in the order of their parts. */
  accounts(): Account[] {
    return this.options.accounts.filter(({ role }) => !this.unusable.has(role));
  }

  endpoints(): Endpoint[] {
    const all = [this.options.endpoint, ...this.options.accounts.map(({ endpoint }) => endpoint)];
    return [...new Map(all.map((endpoint) => [endpoint.url, endpoint])).values()];
  }

  /** The login that gets through the handshake of this endpoint, if an account uses it. */
  loginAt(endpoint: Endpoint): Login | undefined {
    return this.options.accounts.find((account) => account.endpoint.url === endpoint.url)?.login;
  }

  /** What nobody else uses as topic level or payload. */
  unique(): string {
    return `check-${randomBytes(8).toString('hex')}`;
  }

  /**
   * Every way between two of the accounts, those of the wanted parts only.
   * @throws NotGiven when a wanted account is missing
   */
  routes(wanted: { from?: Role; to?: Role } = {}): Route[] {
    for (const role of [wanted.from, wanted.to]) if (role !== undefined) this.account(role);
    const accounts = this.accounts();
    return accounts.flatMap((from) =>
      accounts.flatMap((to) => {
        const fits = (wanted.from ?? from.role) === from.role && (wanted.to ?? to.role) === to.role;
        const topic = fits && from !== to ? this.#topicBetween(from, to) : undefined;
        return topic === undefined ? [] : [{ from, to, topic }];
      }),
    );
  }

  /** @throws NotGiven when no two accounts can talk */
  route(wanted: { from?: Role; to?: Role } = {}): Route {
    const [route] = this.routes(wanted);
    if (route !== undefined) return route;
    const from = wanted.from === undefined ? 'One account' : `the ${wanted.from} account`;
    const to = wanted.to === undefined ? 'another' : `the ${wanted.to} account`;
    throw new NotGiven(`${from} must be able to publish what ${to} may read: give ${FLAGS.service}`);
  }

  /** The client id an account uses; services choose their own, with a role behind their name (SPEC 2). */
  clientId({ role, name }: Account): string {
    if (role === 'first' || role === 'second') return name;
    return `${name}-check${process.pid}-${++this.#connections}`;
  }

  attempt(endpoint: Endpoint, login: Login | undefined, fields: ConnectFields): Promise<Attempt> {
    const password = login?.kind === 'password' ? { password: login.password } : {};
    return this.#track(WireClient.connect(endpoint.url, tlsOf(endpoint, login), { ...password, ...fields }));
  }

  attemptAs(account: Account, fields: Partial<ConnectFields> = {}): Promise<Attempt> {
    const clientId = fields.clientId ?? this.clientId(account);
    const name = account.login.kind === 'password' ? { username: account.name } : {};
    if ((fields.sessionExpiry ?? 0) > 0)
      this.#sessions.set(`${account.role} ${clientId}`, { account, clientId });
    return this.attempt(account.endpoint, account.login, { ...name, ...fields, clientId });
  }

  /** @throws Error with the broker's reason */
  async connect(account: Account, fields: Partial<ConnectFields> = {}): Promise<WireClient> {
    const attempt = await this.attemptAs(account, fields);
    if (attempt.kind === 'connected') return attempt.client;
    throw new Error(`"${account.name}" could not connect: ${attempt.cause.reason}`);
  }

  /** Connects and subscribes. @throws Error when either is refused */
  async listen(account: Account, topic: string, fields: Partial<ConnectFields> = {}): Promise<WireClient> {
    const client = await this.connect(account, fields);
    const [code] = (await client.subscribe([topic])) ?? [];
    if (code !== undefined && code < 0x80) return client;
    throw new Error(`"${account.name}" may not subscribe to ${topic}: ${hex(code)}`);
  }

  /** Publishes with the retain flag; the topic is cleared afterwards. */
  retain(client: WireClient, account: Account, topic: string, payload: string): Promise<number | undefined> {
    this.#retained.push({ account, topic });
    return client.publish(topic, payload, { retain: true });
  }

  /** Publishes one message after the other, slower than SEC-5 allows. Returns the reason codes. */
  async publishAll(
    client: WireClient,
    topic: string,
    payloads: readonly string[],
  ): Promise<(number | undefined)[]> {
    const window = Math.min(client.connack?.properties?.receiveMaximum ?? PACE.batch, PACE.batch);
    const codes: (number | undefined)[] = [];
    for (let index = 0; index < payloads.length; index += window) {
      if (index > 0) await sleep((PACE.pauseMs * window) / PACE.batch);
      const batch = payloads.slice(index, index + window);
      codes.push(...(await Promise.all(batch.map((payload) => client.publish(topic, payload)))));
    }
    return codes;
  }

  /** Ends every connection and session of the last requirement and clears what it retained. */
  async cleanUp(): Promise<void> {
    await Promise.all([...this.#open].map((client) => client.disconnect(0)));
    this.#open.clear();
    for (const { account, topic } of this.#retained.splice(0)) {
      const attempt = await this.attemptAs(account);
      if (attempt.kind === 'connected') await attempt.client.publish(topic, '', { retain: true });
      if (attempt.kind === 'connected') await attempt.client.disconnect(0);
    }
    for (const { account, clientId } of this.#sessions.values()) {
      const attempt = await this.attemptAs(account, { clientId, clean: true, sessionExpiry: 0 });
      if (attempt.kind === 'connected') await attempt.client.disconnect(0);
    }
    this.#sessions.clear();
    this.#open.clear();
  }

  #topicBetween(from: Account, to: Account): string | undefined {
    for (const write of filtersOf(from, 'write')) {
      for (const read of filtersOf(to, 'read')) {
        const topic = commonTopic(write, read, this.unique());
        if (topic !== undefined) return topic;
      }
    }
    return undefined;
  }

  async #track(attempt: Promise<Attempt>): Promise<Attempt> {
    const made = await attempt;
    if (made.kind === 'connected') this.#open.add(made.client);
    return made;
  }
}

const FLAGS: Readonly<Record<Role, string>> = {
  first: '--account',
  second: '--second-account',
  service: '--service-account',
  monitor: '--monitor-account',
};

export function hex(code: number | undefined): string {
  return code === undefined ? 'no answer' : `0x${code.toString(16).toUpperCase().padStart(2, '0')}`;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
