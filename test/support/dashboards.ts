import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './node-red';

export const GRAFANA = join(ROOT, 'monitoring/grafana');

export interface DataSource {
  readonly type: string;
  readonly uid: string;
}

export interface Target {
  readonly refId: string;
  readonly datasource: DataSource;
  /** PromQL */
  readonly expr?: string;
  /** Flux */
  readonly query?: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: DataSource;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly thresholds?: { readonly steps: readonly { readonly value: number | null }[] };
    };
  };
  readonly timeFrom?: string;
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly datasource: DataSource;
  readonly query: { readonly query: string };
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly id: number | null;
  readonly tags: readonly string[];
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly time: { readonly from: string; readonly to: string };
}

/** The dashboards as Grafana reads them, by file name. */
export function dashboards(): ReadonlyMap<string, Dashboard> {
  const directory = join(GRAFANA, 'dashboards');
  return new Map(
    readdirSync(directory).map((name) => [
      name,
      JSON.parse(readFileSync(join(directory, name), 'utf8')) as Dashboard,
    ]),
  );
}

/** What a person has chosen, by the name of the variable. */
export type Choices = ReadonlyMap<string, readonly string[]>;

/** A query as Grafana sends it: its own variables and those of the dashboard replaced. */
export function interpolate(query: string, choices: Choices, timeFrom = '1h'): string {
  let text = query
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__range', '1m')
    .replaceAll('v.timeRangeStart', `-${timeFrom}`)
    .replaceAll('v.timeRangeStop', 'now()')
    .replaceAll('v.windowPeriod', '1m');
  for (const [name, values] of choices) {
    const all = `(${values.join('|')})`;
    text = text.replaceAll(`\${${name}:regex}`, all).replaceAll(`$${name}`, all);
  }
  const [unknown] = /\$\w+|\$\{|\bv\.\w+/.exec(text) ?? [];
  if (unknown !== undefined) throw new Error(`${unknown} is no variable: ${query}`);
  return text;
}
