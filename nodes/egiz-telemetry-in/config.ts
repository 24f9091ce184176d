import { EgizError } from '../../lib/errors/egiz-error';
import type { Policy } from '../../lib/telemetry/waiting-queue';
import { isTopicFilter } from '../../lib/topics/filters';
import type { SavedConfig } from '../shell/migrate';
import { textOf } from '../shell/text';

/** Node-RED keeps it encrypted, apart from the flow, and never gives it back to the editor. */
export interface TelemetryCredentials {
  group?: string;
}

export interface TelemetryConfig {
  readonly filter: string;
  /** What is subscribed to: the filter, or its share of a group's. */
  readonly subscription: string;
  readonly shared: boolean;
  /** One by one without it. */
  readonly batch: { readonly size: number; readonly ms: number } | undefined;
  readonly policy: Policy;
  readonly queueLimit: number;
  readonly confirm: boolean;
}

const POLICIES: readonly Policy[] = ['sample', 'latest', 'refuse'];
/** 128 random bits in hexadecimal take 32 characters, in base64url 22. */
const GROUP = /^[A-Za-z0-9_-]{22,64}$/;

/**
 * Reads the node's saved configuration.
 * @throws EgizError `CONFIG_INVALID`
 */
export function parseConfig(saved: SavedConfig, credentials: TelemetryCredentials): TelemetryConfig {
  const filter = textOf(saved.topic);
  if (!isTopicFilter(filter) || !filter.endsWith('/telemetry')) {
    throw invalid(
      `${JSON.stringify(filter)} is no filter of telemetry topics`,
      'Write one that ends in /telemetry, e.g. openegiz/factory-a/+/+/+/telemetry.',
    );
  }
  const shared = saved.shared === true;
  const queueLimit = integer(saved.queueLimit, 10, 60_000, 'queue limit');
  const batch =
    saved.output === 'batch'
      ? {
          size: integer(saved.batchSize, 1, 30_000, 'batch size'),
          ms: integer(saved.batchMs, 10, 60_000, 'batch time'),
        }
      : undefined;
  if (batch !== undefined && 2 * batch.size > queueLimit) {
    throw invalid(
      `A batch of ${batch.size} does not gather in a queue of ${queueLimit} without shedding`,
      'Make the queue at least twice as large as a batch.',
    );
  }
  return {
    filter,
    subscription: shared ? `$share/${groupOf(credentials)}/${filter}` : filter,
    shared,
    batch,
    policy: policyOf(saved.policy),
    queueLimit,
    confirm: saved.confirm === true,
  };
}

/** A name that can be guessed lets any account take its share of the messages: brokers grant every SUBSCRIBE. */
function groupOf({ group }: TelemetryCredentials): string {
  const secret = textOf(group);
  if (GROUP.test(secret)) return `telemetry-${secret}`;
  throw invalid(
    'The group of the instances that share the messages has no secret of 22 to 64 letters, digits, "_" and "-"',
    'Make one with `openssl rand -hex 16` and give it to each instance.',
  );
}

function policyOf(value: unknown): Policy {
  const policy = POLICIES.find((one) => one === value);
  if (policy === undefined) throw invalid(`The policy ${JSON.stringify(value)} is not known`, MEND);
  return policy;
}

function integer(value: unknown, minimum: number, maximum: number, what: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= minimum && number <= maximum) return number;
  throw invalid(`The ${what} must be a whole number from ${minimum} to ${maximum}`, MEND);
}

const MEND = 'Open the node and correct it.';

function invalid(message: string, mend: string): EgizError {
  return new EgizError('CONFIG_INVALID', message, { mend });
}
