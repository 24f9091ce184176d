import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { parseInventory } from '../../lib/inventory/parse';
import { publishCode, subscribeCode } from '../support/account-client';
import { type Choices, dashboards, interpolate, type Target, type Variable } from '../support/dashboards';
import { Exporter, WELL } from '../support/exporter';
import { Monitoring } from '../support/monitoring';
import { ROOT } from '../support/node-red';
import { PreparedInfluxdb } from '../support/prepared-influxdb';
import { WatchedBroker } from '../support/watched-broker';

const INVENTORY = parseInventory(readFileSync(join(ROOT, 'sample/inventory.yaml'), 'utf8'));
const ANSWER_MS = 30_000;
const OVEN = 'openegiz/factory-a/oven/oven-001';
const TAGS = 'factory_id=factory-a,equipment_type=oven,equipment_id=oven-001';

/** What boards have sent at a moment, as it lies in InfluxDB. `at` in nanoseconds. */
function points(at: string): string[] {
  const elec = `${TAGS},sensor_type=electrical,device_id=esp32-oven001-elec,thing_id=factory:oven-001`;
  const therm = `${TAGS},sensor_type=thermal,device_id=esp32-oven001-therm,thing_id=factory:oven-001`;
  const env =
    'factory_id=factory-a,equipment_type=environment,equipment_id=zone-a,sensor_type=environmental,device_id=esp32-zonea-amb,thing_id=factory:zone-a';
  return [
    `electrical,${elec},active_power_unit=kW active_power=45.2,energy=1200.5,frequency=50.01,power_factor=0.92,voltage_a=220.5,voltage_b=219.8,voltage_c=221,current_a=15.2,current_b=14.8,current_c=15.5,boot_id=1i,seq=7i,rssi=-65i ${at}`,
    `thermal,${therm},zone=1,unit=C temperature=185 ${at}`,
    `thermal,${therm} setpoint=190,heating_active=true,boot_id=1i,seq=9i,rssi=-62i ${at}`,
    `environmental,${env},humidity_unit=%RH ambient_temperature=24.5,humidity=55.2,pressure=1013.25,co2=450,boot_id=1i,seq=3i,rssi=-70i ${at}`,
    `status,${elec} status="online",free_heap=45000i,uptime_seconds=86400i,firmware_version="1.2.3" ${at}`,
    `command_result,${elec} id="c1",state="applied",code="APPLIED",message="done" ${at}`,
  ];
}

/** FR-5.3: each query of each dashboard, asked of the real Prometheus and the real InfluxDB. */
describe('dashboards', function () {
  this.timeout(60_000);
  let broker: WatchedBroker;
  let influx: PreparedInfluxdb;
  let monitoring: Monitoring;
  const exporters: Exporter[] = [];

  before(async () => {
    [broker, influx] = await Promise.all([WatchedBroker.start(INVENTORY), PreparedInfluxdb.start()]);
    const [nodeRed, archive, auditor] = await Promise.all(
      [WELL['node-red'], WELL.archive, WELL.auditor].map((values) => Exporter.start(values)),
    );
    if (nodeRed === undefined || archive === undefined || auditor === undefined)
      throw new Error('no exporter');
    exporters.push(nodeRed, archive, auditor);
    nodeRed.say({ 'egiz_presence_devices{state="offline"}': 1 });
    nodeRed.rise({
      'egiz_telemetry_messages_total{result="valid",sensor_type="thermal"}': 100,
      'egiz_telemetry_lost_total{sensor_type="thermal"}': 1,
      'egiz_telemetry_latency_seconds_bucket{le="0.05"}': 96,
      'egiz_telemetry_latency_seconds_bucket{le="5"}': 100,
      'egiz_telemetry_latency_seconds_bucket{le="+Inf"}': 100,
    });
    monitoring = await Monitoring.start({
      targets: [
        { job: 'broker', instance: 'broker', target: broker.target },
        { job: 'node-red', instance: 'node-red', target: nodeRed.target },
        { job: 'archive', instance: 'telegraf', target: archive.target },
        { job: 'auditor', instance: 'auditor', target: auditor.target },
      ],
    });
    await Promise.all([useBroker(), fillArchive()]);
  });
  after(async () => {
    await monitoring?.close();
    await Promise.all([broker, influx, ...exporters].map((part) => part?.close()));
  });

  async function useBroker(): Promise<void> {
    // Events must be seen to rise.
    await answered(() =>
      monitoring.query('egiz_audit_events_total{event="acl_denied", reason="filter"} == 0'),
    );
    const board = await broker.connect('esp32-oven001-elec');
    await publishCode(board, `${OVEN}/electrical/telemetry`);
    await subscribeCode(board, '#');
  }

  async function fillArchive(): Promise<void> {
    const now = BigInt(Date.now()) * 1_000_000n;
    await influx.write('raw', [...points(`${now - 60_000_000_000n}`), ...points(`${now}`)]);
    const means = points(`${now}`).map((line) => line.replaceAll(/(temperature|active_power)=/g, '$1_mean='));
    const peaks = points(`${now}`).map((line) => line.replaceAll(/(active_power)=/g, '$1_max='));
    await influx.write('downsampled', [...means, ...peaks]);
  }

  /** The first answer that is not empty: figures come every second. */
  async function answered<Item>(ask: () => Promise<readonly Item[]>): Promise<readonly Item[]> {
    for (const end = Date.now() + ANSWER_MS; ; ) {
      const answer = await ask();
      if (answer.length > 0 || Date.now() > end) return answer;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  async function askPrometheus(query: string): Promise<readonly number[]> {
    const samples = await monitoring.query(query);
    return samples.map(({ value }) => Number(value[1])).filter((value) => !Number.isNaN(value));
  }

  async function valuesOf({ query: { query } }: Variable, choices: Choices): Promise<readonly string[]> {
    const [, metric, label] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? [];
    if (metric !== undefined && label !== undefined) {
      return answered(() => monitoring.labelValues(label, metric));
    }
    const rows = await influx.query(interpolate(query, choices));
    return rows.map((row) => row.get('_value'));
  }

  function ask({ expr, query }: Target, choices: Choices, timeFrom?: string): Promise<readonly unknown[]> {
    if (expr !== undefined) return answered(() => askPrometheus(interpolate(expr, choices)));
    return influx.query(interpolate(query ?? '', choices, timeFrom));
  }

  for (const [file, { panels, templating }] of dashboards()) {
    describe(file, () => {
      const choices = new Map<string, readonly string[]>();

      for (const variable of templating.list) {
        it(`offers values of ${variable.label}`, async () => {
          const values = await valuesOf(variable, choices);
          values.length.should.be.above(0);
          choices.set(variable.name, values);
        });
      }

      for (const { title, targets = [], timeFrom } of panels) {
        for (const target of targets) {
          it(`shows something in ${title}, ${target.refId}`, async () => {
            const answer = await ask(target, choices, timeFrom);
            should(answer.length).be.above(0, target.expr ?? target.query);
          });
        }
      }
    });
  }
});
