import 'should';
import { filtersOverlap, matchesFilter } from '../../lib/topics/filters';

describe('topic filters (MQTT 5.0 section 4.7)', () => {
  const cases: [string, string, boolean][] = [
    ['a/b', 'a/b', true],
    ['a/b', 'a/c', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a/b/c', false],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['#', 'a', true],
    ['#', '$SYS/uptime', false],
    ['+/uptime', '$SYS/uptime', false],
    ['$SYS/#', '$SYS/uptime', true],
    ['a/+/c', 'a/b/+', true],
    ['a/+/c', '+/b/d', false],
    ['+', '', true],
    ['a/', 'a', false],
  ];
  for (const [left, right, expected] of cases) {
    it(`${left} and ${right || '(empty)'} ${expected ? 'meet' : 'do not meet'}`, () => {
      filtersOverlap(left, right).should.equal(expected);
      filtersOverlap(right, left).should.equal(expected);
    });
  }

  it('two filters overlap exactly when some topic is matched by both', () => {
    const topics = words(['a', 'b', '$s'], 3).filter((topic) => !topic.includes('/$s'));
    const filters = [
      ...words(['a', '+', '$s'], 3),
      ...words(['a', '+'], 2).map((word) => `${word}/#`),
      '#',
      '$s/#',
    ];
    for (const left of filters) {
      for (const right of filters) {
        const met = topics.some((topic) => matchesFilter(left, topic) && matchesFilter(right, topic));
        // No topic of the alphabet reaches below its depth, so only meetings that it can show are asked for.
        if (met) filtersOverlap(left, right).should.equal(true, `${left} | ${right}`);
        else if (!left.includes('$s/') && !right.includes('/$s')) {
          filtersOverlap(left, right).should.equal(overlapSlow(left, right), `${left} | ${right}`);
        }
      }
    }
  });
});

/** Every word of 1 to `depth` levels. */
function words(levels: readonly string[], depth: number): string[] {
  if (depth === 1) return [...levels];
  const shorter = words(levels, depth - 1);
  return [...new Set([...shorter, ...shorter.flatMap((word) => levels.map((level) => `${word}/${level}`))])];
}

/** A second opinion: regular expressions over topics one level deeper than any filter. */
function overlapSlow(left: string, right: string): boolean {
  const matches = (filter: string) =>
    new RegExp(
      `^${filter.replaceAll('$', '\\$').replace(/\/#$/, '(/.*)?').replaceAll('+', '[^/]*').replace(/^#$/, '.*')}$`,
    );
  const dollarSafe = (filter: string, topic: string) => !(topic.startsWith('$') && /^[+#]/.test(filter));
  return words(['a', 'b', '$s'], 4).some(
    (topic) =>
      matches(left).test(topic) &&
      matches(right).test(topic) &&
      dollarSafe(left, topic) &&
      dollarSafe(right, topic),
  );
}
