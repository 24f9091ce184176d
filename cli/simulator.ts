/**
 * A process that plays clients and boards of the inventory: `simulator.js FILE`, with them and their logins in FILE.
 * When all are connected it sends `{kind: 'ready'}` on its channel, if it has one.
 * It ends with SIGTERM, SIGINT, or when the process that started it closes the channel between them.
 */
import { toEgizError } from '../lib/errors/egiz-error';
import type { LinkState } from '../lib/mqtt/link';
import { SchemaRegistry } from '../lib/schemas/registry';
import { SHIPPED_CLIENT_SCHEMAS } from '../lib/schemas/shipped';
import { readSimulatorFile } from '../lib/simulator/account';
import { type Simulator, startSimulator } from '../lib/simulator/simulator';

/** Many connect and go together; they are counted in one line. */
const SUMMARY_MS = 1_000;
/** Stops in this time or is stopped. */
const CLOSE_MS = 5_000;

function run(path: string): Simulator {
  const file = readSimulatorFile(path);
  const { clients, boards } = file;
  const summary = new ConnectionSummary(clients.length + boards.length);
  const told = new Map<string, string>();
  console.log(`simulating ${clients.length} clients and ${boards.length} boards`);
  return startSimulator({
    ...file,
    schemas: SchemaRegistry.load([SHIPPED_CLIENT_SCHEMAS]),
    onState: (account, state) => summary.set(account, state),
    onProgress(account, { last }) {
      if (last === undefined) return;
      const line = `${account} revision ${last.revision} ${last.state} ${last.code}`;
      if (told.get(account) === line) return;
      told.set(account, line);
      console.log(line);
    },
    onWarning: (account, { message }) => console.log(`${account} warning: ${message}`),
  });
}

class ConnectionSummary {
  readonly #all: number;
  readonly #connected = new Set<string>();
  #reason = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(all: number) {
    this.#all = all;
  }

  set(account: string, state: LinkState): void {
    if (state.kind === 'connected') this.#connected.add(account);
    else this.#connected.delete(account);
    if (state.kind === 'disconnected') this.#reason = `; ${account}: ${state.reason}`;
    this.#timer ??= setTimeout(() => this.#tell(), SUMMARY_MS).unref();
  }

  #tell(): void {
    this.#timer = undefined;
    // `openegiz start` waits for this before it says that everything is up.
    if (this.#connected.size === this.#all) process.send?.({ kind: 'ready' });
    console.log(`${this.#connected.size} of ${this.#all} connected${this.#reason}`);
    this.#reason = '';
  }
}

function main(): void {
  const [path] = process.argv.slice(2);
  if (path === undefined) {
    console.error('Usage: simulator.js FILE');
    process.exit(2);
  }
  let simulator: Simulator;
  try {
    simulator = run(path);
  } catch (fault) {
    console.error(toEgizError(fault).message);
    process.exit(1);
  }
  let closing = false;
  const end = () => {
    if (closing) return;
    closing = true;
    setTimeout(() => process.exit(1), CLOSE_MS).unref();
    void simulator.close().then(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(signal, end);
  // Also while nobody is connected there is something to do.
  setInterval(() => undefined, 60_000);
}

if (require.main === module) main();
