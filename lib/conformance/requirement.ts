import type { CheckContext } from './context';

export type Verdict = 'pass' | 'fail' | 'not-applicable';

/** What one requirement came to, and why, as one sentence for a person. */
export interface Outcome {
  readonly verdict: Verdict;
  readonly reason: string;
}

/** One requirement of a broker, checked from outside with MQTT 5 alone. */
export interface Requirement {
  /** The number in the PRD or the section of the specification, e.g. `SEC-1`; unique. */
  readonly id: string;
  /** What is required, as a statement that holds or does not. */
  readonly title: string;
  /** May throw: `NotGiven` makes it not applicable, everything else a failure. */
  run(check: CheckContext): Promise<Outcome>;
}

export interface Result extends Outcome {
  readonly id: string;
  readonly title: string;
}

export function pass(reason: string): Outcome {
  return { verdict: 'pass', reason };
}

export function fail(reason: string): Outcome {
  return { verdict: 'fail', reason };
}

export function notApplicable(reason: string): Outcome {
  return { verdict: 'not-applicable', reason };
}

/** Thrown where a requirement needs something that was not given; the message says what to give. */
export class NotGiven extends Error {
  override readonly name = 'NotGiven';
}
