import type { Findings, FoundGap, FoundReboot } from '../../lib/archive/audit';
import type { TelegrafEvidence } from '../../lib/archive/evidence';
import { topicKey } from '../../lib/archive/series';
import type { TaskState } from '../../lib/archive/task-states';

export interface AuditReport {
  readonly since: number;
  readonly until: number;
  readonly findings: Findings;
  /** Boards of the inventory of which nothing is stored. */
  readonly unheard: readonly string[];
  readonly tasks: readonly TaskState[];
  readonly telegraf: TelegrafEvidence | undefined;
  /** What the broker has dropped since its start. */
  readonly brokerDropped: number | undefined;
}

/** Of each kind so many lines are shown; `--json` has all. */
const SHOWN = 50;

export function reportLines(report: AuditReport): string[] {
  const { since, until, findings } = report;
  const { gaps, reboots, unnumbered, counted } = findings;
  return [
    `${time(since)} to ${time(until)}: ${counted.size} boards, ${findings.expected} messages known to be sent, ` +
      `${findings.stored} stored, ${findings.missing} missing, ${findings.pending} may still arrive, ` +
      `${findings.refused} refused, ${findings.duplicates} stored twice`,
    ...shown(gaps.toSorted((one, other) => one.fromTime - other.fromTime).map(gapLine)),
    ...shown(reboots.map(rebootLine)),
    ...list('send no sequence numbers, so nothing can be proven of them', unnumbered),
    ...list('are in the inventory, and nothing of them is stored', report.unheard),
    ...report.tasks
      .filter(({ failed }) => failed)
      .map(({ name, reason }) => `task ${name} failed: ${reason}`),
    ...(report.telegraf === undefined ? [] : [telegrafLine(report.telegraf)]),
    ...(report.brokerDropped === undefined
      ? []
      : [`The broker has dropped ${report.brokerDropped} messages since its start, for whomever they were`]),
    findings.missing === 0 ? 'Nothing is missing.' : `${findings.missing} messages are missing.`,
  ];
}

/** For `--json`: times in RFC 3339, all there is. */
export function reportObject({ since, until, findings, ...evidence }: AuditReport): object {
  const { counted, gaps, reboots, ...figures } = findings;
  return {
    since: time(since),
    until: time(until),
    devices: counted.size,
    ...figures,
    gaps: gaps.map(({ fromTime, toTime, ...gap }) => ({
      ...gap,
      after: time(fromTime),
      before: time(toTime),
    })),
    reboots: reboots.map(({ lastTime, firstTime, ...reboot }) => ({
      ...reboot,
      lastTime: time(lastTime),
      firstTime: time(firstTime),
    })),
    ...evidence,
  };
}

function gapLine({ topic, state, boot, from, to, count, refused, fromTime, toTime }: FoundGap): string {
  const word = { missing: 'missing', pending: 'may still arrive', refused: 'refused' }[state];
  const numbers = from === to ? `message ${from}` : `messages ${from} to ${to}`;
  const how = state === 'refused' ? refused : refused === 0 ? count : `${count}, ${refused} more refused`;
  return `${word}: ${topicKey(topic)}, boot ${boot}, ${numbers} (${how}), between ${time(fromTime)} and ${time(toTime)}`;
}

function rebootLine({ topic, fromBoot, lastSeq, lastTime, toBoot, firstTime }: FoundReboot): string {
  const silent = toBoot - fromBoot - 1;
  const between = silent > 0 ? `; of ${silent} boots between nothing is stored` : '';
  return (
    `cannot be proven: ${topicKey(topic)} began boot ${toBoot} at ${time(firstTime)}; ` +
    `what boot ${fromBoot} sent after message ${lastSeq} of ${time(lastTime)} is not known${between}`
  );
}

function telegrafLine({ rejected, dropped, errors }: TelegrafEvidence): string {
  const say = (value: number | undefined) => value ?? 'an unknown number of';
  return `Telegraf since its start: ${say(rejected)} metrics rejected, ${say(dropped)} dropped, ${say(errors)} input errors`;
}

function list(what: string, devices: readonly string[]): string[] {
  if (devices.length === 0) return [];
  const more = devices.length > SHOWN ? ` and ${devices.length - SHOWN} more` : '';
  return [`${devices.length} boards ${what}: ${devices.slice(0, SHOWN).join(', ')}${more}`];
}

function shown(lines: readonly string[]): string[] {
  if (lines.length <= SHOWN) return [...lines];
  return [...lines.slice(0, SHOWN), `… and ${lines.length - SHOWN} more of these: --json has them all`];
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
