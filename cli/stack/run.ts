import { join } from 'node:path';
import { checkIsolation } from '../../lib/acl/isolation';
import { rightsOf } from '../../lib/acl/rights';
import type { Inventory } from '../../lib/inventory/inventory';
import { EXIT_FAILED, reportFailure } from '../outcome';
import { homePaths } from './home';
import { HomeLock } from './lock';
import { LogFile } from './log';
import type { StartOptions } from './options';
import { Stack } from './stack';
import { View } from './view';

/** SPEC 6: everything is stopped within 10 s; whatever still hangs then is left to the kernel. */
const HARD_STOP_MS = 9_500;

/**
 * Runs the stack until it is told to stop.
 * @returns the exit code: 0 when it was up and was stopped, 1 when it did not come up
 * @throws EgizError before anything was started
 */
export async function runStack(options: StartOptions, inventory: Inventory): Promise<number> {
  checkIsolation(rightsOf(inventory));
  const paths = homePaths(options.home);
  const lock = await HomeLock.acquire(paths.lockFile);
  const view = new View(new LogFile(join(paths.logDirectory, 'openegiz.log')), options.json);
  const stack = new Stack(options, paths, view);
  const stopAsked = waitForStop(view);
  process.send?.({ readyFile: paths.readyFile });
  try {
    return await bringUpAndWait(stack, inventory, stopAsked, options.json);
  } finally {
    lock.markStopping();
    setTimeout(() => process.exit(EXIT_FAILED), HARD_STOP_MS).unref();
    await stack.stop();
    lock.release();
    // The channel to the process that started this one, if any, must not keep it alive.
    process.removeAllListeners('disconnect');
    if (process.connected) process.disconnect();
  }
}

async function bringUpAndWait(
  stack: Stack,
  inventory: Inventory,
  stopAsked: Promise<number>,
  json: boolean,
): Promise<number> {
  try {
    await Promise.race([stack.bringUp(inventory), stopAsked]);
    return await stopAsked;
  } catch (fault) {
    reportFailure(fault, json);
    return EXIT_FAILED;
  }
}

/** A signal, or the end of the process that started this one; whichever comes first. Resolves with the exit code. */
function waitForStop(view: View): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (why: string, code = 0) => {
      if (stopping) return;
      stopping = true;
      view.say(`Stopping (${why}) …`);
      resolve(code);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => stop(signal));
    }
    process.once('uncaughtException', (fault) => {
      view.say(`Internal fault: ${fault.stack}`, 'error');
      stop('an internal fault', EXIT_FAILED);
    });
    if (process.connected) process.once('disconnect', () => stop('the process that started it is gone'));
  });
}
