/** Topic filters (MQTT 5.0 section 4.7). */

/** True when a message on `topic` reaches a subscription to `filter`. */
export function matchesFilter(filter: string, topic: string): boolean {
  return filtersOverlap(filter, topic);
}

/**
 * True when some topic is matched by both filters. A plain topic is the filter of itself alone. A wildcard in
 * the first level does not match a topic that begins with `$` (section 4.7.2).
 */
export function filtersOverlap(left: string, right: string): boolean {
  const a = left.split('/');
  const b = right.split('/');
  if (isSystem(a[0]) ? isWildcard(b[0]) : isSystem(b[0]) && isWildcard(a[0])) return false;
  return levelsOverlap(a, b);
}

function levelsOverlap(a: readonly string[], b: readonly string[]): boolean {
  for (let level = 0; ; level++) {
    const [x, y] = [a[level], b[level]];
    if (x === '#' || y === '#') return true;
    if (x === undefined && y === undefined) return true;
    // `a/#` also matches `a` itself.
    if (x === undefined) return y === undefined;
    if (y === undefined) return false;
    if (x !== '+' && y !== '+' && x !== y) return false;
  }
}

function isSystem(level: string | undefined): boolean {
  return level?.startsWith('$') === true;
}

function isWildcard(level: string | undefined): boolean {
  return level === '+' || level === '#';
}
