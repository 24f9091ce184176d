import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceStep } from '../../lib/commands/service';
import type { EdgeStep } from '../../lib/edge/steps';
import type { JsonObject } from '../../lib/json/json';
import type { EdgeProcessOptions } from './loop-edge';
import type { ServiceProcessOptions } from './loop-service';
import { startMosquitto, type TestBroker } from './mosquitto';

export type Crash<Step> = { readonly at: Step; readonly pid: number };

/** What a command looks like from outside. */
export interface SeenCommand {
  readonly commandId: string;
  readonly revision: number;
  readonly state: string;
  readonly code: string;
  readonly transitions: readonly { readonly state: string }[];
}

const CONF = ['max_queued_messages 10000', 'autosave_interval 1', 'autosave_on_changes true'];

/** The whole loop of three processes on a real Mosquitto, each of which a test may kill and start again. */
export class Loop {
  readonly directory = mkdtempSync(join(tmpdir(), 'egiz-loop-'));
  #service: ChildProcess | undefined;
  #edge: ChildProcess | undefined;
  #requests = 0;
  /** Seconds; the session of the edge client at the broker. */
  sessionExpirySeconds = 3600;

  private constructor(readonly broker: TestBroker) {}

  static async start(): Promise<Loop> {
    return new Loop(await startMosquitto({ conf: CONF }));
  }

  async startService(crash?: Crash<ServiceStep>): Promise<void> {
    const options: ServiceProcessOptions = {
      store: join(this.directory, 'store.db'),
      url: this.broker.url,
      ...(crash === undefined ? {} : { crash }),
    };
    this.#service = await launch('loop-service.js', options);
  }

  async startEdge(crash?: Crash<EdgeStep>): Promise<void> {
    const options: EdgeProcessOptions = {
      state: this.#stateFile,
      applied: this.#appliedFile,
      url: this.broker.url,
      sessionExpirySeconds: this.sessionExpirySeconds,
      ...(crash === undefined ? {} : { crash }),
    };
    this.#edge = await launch('loop-edge.js', options);
  }

  get #stateFile(): string {
    return join(this.directory, 'edge.json');
  }

  get #appliedFile(): string {
    return join(this.directory, 'applied.log');
  }

  /** `revision commandId` of each command that was applied, in order; resumes after a restart left out. */
  applied(): string[] {
    if (!existsSync(this.#appliedFile)) return [];
    return readFileSync(this.#appliedFile, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('command '))
      .map((line) => line.slice('command '.length));
  }

  /** Waits until the broker has been killed by one of the two, and starts it again on what it had saved. */
  async restartKilledBroker(): Promise<void> {
    const end = Date.now() + 10_000;
    while (this.broker.running && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
    if (this.broker.running) throw new Error('nobody killed the broker');
    await this.broker.start();
  }

  serviceDied(): Promise<void> {
    return died(this.#service);
  }

  /** Waits for its death, which the test has arranged. */
  async restartService(): Promise<void> {
    await this.serviceDied();
    await this.startService();
  }

  edgeDied(): Promise<void> {
    return died(this.#edge);
  }

  stopEdge(): Promise<void> {
    this.#edge?.kill('SIGKILL');
    return this.edgeDied();
  }

  stopService(): Promise<void> {
    this.#service?.kill('SIGKILL');
    return this.serviceDied();
  }

  /** Resolves with undefined when the service died before it answered. */
  ask<Result>(request: { readonly do: string } & JsonObject): Promise<Result | undefined> {
    const child = this.#service;
    if (child === undefined || !child.connected) return Promise.resolve(undefined);
    this.#requests += 1;
    const id = this.#requests;
    return new Promise((resolve, reject) => {
      const done = () => {
        child.off('message', onMessage);
        child.off('exit', onExit);
      };
      const onMessage = (message: { id?: number; result?: Result; error?: string }) => {
        if (message.id !== id) return;
        done();
        if (message.error === undefined) resolve(message.result);
        else reject(new Error(message.error));
      };
      const onExit = () => {
        done();
        resolve(undefined);
      };
      child.on('message', onMessage);
      child.on('exit', onExit);
      child.send({ ...request, id }, (fault) => fault !== null && onExit());
    });
  }

  /** Pushes settings `{n}` under the version `1.0.n`; true when the service has answered. */
  async push(n: number): Promise<boolean> {
    const answer = await this.ask({ do: 'push', settings: { n }, version: `1.0.${n}` });
    return answer !== undefined;
  }

  async commands(): Promise<readonly SeenCommand[]> {
    return (await this.ask<readonly SeenCommand[]>({ do: 'commands' })) ?? [];
  }

  /** Waits until the newest command of this revision is in the state. */
  async reaches(revision: number, state: string, timeoutMs = 10_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const command = (await this.commands()).find((one) => one.revision === revision);
      if (command?.state === state) return;
      if (Date.now() > end) throw new Error(`revision ${revision} is ${command?.state}, not ${state}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** As when the disk of the client was replaced. */
  forgetEdgeState(): void {
    rmSync(this.#stateFile);
  }

  /** Waits until the client runs what it should and nothing is under way. */
  async converged(timeoutMs = 30_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const client = await this.ask<{ drift: boolean; desired: { state: string } }>({ do: 'client' });
      const open = (await this.commands()).filter(({ state }) =>
        ['accepted', 'queued', 'published', 'received'].includes(state),
      );
      if (client?.drift === false && client.desired.state === 'applied' && open.length === 0) return;
      if (Date.now() > end) {
        const log = this.broker.log().split('\n').slice(-60).join('\n');
        throw new Error(`not converged: ${JSON.stringify({ client, open })}\n${log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.stopService(), this.stopEdge()]);
    await this.broker.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function launch(file: string, options: object): Promise<ChildProcess> {
  const child = fork(join(__dirname, file), [JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    // Killed at its very first step: that is what the test wanted.
    child.once('exit', () => resolve());
    child.once('error', reject);
  });
  return child;
}

function died(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
