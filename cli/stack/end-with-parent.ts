/**
 * Loaded before a Node program of the stack: when the process that started it is gone, however it went, this
 * one ends too, in order if it can.
 */
const GRACE_MS = 5_000;

process.channel?.unref();
process.once('disconnect', () => {
  setTimeout(() => process.exit(1), GRACE_MS).unref();
  process.kill(process.pid, 'SIGTERM');
});
// Listening for the parent must not keep the program alive.
process.channel?.unref();
