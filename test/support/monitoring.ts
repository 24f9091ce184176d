import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ROOT } from './node-red';
import { freePort } from './ports';
import { RunningProgram } from './program';

export interface Target {
  readonly job: string;
  readonly instance: string;
  /** HOST:PORT */
  readonly target: string;
}

export interface MonitoringOptions {
  readonly targets: readonly Target[];
  /** Where alerts are sent to; absent: no Alertmanager. */
  readonly receiverPort?: number;
  /** Further rules, by file name. */
  readonly rules?: Readonly<Record<string, string>>;
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export interface SuppressibleAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly status: { readonly state: 'active' | 'suppressed' | 'unprocessed' };
}

/**
 * Prometheus and Alertmanager by the files in monitoring/, in more of a hurry: they ask every second, look back a tenth
 * of the time, do not wait whether an alert lasts (`for`), and send it at once. Everything else is as shipped.
 */
export class Monitoring {
  private constructor(
    private readonly directory: string,
    private readonly prometheus: RunningProgram,
    private readonly prometheusUrl: string,
    private readonly alertmanager: RunningProgram | undefined,
    private readonly alertmanagerUrl: string,
  ) {}

  static async start({ targets, receiverPort, rules = {} }: MonitoringOptions): Promise<Monitoring> {
    const directory = mkdtempSync(join(tmpdir(), 'egiz-monitoring-'));
    const [own, alerts] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const alertmanager =
      receiverPort === undefined ? undefined : await startAlertmanager(directory, alerts, receiverPort);
    const all = [
      ...targets,
      { job: 'prometheus', instance: 'prometheus', target: own },
      ...(alertmanager === undefined
        ? []
        : [{ job: 'alertmanager', instance: 'alertmanager', target: alerts }]),
    ];
    writePrometheus(directory, all, rules);
    const prometheus = await RunningProgram.start({
      command: 'prometheus',
      args: [
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=${own}`,
        // Alerts that nobody repeats any more end soon.
        '--rules.alert.resend-delay=1s',
      ],
      readyUrl: `http://${own}/-/ready`,
    });
    return new Monitoring(directory, prometheus, `http://${own}`, alertmanager, `http://${alerts}`);
  }

  /** @throws with what Prometheus says about an expression that it cannot evaluate */
  async query(expression: string): Promise<readonly Sample[]> {
    const data = await this.get<{ readonly result: readonly Sample[] }>('query', { query: expression });
    return data.result;
  }

  /** The values of a label, as Grafana asks for them. */
  async labelValues(label: string, match: string): Promise<readonly string[]> {
    return this.get(`label/${label}/values`, { 'match[]': match });
  }

  /** Names of the alerts that fire. */
  async firing(): Promise<readonly string[]> {
    const samples = await this.query('ALERTS{alertstate="firing"}');
    return samples.map(({ metric }) => metric.alertname ?? '');
  }

  /** What Alertmanager holds back or not. */
  async alertmanagerAlerts(): Promise<readonly SuppressibleAlert[]> {
    const response = await fetch(`${this.alertmanagerUrl}/api/v2/alerts`);
    return (await response.json()) as readonly SuppressibleAlert[];
  }

  async stopAlertmanager(): Promise<void> {
    await this.alertmanager?.stop();
  }

  async close(): Promise<void> {
    await this.prometheus.stop();
    await this.stopAlertmanager();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async get<Data>(path: string, parameters: Readonly<Record<string, string>>): Promise<Data> {
    const response = await fetch(`${this.prometheusUrl}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = (await response.json()) as { readonly data: Data; readonly error?: string };
    if (!response.ok) throw new Error(`${parameters.query ?? path}: ${answer.error}`);
    return answer.data;
  }
}

function startAlertmanager(directory: string, listen: string, receiverPort: number): Promise<RunningProgram> {
  const shipped = readFileSync(join(ROOT, 'monitoring/alertmanager.yml'), 'utf8');
  const file = join(directory, 'alertmanager.yml');
  writeFileSync(
    file,
    shipped
      .replace(/group_wait: \w+/g, 'group_wait: 100ms')
      .replace(/group_interval: \w+/g, 'group_interval: 1s')
      .replaceAll('127.0.0.1:9080', `127.0.0.1:${receiverPort}`),
  );
  mkdirSync(join(directory, 'secrets'));
  for (const name of ['page-token', 'ticket-token'])
    writeFileSync(join(directory, 'secrets', name), `the ${name}\n`, { mode: 0o600 });
  return RunningProgram.start({
    command: 'prometheus-alertmanager',
    args: [
      `--config.file=${file}`,
      `--storage.path=${join(directory, 'alertmanager')}`,
      `--web.listen-address=${listen}`,
      '--cluster.listen-address=',
    ],
    readyUrl: `http://${listen}/-/ready`,
  });
}

function writePrometheus(
  directory: string,
  targets: readonly Target[],
  rules: Readonly<Record<string, string>>,
): void {
  const shipped = readFileSync(join(ROOT, 'monitoring/prometheus.yml'), 'utf8');
  const everySecond = shipped.replace(/(scrape_interval|scrape_timeout|evaluation_interval): \w+/g, '$1: 1s');
  writeFileSync(join(directory, 'prometheus.yml'), everySecond);
  cpSync(join(ROOT, 'monitoring/rules'), join(directory, 'rules'), { recursive: true });
  for (const [name, text] of Object.entries(rules)) writeFileSync(join(directory, 'rules', name), text);
  for (const name of readdirSync(join(directory, 'rules'))) {
    const file = join(directory, 'rules', name);
    writeFileSync(file, hurried(readFileSync(file, 'utf8')));
  }
  mkdirSync(join(directory, 'targets'));
  const entries = targets.map(({ job, instance, target }) => ({
    targets: [target],
    labels: { job, instance },
  }));
  writeFileSync(join(directory, 'targets/test.yml'), stringify(entries));
}

function hurried(rules: string): string {
  return rules
    .replace(/^ +for: \w+\n/gm, '')
    .replace(
      /(\[|offset )(\d+)([mh])/g,
      (_range, before, count, unit) => `${before}${Number(count) * (unit === 'h' ? 360 : 6)}s`,
    );
}
