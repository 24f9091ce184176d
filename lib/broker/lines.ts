/** A line of mosquitto.conf and the requirement it answers. */
export type Line = readonly [directive: string, requirement: string];

/** Comments stand on lines of their own: Mosquitto would take one behind a value as part of it. */
export function renderLines(lines: readonly Line[]): string[] {
  return lines.flatMap(([directive, requirement]) => [`# ${requirement}`, directive]);
}
