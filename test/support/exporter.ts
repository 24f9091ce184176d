import { createServer, type Server } from 'node:http';

/** What Node-RED, Telegraf and the auditor say of themselves while all is well. */
export const WELL = {
  'node-red': {
    egiz_outbox_oldest_seconds: 0,
    'egiz_commands{state="failed"}': 0,
    'egiz_commands{state="timed_out"}': 0,
    'egiz_telemetry_lost_total{sensor_type="thermal"}': 0,
    'egiz_telemetry_messages_total{result="valid",sensor_type="thermal"}': 0,
    'egiz_telemetry_messages_total{result="invalid",sensor_type="thermal"}': 0,
    'egiz_telemetry_messages_total{result="shed",sensor_type="thermal"}': 0,
    'egiz_telemetry_latency_seconds_bucket{le="0.05"}': 0,
    'egiz_telemetry_latency_seconds_bucket{le="5"}': 0,
    'egiz_telemetry_latency_seconds_bucket{le="+Inf"}': 0,
    'egiz_presence_devices{state="online"}': 100,
    'egiz_presence_devices{state="stale"}': 0,
    'egiz_presence_devices{state="offline"}': 0,
    egiz_presence_flapping_devices: 0,
  },
  archive: {
    'egiz_archive_refused_total{reason="unit",sensor_type="thermal"}': 0,
    'internal_write_metrics_written{output="influxdb_v2"}': 0,
    'internal_write_metrics_rejected{output="influxdb_v2"}': 0,
    'internal_write_metrics_dropped{output="influxdb_v2"}': 0,
    'internal_write_errors{output="influxdb_v2"}': 0,
    'internal_write_buffer_size{output="influxdb_v2"}': 0,
    'internal_write_buffer_limit{output="influxdb_v2"}': 100_000,
  },
  auditor: {
    egiz_archive_expected_messages: 1_000,
    egiz_archive_stored_messages: 1_000,
    egiz_archive_missing_messages: 0,
    egiz_archive_gaps: 0,
    egiz_archive_audit_failed: 0,
    egiz_archive_last_audit_timestamp_seconds: Date.now() / 1_000,
  },
} as const;

/** Stands for a part of the plant that a test does not run: says figures as that part would say them. */
export class Exporter {
  readonly target: string;
  private readonly values = new Map<string, number>();
  private readonly rates = new Map<string, number>();
  private readonly begun = Date.now();

  private constructor(private readonly server: Server) {
    const address = server.address();
    this.target = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    server.on('request', (_request, response) => {
      const seconds = (Date.now() - this.begun) / 1_000;
      const risen = (series: string) => (this.rates.get(series) ?? 0) * seconds;
      const lines = [...this.values].map(([series, value]) => `${series} ${value + risen(series)}\n`);
      response.setHeader('content-type', 'text/plain; version=0.0.4').end(lines.join(''));
    });
  }

  static async start(values: Readonly<Record<string, number>>): Promise<Exporter> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const exporter = new Exporter(server);
    exporter.say(values);
    return exporter;
  }

  /** From the next scrape on. */
  say(values: Readonly<Record<string, number>>): void {
    for (const [series, value] of Object.entries(values)) this.values.set(series, value);
  }

  /** Counters go on by so much a second. */
  rise(rates: Readonly<Record<string, number>>): void {
    for (const [series, rate] of Object.entries(rates)) this.rates.set(series, rate);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
