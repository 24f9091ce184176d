/**
 * The configuration service as a process of its own, for tests that kill it: the same service, outbox publisher
 * and correlation as in the nodes, told by IPC what to do. Argument: a JSON object of `ServiceProcessOptions`.
 */
import { randomBytes } from 'node:crypto';
import type { Acceptance } from '../../lib/commands/accept';
import { ConfigurationService, type ServiceStep } from '../../lib/commands/service';
import { toEgizError } from '../../lib/errors/egiz-error';
import { Fleet } from '../../lib/fleet/fleet';
import type { JsonObject } from '../../lib/json/json';
import { connectBroker } from '../../lib/mqtt/broker-links';
import { OutboxPublisher } from '../../lib/outbox/publisher';
import { clientsProfile } from '../../lib/profiles/clients';
import { openSqliteStore } from '../../lib/store/sqlite/sqlite-store';
import { LENIENT_SCHEMAS, order, PRESS } from './engine';
import { killAt } from './kill-at';

export interface ServiceProcessOptions {
  readonly store: string;
  readonly url: string;
  /** Where the process kills itself, or the broker; `pid` 0 is the process itself. */
  readonly crash?: { readonly at: ServiceStep; readonly pid: number };
}

export type ServiceRequest =
  | { readonly id: number; readonly do: 'push'; readonly settings: JsonObject; readonly version: string }
  | { readonly id: number; readonly do: 'counts' | 'client' | 'commands' };

const options = JSON.parse(process.argv[2] ?? '{}') as ServiceProcessOptions;
const store = openSqliteStore(options.store);
const service = new ConfigurationService({
  store,
  schemas: LENIENT_SCHEMAS,
  profiles: [clientsProfile],
  clock: Date.now,
  random: randomBytes,
  trace: killAt(options.crash),
});
const fleet = new Fleet(store);

async function main(): Promise<void> {
  await store.transaction((tx) =>
    tx.registerClient({ ...PRESS, type: 'thing', profile: 'clients', address: '', labels: {} }),
  );
  const links = connectBroker({
    url: options.url,
    role: 'service',
    account: 'service',
    sessionExpirySeconds: 3600,
  });
  new OutboxPublisher({
    service,
    outlet: links.publisher,
    owner: 'service',
    random: Math.random,
    onError: (error) => console.error(error),
  }).start();
  links.receiver.onState((state) => {
    if (state.kind === 'connected' && !state.sessionPresent) void service.resend();
  });
  for (const filter of clientsProfile.reportFilters) {
    void links.receiver.subscribe(filter, async (message) => {
      const report = clientsProfile.report(message);
      if (report !== undefined) await service.record(report);
    });
  }
  setInterval(() => void service.tick(), 200);
  process.on('message', (request: ServiceRequest) => void answer(request));
  process.send?.({ ready: true });
}

async function answer(request: ServiceRequest): Promise<void> {
  try {
    process.send?.({ id: request.id, result: await perform(request) });
  } catch (fault) {
    process.send?.({ id: request.id, error: toEgizError(fault).code });
  }
}

/** The version is the idempotency key: a push that was not answered may be repeated. */
async function perform(request: ServiceRequest): Promise<unknown> {
  if (request.do === 'push') {
    const { version, settings } = request;
    const render = (acceptance: Acceptance) => ({
      status: 202,
      headers: {},
      body: { commandId: acceptance.kind === 'accepted' ? acceptance.command.commandId : '' },
    });
    await service.push(order(settings, { version }), { key: version, fingerprint: version, render });
    return version;
  }
  if (request.do === 'counts') return fleet.counts({});
  if (request.do === 'client') return fleet.client(PRESS);
  const { items } = await fleet.commands(PRESS, { limit: 100 });
  return Promise.all(items.map((item) => fleet.command(PRESS, String(item.commandId))));
}

process.on('disconnect', () => process.exit(0));
void main();
