import type { KeyPairFiles } from '../../lib/pki/pair-files';
import { NodeRedProcess, UserDirectoryFixture } from './node-red-process';
import { freePort } from './ports';
import type { ProductionBroker } from './production-broker';

const ACCOUNT = 'egizcore';
/** Seconds after which a board that says nothing is stale. */
const STALE_AFTER = 5;

/** A real Node-RED that takes in telemetry and presence of boards at a real broker, and tells Prometheus of both. */
export class LiveNodeRed {
  private constructor(
    private readonly process: NodeRedProcess,
    private readonly directory: UserDirectoryFixture,
    /** HOST:PORT of its metrics. */
    readonly target: string,
  ) {}

  static async start(broker: ProductionBroker): Promise<LiveNodeRed> {
    const files = broker.pki.services.get(ACCOUNT);
    if (files === undefined) throw new Error(`the inventory has no service ${ACCOUNT}`);
    const url = `mqtts://127.0.0.1:${broker.ports.get(8885)}`;
    const directory = new UserDirectoryFixture(flow(url, broker.pki.caFile, files));
    const [port, metricsPort] = [await freePort(), await freePort()];
    const process = NodeRedProcess.spawn(directory.path, {
      EGIZ_DEVELOPMENT: '1',
      EGIZ_PORT: String(port),
      EGIZ_METRICS_PORT: String(metricsPort),
    });
    await process.started();
    return new LiveNodeRed(process, directory, `127.0.0.1:${metricsPort}`);
  }

  async close(): Promise<void> {
    await this.process.stop();
    this.directory.remove();
  }
}

function flow(url: string, ca: string, { certFile, keyFile }: KeyPairFiles): object[] {
  return [
    { id: 'tab', type: 'tab', label: 'Boards' },
    { id: 'tls', type: 'tls-config', ca, cert: certFile, key: keyFile, verifyservercert: true },
    {
      id: 'broker',
      type: 'egiz-broker',
      url,
      tls: 'tls',
      role: 'service',
      account: ACCOUNT,
      instance: 'boards',
      sessionExpirySeconds: 0,
      keepalive: 5,
      maxInFlight: 100,
      configVersion: 1,
    },
    {
      id: 'telemetry',
      type: 'egiz-telemetry-in',
      z: 'tab',
      broker: 'broker',
      topic: 'openegiz/+/+/+/+/telemetry',
      shared: false,
      output: 'single',
      policy: 'latest',
      queueLimit: 5_000,
      confirm: false,
      configVersion: 1,
      wires: [[], [], []],
    },
    {
      id: 'presence',
      type: 'egiz-presence',
      z: 'tab',
      broker: 'broker',
      devices: 'boards',
      telemetry: false,
      staleAfter: STALE_AFTER,
      flapChanges: 4,
      flapWindow: 60,
      forgetAfter: 7,
      contextStore: '',
      configVersion: 1,
      wires: [[], [], []],
    },
  ];
}
