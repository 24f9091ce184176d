/**
 * True when `filter` is a valid topic filter (MQTT 5.0 section 4.7): `#` alone in the last level, `+` alone in
 * its level, 1 to 65,535 bytes, no NUL.
 */
export function isTopicFilter(filter: string): boolean {
  const bytes = Buffer.byteLength(filter);
  if (bytes === 0 || bytes > 65_535 || filter.includes('\0')) return false;
  const levels = filter.split('/');
  return levels.every((level, index) => {
    if (level.includes('#')) return level === '#' && index === levels.length - 1;
    return !level.includes('+') || level === '+';
  });
}

/** True when a message on `topic` is covered by `filter`. A leading wildcard leaves topics out that begin with `$`. */
export function matchesFilter(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const given = topic.split('/');
  if (topic.startsWith('$') && (wanted[0] === '+' || wanted[0] === '#')) return false;
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (index >= given.length || (level !== '+' && level !== given[index])) return false;
  }
  return wanted.length === given.length;
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
