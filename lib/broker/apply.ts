import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CANARY_ACCOUNT, generationOf } from '../acl/canary';
import { isKnownToBeClosed } from '../acl/check';
import type { AccessDiff } from '../acl/diff';
import { type AccessFiles, type AccessPlan, planAccess, writeAccess } from '../acl/generate';
import type { AccountRights } from '../acl/rights';
import { EgizError, toEgizError } from '../errors/egiz-error';
import { rewriteFileAtomic } from '../files/atomic';
import type { Inventory } from '../inventory/inventory';
import { underLock } from '../processes/claim';
import { type ProbeTarget, probeAccess, probeOnce, tryLogin } from './probe';
import { barrierTo, brokerPid, signalReload, userOf } from './process';

/** A Mosquitto that is running. */
export interface RunningBroker {
  /** Its `pid_file`. */
  readonly pidFile: string;
  /** Without it the broker is signalled, and nobody sees what came of it. */
  readonly probe?: ProbeTarget;
}

export interface AppliedAccess {
  readonly accounts: readonly AccountRights[];
  readonly diff: AccessDiff;
  /** Whether files were replaced. */
  readonly changed: boolean;
  /** Whether the broker was told to read them. */
  readonly reloaded: boolean;
  /** Whether the broker was seen to do what the files say. */
  readonly probed: boolean;
}

/** With ten thousand clients Mosquitto 2.0 reads its files for seven seconds and answers nobody meanwhile. */
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Brings the accounts and rights of a running broker in line with the inventory. Connected clients stay.
 *
 * Everything is checked before anything is replaced: a file that Mosquitto cannot read or understand would take
 * every restriction away. After the reload the broker itself is asked; when it does not do what the new files
 * say, the old ones come back. Broker and files that agree already are left alone.
 * @throws EgizError as `planAccess`; `BROKER_PID_UNREADABLE`, `BROKER_NOT_SIGNALLED`, `BROKER_UNREACHABLE`,
 *   `BROKER_CANNOT_READ`, `FILE_OWNER`, `BUSY`: nothing was changed; `BROKER_APPLY_FAILED`: taken back
 */
export async function applyAccess(
  inventory: Inventory,
  files: AccessFiles,
  broker: RunningBroker,
  options: { readonly timeoutMs?: number } = {},
): Promise<AppliedAccess> {
  return underLock(`${files.aclFile}.lock`, async () =>
    applyPlan(await planAccess(inventory, files), files, broker, options.timeoutMs),
  );
}

/** The same for files that are rendered already. */
export async function applyPlan(
  plan: AccessPlan,
  files: AccessFiles,
  broker: RunningBroker,
  timeoutMs = DEFAULT_TIMEOUT_MS,
): Promise<AppliedAccess> {
  const outcome = await new Apply(files, plan, broker, timeoutMs).run();
  return { accounts: plan.accounts, diff: plan.diff, ...outcome };
}

interface Texts {
  readonly aclText: string | undefined;
  readonly passwordText: string | undefined;
  readonly guardText: string | undefined;
}

class Apply {
  private readonly before: Texts;

  constructor(
    private readonly files: AccessFiles,
    private readonly plan: AccessPlan,
    private readonly broker: RunningBroker,
    private readonly timeoutMs: number,
  ) {
    const text = (path: string | undefined) =>
      path !== undefined && existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    this.before = {
      aclText: text(files.aclFile),
      passwordText: text(files.passwordFile),
      guardText: text(files.guardFile),
    };
  }

  async run(): Promise<Pick<AppliedAccess, 'changed' | 'reloaded' | 'probed'>> {
    const { changes } = this.plan;
    const pid = brokerPid(this.broker.pidFile);
    const probe = this.probe();
    if (!changes && probe === undefined) return { changed: false, reloaded: false, probed: false };
    if (probe !== undefined) await this.requireAnswer(probe);
    if (!changes && (await this.isInForce(probe))) return { changed: false, reloaded: false, probed: true };
    this.write(pid);
    await this.reload(probe);
    return { changed: changes, reloaded: true, probed: probe !== undefined };
  }

  private probe(): ProbeTarget | undefined {
    const { probe } = this.broker;
    if (probe === undefined) return undefined;
    const password = () => readFileSync(join(this.files.passwordDirectory, CANARY_ACCOUNT), 'utf8').trim();
    return { credentials: () => ({ username: CANARY_ACCOUNT, password: password() }), ...probe };
  }

  /** A wrong address or authority is found before the broker is bothered. */
  private async requireAnswer(probe: ProbeTarget): Promise<void> {
    const known = existsSync(join(this.files.passwordDirectory, CANARY_ACCOUNT));
    const asked = known ? probe : { ...probe, credentials: () => ({ username: CANARY_ACCOUNT }) };
    const login = await tryLogin(asked, this.timeoutMs);
    if (typeof login === 'string') return;
    throw new EgizError('BROKER_UNREACHABLE', `The broker cannot be asked: ${login.failed}`, {
      id: probe.url,
      mend: 'Nothing was changed. Correct the address and the authority by which the broker is asked.',
    });
  }

  private async isInForce(probe: ProbeTarget | undefined): Promise<boolean> {
    const given = generationOf(this.plan.aclText);
    if (probe === undefined || given === undefined) return false;
    return (await probeOnce(probe, { given }, this.timeoutMs)) === undefined;
  }

  private write(pid: number): void {
    const user = userOf(pid);
    const check = (path: string) => {
      const barrier = user === undefined ? undefined : barrierTo(path, user);
      if (barrier === undefined) return;
      const what = barrier === path ? 'the new file' : `what lies in ${barrier}`;
      throw new EgizError('BROKER_CANNOT_READ', `The broker's user (${user?.uid}) could not read ${what}`, {
        id: barrier === path ? dirname(path) : barrier,
        mend: 'Nothing was changed. Give the files, and the directories above them, to that user or its group.',
      });
    };
    if (this.plan.changes) writeAccess(this.files, this.plan, check);
    else {
      const { aclFile, passwordFile, guardFile } = this.files;
      for (const path of [aclFile, passwordFile, guardFile]) if (path !== undefined) check(path);
    }
  }

  private async reload(probe: ProbeTarget | undefined): Promise<void> {
    const given = generationOf(this.plan.aclText) ?? '';
    const taken = this.plan.changes ? generationOf(this.before.aclText ?? '') : undefined;
    let finding: string | undefined;
    try {
      signalReload(this.broker.pidFile);
      finding = probe === undefined ? undefined : await probeAccess(probe, { given, taken }, this.timeoutMs);
    } catch (fault) {
      finding = toEgizError(fault).message;
    }
    if (finding === undefined) return;
    throw new EgizError(
      'BROKER_APPLY_FAILED',
      `The new accounts are not in force: ${finding}; ${await this.takeBack(probe, given)}`,
      { id: this.broker.pidFile, mend: 'See the log of the broker for what it did with the files.' },
    );
  }

  /** Puts the old files back and makes the broker read them. Says what came of it. */
  private async takeBack(probe: ProbeTarget | undefined, taken: string): Promise<string> {
    const { aclText, passwordText, guardText } = this.before;
    const { guardFile } = this.files;
    // Back to no file, or to one that Mosquitto cannot read, would be back to no restrictions at all.
    if (aclText === undefined || passwordText === undefined || !isKnownToBeClosed(aclText)) {
      return 'the old files would open the broker, so the new ones stay';
    }
    try {
      rewriteFileAtomic(this.files.aclFile, aclText);
      rewriteFileAtomic(this.files.passwordFile, passwordText);
      if (guardFile !== undefined && guardText !== undefined) rewriteFileAtomic(guardFile, guardText);
      signalReload(this.broker.pidFile);
    } catch (fault) {
      return `the old ones cannot be brought back: ${toEgizError(fault).message}`;
    }
    const given = generationOf(aclText);
    if (probe === undefined || given === undefined) return 'the old files are back';
    const finding = await probeAccess(probe, { given, taken }, this.timeoutMs);
    return finding === undefined
      ? 'the old ones are back and in force'
      : `the old files are back, but the broker does not follow them: ${finding}`;
  }
}
