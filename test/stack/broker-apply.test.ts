import { spawn } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { accessFiles } from '../../cli/commands/acl';
import { generateAccess } from '../../lib/acl/generate';
import { applyAccess, type RunningBroker } from '../../lib/broker/apply';
import { parseInventory } from '../../lib/inventory/parse';
import {
  WITH_TWO as after,
  WITH_ONE as before,
  CLIENT,
  COMMANDS,
  FOREIGN,
  NOT_AUTHORISED,
  serviceFiles,
  shouldBeClosed,
  until,
} from '../support/closed-broker';
import { InventoryBroker } from '../support/inventory-broker';

describe('openegiz broker apply (SPEC 4 "Reload")', function () {
  this.timeout(60_000);
  let broker: InventoryBroker;
  beforeEach(async () => {
    broker = await InventoryBroker.start(before);
  });
  afterEach(() => broker?.close());

  const apply = (text: string, timeoutMs = 10_000) =>
    applyAccess(parseInventory(text), broker.files, broker.asRunning, { timeoutMs });
  const contents = () =>
    [broker.files.aclFile, broker.files.passwordFile].map((file) => readFileSync(file, 'utf8'));

  it('gives and takes rights on the running broker, and sees both on it', async () => {
    should(await apply(after)).match({ changed: true, reloaded: true, probed: true });
    const added = await broker.login('acme.press-2');
    should(await broker.publish(added, 'tenants/acme/clients/press-2/status')).not.equal(NOT_AUTHORISED);
    await broker.closeLinks();

    const gone = await broker.login('acme.press-2');
    should(await apply(before)).match({
      changed: true,
      probed: true,
      diff: { accountsRemoved: ['acme.press-2'] },
    });
    await until(() => gone.state.kind === 'disconnected');
    await broker.login('acme.press-2').should.be.rejectedWith(/MQTT_NOT_AUTHORISED/);
    await shouldBeClosed(broker);
  });

  it('keeps connected clients connected, with their subscriptions', async () => {
    const client = await broker.login('acme.press-1', { sessionExpirySeconds: 3600 });
    const received: string[] = [];
    await client.subscribe(COMMANDS, ({ payload }) => void received.push(payload.toString()));
    const states: string[] = [];
    client.onState(({ kind }) => states.push(kind));
    await apply(after);
    await apply(before);
    const service = await broker.login('egiz-config', {
      certificate: serviceFiles(broker, 'egiz-config'),
      listener: 'service-certificate',
    });
    await broker.publish(service, COMMANDS, 'after the reloads');
    await until(() => received.length > 0);
    received.should.eql(['after the reloads']);
    states.should.eql(['connected']);
  });

  it('leaves an account that is gone and has a certificate connected, with nothing it may do', async () => {
    const own = 'tenants/acme/clients/press-9/status';
    const device = '{ id: press-9, type: opc-core-client, login: certificate }';
    await apply(before.replace(CLIENT, `${CLIENT}, ${device}`));
    const certificate = await broker.enrol({ kind: 'client', account: 'acme.press-9' });
    const link = await broker.login('acme.press-9', { certificate });
    should(await broker.publish(link, own)).not.equal(NOT_AUTHORISED);
    await apply(before);
    should(await broker.publish(link, own)).equal(NOT_AUTHORISED);
    should(link.state.kind).equal('connected');
  });

  it('leaves broker and files alone when they agree, and reloads when only the broker is behind', async () => {
    await apply(after);
    const [acl] = contents();
    should(await apply(after)).match({ changed: false, reloaded: false, probed: true });
    should(contents()[0]).equal(acl);
    // Written by a process that was killed before it could signal.
    await generateAccess(parseInventory(before), broker.files);
    should(await apply(before)).match({ changed: false, reloaded: true, probed: true });
    await broker.login('acme.press-2').should.be.rejectedWith(/MQTT_NOT_AUTHORISED/);
  });

  it('makes a broker that was opened by a file of somebody else follow the inventory again', async () => {
    writeFileSync(broker.files.aclFile, 'this is no acl_file\n');
    await broker.hangUp();
    const client = await broker.login('acme.press-1');
    // Mosquitto 2.0 does what the research says: every right for everybody.
    let code: number = NOT_AUTHORISED;
    for (let tries = 0; tries < 50 && code === NOT_AUTHORISED; tries++)
      code = await broker.publish(client, FOREIGN);
    should(code).not.equal(NOT_AUTHORISED);
    await apply(before);
    await shouldBeClosed(broker);
  });

  it('takes everything back when the broker does not follow, and says so', async () => {
    // Files the broker does not read: its own ones are elsewhere.
    const elsewhere = join(broker.directory, 'elsewhere');
    cpSync(join(broker.directory, 'broker'), elsewhere, { recursive: true });
    const files = accessFiles(elsewhere);
    const old = readFileSync(files.aclFile, 'utf8');
    await applyAccess(parseInventory(after), files, broker.asRunning, {
      timeoutMs: 1_000,
    }).should.be.rejectedWith({
      code: 'BROKER_APPLY_FAILED',
      message: /a right taken, was not denied; the old ones are back and in force/,
    });
    should(readFileSync(files.aclFile, 'utf8')).equal(old);
    await shouldBeClosed(broker);
  });

  const unreachable: [string, Partial<RunningBroker>, string][] = [
    ['an address where nothing listens', { probe: { url: 'mqtts://127.0.0.1:1' } }, 'BROKER_UNREACHABLE'],
    ['a pid file of nobody', { pidFile: '/nowhere.pid' }, 'BROKER_PID_UNREADABLE'],
  ];
  for (const [name, wrong, code] of unreachable) {
    it(`changes nothing with ${name}`, async () => {
      const texts = contents();
      const running = { ...broker.asRunning, ...wrong };
      await applyAccess(parseInventory(after), broker.files, running).should.be.rejectedWith({ code });
      contents().should.eql(texts);
    });
  }

  it('does not signal a process that SIGHUP would end', async () => {
    const innocent = spawn('sleep', ['60']);
    try {
      writeFileSync(broker.pidFile, `${innocent.pid}`);
      await apply(after).should.be.rejectedWith({ code: 'BROKER_NOT_SIGNALLED' });
      should(innocent.exitCode).equal(null);
    } finally {
      innocent.kill('SIGKILL');
    }
  });

  it('works one at a time', async () => {
    const [first, second] = await Promise.allSettled([apply(after), apply(before)]);
    should(first.status).equal('fulfilled');
    should(second).match({ status: 'rejected', reason: { code: 'BUSY' } });
  });
});
