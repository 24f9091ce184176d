/** The schemas of payloads that come with the package, by their file's path in `schemas/`. */
export const BUILT_IN_NAMES = [
  'telemetry/electrical',
  'telemetry/thermal',
  'telemetry/environmental',
  'status',
  'command',
  'ota-manifest',
  'messages/ClientConfigurationUpdated',
  'messages/ClientStatusReported',
  'messages/ClientConnectionChanged',
] as const;

export type BuiltInName = (typeof BUILT_IN_NAMES)[number];

export function isBuiltIn(name: string): name is BuiltInName {
  return BUILT_IN_NAMES.some((known) => known === name);
}
