/** Time as the library sees it, so that a test can move it by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Does `work` once, `ms` milliseconds from now. Returns the function that calls it off. */
  after(ms: number, work: () => void): () => void;
}

/** The real clock. Its timers do not keep a process alive: what they wait for (sockets, flows) does. */
export const systemClock: Clock = {
  now: Date.now,
  after(ms, work) {
    const timer = setTimeout(work, ms).unref();
    return () => clearTimeout(timer);
  },
};
