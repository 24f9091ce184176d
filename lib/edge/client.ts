import type { ConfigurationCommand, StatusReport } from '../commands/messages';
import { EgizError, toEgizError } from '../errors/egiz-error';
import type { IncomingMessage, LinkState, MqttLink, Will } from '../mqtt/link';
import type { Clock } from '../time/clock';
import { type ClientRef, clientCommandTopic } from '../topics/clients';
import type { Apply, ApplyContext, ApplyOutcome, Configuration } from './configuration';
import { Hold } from './hold';
import { commandOf, traceOf } from './incoming';
import { type EdgeSchemas, endKnownBefore, judge, NOT_STORED } from './judge';
import { EdgeMemory } from './memory';
import { applyWithin, presentable } from './outcome';
import { Reporter } from './reporter';
import { addReport, connectionMessage } from './reports';
import type { EdgeStateStore, InboxEntry, TraceContext } from './state';
import type { EdgeStep } from './steps';
import { afterVerdict, type Circumstances, countAttempt, finished, withoutOutdated } from './transitions';

/** What the client needs of its link. */
export type EdgeLink = Pick<MqttLink, 'publish' | 'subscribe' | 'onState'>;

export interface EdgeOptions {
  readonly ref: ClientRef;
  readonly store: EdgeStateStore;
  /** Absent: settings are not checked before they are applied. */
  readonly schemas?: EdgeSchemas | undefined;
  readonly apply: Apply;
  /** Without an outcome by then a configuration counts as failed. Default 60 s. */
  readonly confirmTimeoutMs?: number;
  /** The same as long as the process lives, another at each start. */
  readonly bootId: string;
  readonly clock: Clock;
  readonly onWarning?: (warning: EgizError) => void;
  /** Something in `progress` has changed. */
  readonly onProgress?: (progress: EdgeProgress) => void;
  readonly trace?: (step: EdgeStep) => void;
}

export interface EdgeProgress {
  /** Revision in effect; 0 without one. */
  readonly revision: number;
  /** Revision that is being applied. */
  readonly applying: number | undefined;
  /** The last end that was reported since the start. */
  readonly last: Pick<StatusReport, 'revision' | 'state' | 'code'> | undefined;
}

/**
 * The edge client of SPEC 3: receives configurations, has them applied one at a time, keeps the last good one,
 * and reports what became of each. Give its `will` to the link, then `start` it.
 */
export class EdgeClient {
  readonly #options: Required<Omit<EdgeOptions, 'schemas'>> & Pick<EdgeOptions, 'schemas'>;
  readonly #memory: EdgeMemory;
  readonly #hold: Hold;
  readonly #stop = new AbortController();
  #reporter: Reporter | undefined;
  #unlisten: () => void = () => undefined;
  #connected = false;
  /** The broker has refused the subscription. */
  #refused = false;
  #working: Promise<void> | undefined;
  #applying: InboxEntry | undefined;
  #last: EdgeProgress['last'];

  constructor(options: EdgeOptions) {
    this.#options = {
      confirmTimeoutMs: 60_000,
      onWarning: () => undefined,
      onProgress: () => undefined,
      trace: () => undefined,
      ...options,
    };
    const { store, clock, bootId, onWarning } = this.#options;
    this.#memory = new EdgeMemory(store, clock, bootId, onWarning);
    this.#hold = new Hold(clock, () => this.#work());
  }

  get lastGood(): Configuration | null {
    return this.#memory.state.lastGood;
  }

  get progress(): EdgeProgress {
    return {
      revision: this.lastGood?.revision ?? 0,
      applying: this.#applying?.configuration.revision,
      last: this.#last,
    };
  }

  /** The will message, as of now. */
  will(): Will {
    return connectionMessage(this.#options.ref, this.#memory.state, 'offline', this.#options.clock.now());
  }

  /** Applies the last good configuration, then whatever the link brings. */
  start(link: EdgeLink): void {
    const { ref, clock, onWarning, trace } = this.#options;
    this.#reporter = new Reporter(link, { ref, clock, onWarning, trace, memory: this.#memory });
    this.#hold.begin();
    const { lastGood } = this;
    if (lastGood !== null) this.#run(() => this.#reapply(lastGood, 'resume'));
    this.#subscribe(link);
    this.#unlisten = link.onState((state) => {
      // Rights may have changed since the refusal.
      if (state.kind === 'connected' && this.#refused) this.#subscribe(link);
      this.#onState(state);
    });
  }

  #subscribe(link: EdgeLink): void {
    this.#refused = false;
    const { ref, onWarning } = this.#options;
    link
      .subscribe(clientCommandTopic(ref), (message) => this.#onMessage(message))
      .catch((fault) => {
        if (this.#stop.signal.aborted) return;
        this.#refused = true;
        onWarning(toEgizError(fault));
      });
  }

  /**
   * Nothing is applied or reported any more; what is unfinished is taken up at the next start. A command that
   * still comes is never acknowledged: close the link, or give the subscription to a successor, first.
   */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#unlisten();
    this.#hold.cancel();
    this.#reporter?.disconnected();
    await this.#working;
    this.#memory.flush();
  }

  /**
   * Says anew how the configuration in effect was applied, e.g. when a refused tag has appeared.
   * @returns false when that command's configuration is not the one in effect
   */
  revise(commandId: string, outcome: ApplyOutcome): boolean {
    const { lastGood } = this;
    if (lastGood?.commandId !== commandId || this.#stop.signal.aborted) return false;
    const told = presentable({ ...outcome, state: 'applied' });
    const { ref, now } = this.#circumstances();
    this.#memory.change((state) => addReport(state, ref, { ...told, command: lastGood, trace: {} }, now));
    this.#tell(lastGood, told);
    return true;
  }

  #onState(state: LinkState): void {
    this.#connected = state.kind === 'connected';
    if (state.kind !== 'connected') {
      this.#reporter?.disconnected();
      return;
    }
    this.#reporter?.connected();
    if (state.sessionPresent) this.#hold.awaitQuiet();
    else this.#hold.end();
  }

  /** Returns when the command is kept durably: then the broker may forget it. */
  #onMessage(message: IncomingMessage): Promise<void> | undefined {
    if (this.#stop.signal.aborted) return new Promise(() => undefined);
    this.#options.trace('command:received');
    // Before the link says that it is connected, a resumed session may have begun to deliver.
    if (!this.#connected) this.#hold.begin();
    else if (this.#hold.held) this.#hold.awaitQuiet();
    try {
      this.#receive(commandOf(message), traceOf(message));
    } catch (fault) {
      this.#options.onWarning(toEgizError(fault));
    }
    return undefined;
  }

  #receive(command: ConfigurationCommand, trace: TraceContext): void {
    const circumstances = this.#circumstances();
    const { schemas } = this.#options;
    const verdict = judge(command, { ...circumstances, schemas, state: this.#memory.state });
    if (verdict.kind === 'ignore') throw verdict.why;
    try {
      this.#memory.change((state) => afterVerdict(state, command, verdict, trace, circumstances));
    } catch (fault) {
      this.#notStored(command, toEgizError(fault), trace);
      return;
    }
    this.#options.trace('inbox:saved');
    if (verdict.kind === 'answer') this.#tell(command, verdict);
    else this.#reporter?.flush();
    this.#work();
  }

  /** The disk does not take it: say so, even if nobody here will remember. */
  #notStored(command: ConfigurationCommand, error: EgizError, trace: TraceContext): void {
    this.#options.onWarning(error);
    const { ref, now } = this.#circumstances();
    const outcome = { state: 'failed', code: NOT_STORED, message: error.message, errors: [] } as const;
    this.#memory.changeLazily((state) => addReport(state, ref, { ...outcome, command, trace }, now));
    this.#tell(command, outcome);
  }

  /** Takes up the next command, unless one is under way. */
  #work(): void {
    if (this.#working !== undefined || this.#hold.held) return;
    if (this.#stop.signal.aborted || this.#memory.state.inbox.length === 0) return;
    this.#run(async () => {
      const pruned = withoutOutdated(this.#memory.state, this.#circumstances());
      if (pruned.inbox.length < this.#memory.state.inbox.length) this.#memory.change(() => pruned);
      const entry = pruned.inbox[0];
      if (entry !== undefined) await this.#process(entry);
    });
  }

  #run(job: () => Promise<void>): void {
    this.#working = job()
      .catch((fault) => {
        this.#options.onWarning(toEgizError(fault));
        // The disk is full, for example: not again at once.
        this.#hold.begin();
      })
      .then(() => {
        this.#working = undefined;
        this.#applying = undefined;
        this.#options.onProgress(this.progress);
        this.#work();
      });
  }

  async #process(entry: InboxEntry): Promise<void> {
    const { configuration, attempts } = entry;
    const { lastGood } = this;
    const known = endKnownBefore(entry, lastGood);
    if (known !== undefined) {
      this.#finish(entry, known);
      return;
    }
    this.#applying = entry;
    this.#options.onProgress(this.progress);
    this.#memory.change((state) => countAttempt(state, entry, attempts + 1));
    this.#options.trace('apply:started');
    const outcome = await this.#apply(configuration, {
      reason: 'command',
      previous: lastGood,
      attempt: attempts + 1,
    });
    if (this.#stop.signal.aborted) {
      // An orderly end is no crash.
      this.#memory.change((state) => countAttempt(state, entry, attempts));
      return;
    }
    this.#options.trace('apply:finished');
    this.#finish(entry, outcome);
    if (outcome.state === 'failed' && lastGood !== null) await this.#reapply(lastGood, 'rollback');
  }

  #finish(entry: InboxEntry, outcome: ApplyOutcome): void {
    const circumstances = this.#circumstances();
    const fault = this.#memory.changeAnyway((state) => finished(state, entry, outcome, circumstances));
    if (fault !== undefined) this.#options.onWarning(fault);
    this.#options.trace('applied:saved');
    this.#tell(entry.configuration, outcome);
  }

  /** A new report has been saved. */
  #tell(
    { revision }: { readonly revision: number },
    { state, code }: Pick<StatusReport, 'state' | 'code'>,
  ): void {
    this.#last = { revision, state, code };
    this.#options.onProgress(this.progress);
    this.#reporter?.flush();
  }

  /** Brings the last good configuration back. Its outcome is not reported: no command asked for it. */
  async #reapply(configuration: Configuration, reason: 'resume' | 'rollback'): Promise<void> {
    const previous = reason === 'resume' ? null : configuration;
    const { state, code, message } = await this.#apply(configuration, { reason, previous, attempt: 1 });
    if (state === 'applied' || this.#stop.signal.aborted) return;
    this.#options.onWarning(
      new EgizError(code, `Revision ${configuration.revision} could not be brought back: ${message}`, {
        id: configuration.commandId,
        mend: 'Look at what applies the configuration; it is tried again at the next start.',
      }),
    );
  }

  #apply(configuration: Configuration, context: Omit<ApplyContext, 'signal'>): Promise<ApplyOutcome> {
    const { apply, clock, confirmTimeoutMs } = this.#options;
    const stop = this.#stop.signal;
    return applyWithin(apply, configuration, context, { clock, timeoutMs: confirmTimeoutMs, stop });
  }

  #circumstances(): Circumstances {
    const { ref, clock } = this.#options;
    return { ref, now: clock.now(), applying: this.#applying?.configuration.commandId };
  }
}
