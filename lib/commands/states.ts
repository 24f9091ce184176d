/** The states of a command (SPEC 3). Every command is in exactly one of them. */
export const COMMAND_STATES = [
  'accepted',
  'queued',
  'published',
  'received',
  'applied',
  'rejected',
  'failed',
  'timed_out',
  'expired',
  'superseded',
  'cancelled',
] as const;

export type CommandState = (typeof COMMAND_STATES)[number];

/** States in which nothing more is expected, unless a late status tells the true end. */
export const TERMINAL_STATES: ReadonlySet<CommandState> = new Set<CommandState>([
  'applied',
  'rejected',
  'failed',
  'timed_out',
  'expired',
  'superseded',
  'cancelled',
]);

/**
 * Which states may follow which. The order of the network is not the order of events:
 * a status may arrive before the PUBACK, so every step may be skipped but none repeated.
 */
const FOLLOWS: Readonly<Record<CommandState, readonly CommandState[]>> = {
  accepted: [
    'queued',
    'published',
    'received',
    'applied',
    'rejected',
    'failed',
    'expired',
    'superseded',
    'cancelled',
  ],
  queued: ['published', 'received', 'applied', 'rejected', 'failed', 'expired', 'superseded', 'cancelled'],
  published: ['queued', 'received', 'applied', 'rejected', 'failed', 'timed_out', 'expired', 'superseded'],
  received: ['applied', 'rejected', 'failed', 'timed_out', 'superseded'],
  timed_out: ['applied', 'rejected', 'failed', 'superseded'],
  expired: ['applied', 'rejected', 'failed', 'superseded'],
  cancelled: ['applied', 'rejected', 'failed'],
  superseded: ['applied', 'rejected', 'failed'],
  applied: [],
  rejected: [],
  failed: [],
};

/** True when a command in `from` may move to `to`. */
export function mayFollow(from: CommandState, to: CommandState): boolean {
  return FOLLOWS[from].includes(to);
}

export function isTerminal(state: CommandState): boolean {
  return TERMINAL_STATES.has(state);
}

/** Only a command that has not left the service can be cancelled: MQTT cannot call a message back. */
export function isCancellable(state: CommandState): boolean {
  return mayFollow(state, 'cancelled');
}
