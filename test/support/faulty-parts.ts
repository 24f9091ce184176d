import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { provideTelegraf } from '../../lib/programs/provide';
import { ROOT } from './node-red';
import type { PreparedInfluxdb } from './prepared-influxdb';
import { RunningProgram } from './program';
import type { WatchedBroker } from './watched-broker';

/** telegraf/telegraf.conf with little room, and in more of a hurry. */
export async function startArchive(
  { broker }: WatchedBroker,
  influxdb: PreparedInfluxdb,
  target: string,
  directory: string,
): Promise<RunningProgram> {
  const shipped = readFileSync(join(ROOT, 'telegraf/telegraf.conf'), 'utf8');
  const file = join(directory, 'telegraf.conf');
  const small = shipped.replace(/^ {2}metric_(batch_size|buffer_limit) = .*$/gm, '  metric_$1 = 1000');
  writeFileSync(file, small.replace('interval = "10s"', 'interval = "1s"'));
  const account = broker.pki.services.get('telegraf');
  return RunningProgram.start({
    command: await provideTelegraf(() => undefined),
    args: ['--config', file],
    env: {
      EGIZ_MQTT_URL: `ssl://127.0.0.1:${broker.ports.get(8885)}`,
      EGIZ_TLS_CA: broker.pki.caFile,
      EGIZ_TLS_CERT: account?.certFile,
      EGIZ_TLS_KEY: account?.keyFile,
      EGIZ_INFLUX_URL: influxdb.url,
      EGIZ_SECRETS: influxdb.secretsDirectory,
      EGIZ_ARCHIVE_SCRIPT: join(ROOT, 'telegraf/archive.star'),
      EGIZ_ARCHIVE_METRICS: target,
    },
    readyUrl: `http://${target}/metrics`,
  });
}

/** `openegiz archive audit` as a service, which gives messages a second to arrive. */
export function startAuditor(influxdb: PreparedInfluxdb, port: number): Promise<RunningProgram> {
  const where = ['--url', influxdb.url, '--directory', influxdb.secretsDirectory];
  const options = [...where, '--every', '1s', '--margin', '1s', '--metrics-port', String(port)];
  return RunningProgram.start({
    command: process.execPath,
    args: [join(ROOT, 'bin/openegiz'), 'archive', 'audit', ...options],
    readyUrl: `http://127.0.0.1:${port}/metrics`,
  });
}

/** The audit log has no room, and cannot be moved out of the way. */
export function withFullLog(conf: string, directory: string): string {
  const file = join(directory, 'audit.jsonl');
  writeFileSync(file, '\n'.repeat(70_000));
  mkdirSync(join(`${file}.1`, 'occupied'), { recursive: true });
  const options = [`audit_file ${file}`, 'audit_max_bytes 65536', 'audit_keep 1'];
  return conf.replace(
    /^plugin_opt_audit_file .*$/m,
    options.map((option) => `plugin_opt_${option}`).join('\n'),
  );
}

/** Then Mosquitto itself takes the account from a service's certificate. */
export function withoutGuard(conf: string): string {
  return conf
    .replace(/^plugin.*\n/gm, '')
    .replace(/^listener 8885$/m, 'listener 8885\nuse_identity_as_username true');
}
