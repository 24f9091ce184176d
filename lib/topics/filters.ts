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
