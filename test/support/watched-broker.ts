import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import type { Inventory } from '../../lib/inventory/inventory';
import { provideTelegraf } from '../../lib/programs/provide';
import { ROOT } from './node-red';
import { freePort } from './ports';
import { ProductionBroker } from './production-broker';
import { RunningProgram } from './program';

export interface WatchedBrokerOptions {
  /** What the test wants otherwise in mosquitto.conf. */
  readonly conf?: (conf: string) => string;
  /** HOST:PORT whose certificate Telegraf looks at; the broker's listener of services. */
  readonly certificateAddress?: string;
}

/** broker/mosquitto.conf and telegraf/broker-metrics.conf as they are shipped, but in more of a hurry. */
export class WatchedBroker {
  private readonly clients: MqttClient[] = [];

  private constructor(
    readonly broker: ProductionBroker,
    private readonly telegraf: RunningProgram,
    /** HOST:PORT of the figures. */
    readonly target: string,
  ) {}

  static async start(inventory: Inventory, options: WatchedBrokerOptions = {}): Promise<WatchedBroker> {
    const { conf = (text) => text } = options;
    const broker = await ProductionBroker.start(inventory, (text) => conf(hurried(text)));
    const address = `127.0.0.1:${broker.ports.get(8885)}`;
    const target = `127.0.0.1:${await freePort()}`;
    const file = join(broker.directory, 'broker-metrics.conf');
    const shipped = readFileSync(join(ROOT, 'telegraf/broker-metrics.conf'), 'utf8');
    writeFileSync(file, shipped.replaceAll('"5m"', '"2s"').replace('interval = "10s"', 'interval = "1s"'));
    const watch = broker.pki.services.get('watch');
    const telegraf = await RunningProgram.start({
      command: await provideTelegraf(() => undefined),
      args: ['--config', file],
      env: {
        EGIZ_MQTT_URL: `ssl://${address}`,
        EGIZ_BROKER_ADDRESS: options.certificateAddress ?? address,
        EGIZ_TLS_CA: broker.pki.caFile,
        EGIZ_TLS_CERT: watch?.certFile,
        EGIZ_TLS_KEY: watch?.keyFile,
        EGIZ_AUDIT_FILE: broker.auditFile,
        EGIZ_PKI: broker.pkiDirectory,
        EGIZ_METRICS_LISTEN: target,
      },
      readyUrl: `http://${target}/metrics`,
    });
    return new WatchedBroker(broker, telegraf, target);
  }

  /** What Telegraf shows at this moment. */
  async metrics(): Promise<string> {
    return (await fetch(`http://${this.target}/metrics`)).text();
  }

  /** Logs in with the password that was generated, or with the certificate of a service. */
  async connect(account: string, options: IClientOptions = {}): Promise<MqttClient> {
    const { broker } = this;
    const service = broker.pki.services.get(account);
    const client = await connectAsync(
      `mqtts://127.0.0.1:${broker.ports.get(service === undefined ? 8883 : 8885)}`,
      {
        protocolVersion: 5,
        ca: readFileSync(broker.pki.caFile),
        clientId: account,
        reconnectPeriod: 0,
        ...(service === undefined
          ? { username: account, password: this.password(account) }
          : { cert: readFileSync(service.certFile), key: readFileSync(service.keyFile) }),
        ...options,
      },
    );
    client.on('error', () => undefined);
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.endAsync(true)));
    await this.telegraf.stop();
    await this.broker.close();
  }

  private password(account: string): string {
    return readFileSync(join(this.broker.configuration, 'accounts', account), 'utf8').trim();
  }
}

/** Figures every second. */
function hurried(conf: string): string {
  const [plugin] = /^plugin .*$/m.exec(conf) ?? [''];
  return conf
    .replace('sys_interval 10', 'sys_interval 1')
    .replace(plugin, `${plugin}\nplugin_opt_sys_interval 1\nplugin_opt_audit_repeat 1`);
}
