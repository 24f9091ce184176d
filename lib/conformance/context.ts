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

/** Accounts, connections and their cleaning up, for one requirement. */
export class CheckContext {
  readonly #open = new Set<WireClient>();
  readonly #sessions = new Map<string, { account: Account; clientId: string }>();
  readonly #retained: { account: Account; topic: string }[] = [];
  #connections = 0;
  #closed = false;

  /** @param unusable accounts that could not log in, with the reason */
  constructor(
    readonly options: CheckOptions,
    readonly unusable: ReadonlyMap<Role, string> = new Map(),
  ) {}

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

  /** @throws Error when the requirement is over: it may have been given up while this was asked for */
  async attempt(endpoint: Endpoint, login: Login | undefined, fields: ConnectFields): Promise<Attempt> {
    const made = await connect(endpoint, login, fields);
    if (made.kind === 'refused') return made;
    if (!this.#closed) this.#open.add(made.client);
    else await made.client.disconnect(0);
    if (this.#closed) throw new Error('the requirement is over');
    return made;
  }

  async attemptAs(account: Account, fields: Partial<ConnectFields> = {}): Promise<Attempt> {
    const clientId = fields.clientId ?? this.clientId(account);
    if ((fields.sessionExpiry ?? 0) > 0)
      this.#sessions.set(`${account.role} ${clientId}`, { account, clientId });
    return this.attempt(account.endpoint, account.login, { ...userName(account), ...fields, clientId });
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

  /** Ends every connection and session made so far and clears what was retained. */
  async cleanUp(): Promise<void> {
    await Promise.all([...this.#open].map((client) => client.disconnect(0)));
    this.#open.clear();
    for (const { account, topic } of this.#retained.splice(0)) {
      await visit(account, this.clientId(account), (client) => client.publish(topic, '', { retain: true }));
    }
    for (const { account, clientId } of this.#sessions.values()) await visit(account, clientId);
    this.#sessions.clear();
  }

  /** Cleans up, and lets nothing be opened any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.cleanUp();
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
}

function connect(endpoint: Endpoint, login: Login | undefined, fields: ConnectFields): Promise<Attempt> {
  const password = login?.kind === 'password' ? { password: login.password } : {};
  return WireClient.connect(endpoint.url, tlsOf(endpoint, login), { ...password, ...fields });
}

function userName({ login, name }: Account): { readonly username?: string } {
  return login.kind === 'password' ? { username: name } : {};
}

/** A connection that starts anew and leaves no session: whatever the client id had is gone. */
async function visit(
  account: Account,
  clientId: string,
  act: (client: WireClient) => Promise<unknown> = async () => undefined,
): Promise<void> {
  const attempt = await connect(account.endpoint, account.login, { ...userName(account), clientId });
  if (attempt.kind === 'refused') return;
  await act(attempt.client);
  await attempt.client.disconnect(0);
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
