/**
 * A trace function that, the first time it hears the step, kills a process with SIGKILL: itself, as a power cut
 * would, or another one, as when the broker's machine dies at that very moment.
 */
export function killAt<Step extends string>(
  crash: { readonly at: Step; readonly pid: number } | undefined,
): (step: Step) => void {
  let done = false;
  return (step) => {
    if (done || step !== crash?.at) return;
    done = true;
    try {
      process.kill(crash.pid === 0 ? process.pid : crash.pid, 'SIGKILL');
    } catch (fault) {
      // It is gone already; the step itself must not fail because of that.
      if ((fault as NodeJS.ErrnoException).code !== 'ESRCH') throw fault;
    }
  };
}
