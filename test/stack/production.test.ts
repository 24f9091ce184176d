import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import should from 'should';
import { rightsOf } from '../../lib/acl/rights';
import { productionConf } from '../../lib/broker/production';
import { parseInventory } from '../../lib/inventory/parse';
import { ROOT } from '../support/node-red';
import { freePort } from '../support/ports';
import { ProductionBroker } from '../support/production-broker';

const SAMPLE = readFileSync(join(ROOT, 'sample/inventory.yaml'), 'utf8');
/** With a tool on the broker's machine. */
const INVENTORY = parseInventory(`${SAMPLE}  - { id: probe, role: monitoring, login: password }\n`);

describe('broker/mosquitto.conf, in production', function () {
  this.timeout(60_000);
  let broker: ProductionBroker;
  before(async () => {
    broker = await ProductionBroker.start(INVENTORY);
  });
  after(() => broker.close());
  const port = (number: number) => broker.ports.get(number) ?? 0;

  it('is what is generated for the sample inventory (openegiz broker conf)', () => {
    const sample = parseInventory(SAMPLE);
    const expected = productionConf(sample, rightsOf(sample).length);
    readFileSync(join(ROOT, 'broker/mosquitto.conf'), 'utf8').should.equal(expected);
  });

  it('starts on Debian’s Mosquitto without a warning, guard and all', () => {
    // As a container's root, which the image and the unit are not.
    const log = broker.log.replace(/.*Mosquitto should not be run as root.*/, '');
    log.should.not.match(/error|warning|deprecated/i);
    readFileSync(broker.auditFile, 'utf8').should.containEql('"event":"start"');
  });

  it('lets local tools in on the loopback address and on no other (FR-5.1)', async () => {
    const password = readFileSync(join(broker.configuration, 'accounts/probe'), 'utf8').trim();
    const options = { protocolVersion: 5, ca: readFileSync(broker.pki.caFile), password } as const;
    const url = `mqtts://127.0.0.1:${port(8886)}`;
    const tool = await connectAsync(url, { ...options, username: 'probe', clientId: 'probe-sub' });
    const uptime = new Promise<string>((resolve) => tool.once('message', (topic) => resolve(topic)));
    await tool.subscribeAsync('$SYS/broker/uptime');
    (await uptime).should.equal('$SYS/broker/uptime');
    await tool.endAsync();
    (await connects('127.0.0.2', port(8886))).should.equal(false);
    (await connects('127.0.0.2', port(8883))).should.equal(true);
  });

  it('is found well by the image’s health check, and not when it hangs or is not there', async () => {
    should(broker.healthcheck(port(8883))).equal(0);
    should(broker.healthcheck(await freePort())).not.equal(0);
    broker.pause();
    try {
      should(broker.healthcheck(port(8883))).not.equal(0);
    } finally {
      broker.resume();
    }
  });
});

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
