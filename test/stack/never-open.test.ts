import { type ChildProcess, fork } from 'node:child_process';
import { chmodSync, chownSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { planAccess } from '../../lib/acl/generate';
import { applyAccess, applyPlan } from '../../lib/broker/apply';
import { toEgizError } from '../../lib/errors/egiz-error';
import { parseInventory } from '../../lib/inventory/parse';
import { FOREIGN, serviceFiles, shouldBeClosed, until, WITH_ONE, WITH_TWO } from '../support/closed-broker';
import { InventoryBroker } from '../support/inventory-broker';

const isRoot = process.getuid?.() === 0;

/** SPEC 4 "Reload": each way in which a wrong file could open a broker, tried on a real Mosquitto. */
describe('a wrong file never opens the broker', function () {
  this.timeout(120_000);
  let broker: InventoryBroker;
  afterEach(() => broker?.close());

  const contents = () =>
    [broker.files.aclFile, broker.files.passwordFile].map((file) => readFileSync(file, 'utf8'));

  describe('given to broker apply', () => {
    beforeEach(async () => {
      broker = await InventoryBroker.start(WITH_ONE);
    });

    const line = (wrong: string) => (acl: string) => acl.replace('\n# end\n', `\n${wrong}\n\n# end\n`);
    const wrongAcls: [string, (acl: string) => string][] = [
      ['a line that is none', line('this is no rule')],
      ['a rule without its access', line('topic tenants/#')],
      ['a pattern for everybody', line('pattern readwrite #')],
      ['a comment behind a rule', line('topic read a # everybody')],
      ['a filter that is none', line('topic read a/#/b')],
      ['a tab instead of a space', line('topic\tread a')],
      ['a rule before every account', (acl) => acl.replace('\n\nuser ', '\n\ntopic readwrite #\n\nuser ')],
      ['carriage returns', (acl) => acl.replaceAll('\n', '\r\n')],
      ['nothing in it', () => ''],
      ['only its comment', (acl) => acl.slice(0, acl.indexOf('user '))],
      ['its second half missing', (acl) => acl.slice(0, acl.length / 2)],
      ['its last line missing', (acl) => acl.slice(0, acl.lastIndexOf('# end'))],
      ['one byte missing', (acl) => acl.slice(0, -1)],
    ];
    const wrongPasswords: [string, (passwords: string) => string][] = [
      ['half a hash', (passwords) => passwords.slice(0, -20)],
      ['an account without a hash', (passwords) => `${passwords}eve\n`],
      ['an account twice', (passwords) => passwords + passwords],
    ];
    const cases = [
      ...wrongAcls.map(([name, change]) => [`acl_file with ${name}`, { aclText: change }] as const),
      ...wrongPasswords.map(
        ([name, change]) => [`password_file with ${name}`, { passwordText: change }] as const,
      ),
    ];
    it('is refused before anything is touched, whatever is wrong in it', async () => {
      const plan = await planAccess(parseInventory(WITH_TWO), broker.files);
      const texts = contents();
      for (const [name, changes] of cases) {
        const wrong = Object.entries(changes).map(([key, change]) => [key, change(plan[key as 'aclText'])]);
        const given = { ...plan, ...(Object.fromEntries(wrong) as Partial<typeof plan>) };
        const fault = await applyPlan(given, broker.files, broker.asRunning, 5_000).catch((thrown: unknown) =>
          toEgizError(thrown),
        );
        should(fault).match({ code: /^(ACL|PASSWORD)_FILE_INVALID$/ }, name);
        should(contents()).eql(texts, name);
      }
      await shouldBeClosed(broker);
      await broker.hangUp();
      await shouldBeClosed(broker);
    });

    it('is left behind by no process that is killed halfway, whenever that is', async () => {
      for (let round = 0; round < 12; round++) {
        const child = applyInChild(broker);
        await until(() => child.connected);
        await new Promise((resolve) => setTimeout(resolve, 250 + round * 35));
        await kill(child);
        await broker.hangUp();
        await shouldBeClosed(broker);
      }
      // And nothing of it stands in the way of the next one.
      await applyAccess(parseInventory(WITH_TWO), broker.files, broker.asRunning);
      await broker.login('acme.press-2');
    });
  });

  describe('that the broker cannot read', () => {
    it('is refused before anything is touched', async () => {
      broker = await InventoryBroker.start(WITH_ONE, isRoot ? 'nobody' : undefined);
      // Root itself can read everything; an ordinary user not even its own file of mode 000.
      if (isRoot) chmodSync(join(broker.files.aclFile, '..'), 0o700);
      else chmodSync(broker.files.passwordFile, 0o000);
      const refused = applyAccess(parseInventory(WITH_TWO), broker.files, broker.asRunning);
      await refused.should.be.rejectedWith({
        code: isRoot ? 'BROKER_CANNOT_READ' : /BROKER_CANNOT_READ|EACCES/,
      });
      await shouldBeClosed(broker);
    });

    it('does not come of replacing one: it keeps its owner and mode', async () => {
      const user = isRoot ? 'nobody' : undefined;
      broker = await InventoryBroker.start(WITH_ONE, user);
      const paths = [broker.files.aclFile, broker.files.passwordFile];
      for (const path of paths) {
        if (isRoot) chownSync(path, 65_534, 65_534);
        chmodSync(path, 0o600);
      }
      const before = paths.map((path) => ownership(path));
      // As where the guard is new.
      rmSync(broker.files.guardFile ?? '');
      await applyAccess(parseInventory(WITH_TWO), broker.files, broker.asRunning);
      ownership(broker.files.guardFile ?? '').should.eql(before[0]);
      paths.map((path) => ownership(path)).should.eql(before);
      await shouldBeClosed(broker);
    });
  });

  describe('put in place by somebody else and read by the broker', () => {
    beforeEach(async () => {
      broker = await InventoryBroker.start(WITH_ONE);
    });

    const locked: [string, () => void][] = [
      ['an empty acl_file', () => writeFileSync(broker.files.aclFile, '')],
      ['an acl_file that ends in the middle of a line', () => truncate(broker.files.aclFile)],
      ['an empty password_file', () => writeFileSync(broker.files.passwordFile, '')],
      ['a password_file that ends in the middle of a line', () => truncate(broker.files.passwordFile)],
      ['a key without its certificate', () => writeFileSync(broker.server.keyFile, otherKey(broker))],
    ];
    for (const [name, damage] of locked) {
      it(`(${name}) gives nobody anything that was not his`, async () => {
        const client = await broker.login('acme.press-1');
        const certificate = serviceFiles(broker, 'egiz-config');
        const service = await broker.login('egiz-config', { certificate, listener: 'service-certificate' });
        const seen: string[] = [];
        // A right of this service covers it: were the publish let through, it would be delivered.
        await service.subscribe('#', ({ topic }) => void seen.push(topic));
        damage();
        await broker.hangUp();
        should(await broker.publish(client, FOREIGN).catch(() => 'no connection')).not.be.oneOf(0, 0x10);
        await new Promise((resolve) => setTimeout(resolve, 100));
        seen.should.be.empty();
        broker.running.should.equal(true);
      });
    }
  });
});

function ownership(path: string) {
  const { uid, gid, mode } = statSync(path);
  return { uid, gid, mode };
}

function truncate(path: string): void {
  const text = readFileSync(path);
  writeFileSync(path, text.subarray(0, text.length - 15));
}

function otherKey(broker: InventoryBroker): string {
  return readFileSync(join(broker.pkiDirectory, 'root.key'), 'utf8');
}

/** Applies one inventory after the other until it is killed. */
function applyInChild(broker: InventoryBroker): ChildProcess {
  const { files, pidFile, pkiDirectory } = broker;
  const task = { files, pidFile, url: broker.asRunning.probe?.url, caFile: join(pkiDirectory, 'ca.crt') };
  return fork(join(__dirname, '../support/apply-child.js'), [JSON.stringify(task)]);
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
