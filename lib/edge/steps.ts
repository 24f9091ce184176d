/** Named moments of a command at the edge, in order. A test may end the process at any of them. */
export const EDGE_STEPS = [
  'command:received',
  'inbox:saved',
  'apply:started',
  'apply:finished',
  'applied:saved',
  'report:sent',
  'report:acknowledged',
  'report:settled',
] as const;

export type EdgeStep = (typeof EDGE_STEPS)[number];
