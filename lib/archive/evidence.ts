import { EgizError, toEgizError } from '../errors/egiz-error';

/** What Telegraf says of itself, summed up over its plugins; undefined where it does not say it. */
export interface TelegrafEvidence {
  /** Metrics that the database refused. */
  readonly rejected: number | undefined;
  /** Metrics that a full buffer pushed out. */
  readonly dropped: number | undefined;
  /** Faults of its inputs. */
  readonly errors: number | undefined;
}

const FAMILIES = {
  rejected: 'internal_write_metrics_rejected',
  dropped: 'internal_write_metrics_dropped',
  errors: 'internal_gather_errors',
} as const;

const TIMEOUT_MS = 10_000;

/**
 * Reads Telegraf's own figures, which count since it was started.
 * @param url of its `/metrics`
 * @throws EgizError `TELEGRAF_UNREACHABLE`
 */
export async function telegrafEvidence(url: string): Promise<TelegrafEvidence> {
  const text = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(`status ${answer.status}`))))
    .catch((fault: unknown) => {
      throw new EgizError(
        'TELEGRAF_UNREACHABLE',
        `Telegraf's metrics at ${url}: ${toEgizError(fault).message}`,
        {
          mend: 'See that Telegraf runs and exposes its own metrics there.',
        },
      );
    });
  return {
    rejected: sumOf(text, FAMILIES.rejected),
    dropped: sumOf(text, FAMILIES.dropped),
    errors: sumOf(text, FAMILIES.errors),
  };
}

/** The sum of all samples of a family in Prometheus' text format; undefined without any. */
export function sumOf(text: string, family: string): number | undefined {
  const samples = text.split('\n').flatMap((line) => {
    const [, name, value] = /^([A-Za-z_:][\w:]*)(?:\{.*\})? (\S+)/.exec(line) ?? [];
    return name === family ? [Number(value)] : [];
  });
  return samples.length === 0 ? undefined : samples.reduce((sum, value) => sum + value, 0);
}
