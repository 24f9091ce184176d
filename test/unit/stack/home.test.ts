import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { withOwnServices } from '../../../cli/stack/access';
import { installFlows, mergeFlows } from '../../../cli/stack/flows';
import { resolveHome } from '../../../cli/stack/home';
import { HomeLock } from '../../../cli/stack/lock';
import { LogFile, lineSplitter } from '../../../cli/stack/log';
import { packagesToInstall } from '../../../cli/stack/packages';
import { choosePorts, PortClaims } from '../../../cli/stack/ports';
import { playedCount } from '../../../cli/stack/simulator';
import { parseInventory } from '../../../lib/inventory/parse';
import { identify, isRunning } from '../../../lib/processes/identity';

describe('the home of a start (SPEC 6)', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-unit-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const at = (name: string) => join(directory, name);

  it('is --home, else OPENEGIZ_HOME, else .openegiz in the checkout', () => {
    resolveHome('/a', { OPENEGIZ_HOME: '/b' }).should.equal('/a');
    resolveHome(undefined, { OPENEGIZ_HOME: '/b' }).should.equal('/b');
    resolveHome(undefined, {}).should.endWith('/.openegiz');
  });

  it('belongs to one start at a time; the lock of a process that is gone counts for nothing', async () => {
    const lock = await HomeLock.acquire(at('lock'));
    await HomeLock.acquire(at('lock')).should.be.rejectedWith({ code: 'HOME_IN_USE' });
    lock.release();
    writeFileSync(at('lock'), JSON.stringify({ pid: process.pid, startedAt: 'long ago', stopping: false }));
    (await HomeLock.acquire(at('lock'))).release();
  });

  it('waits for a start that is stopping', async () => {
    const lock = await HomeLock.acquire(at('lock'));
    lock.markStopping();
    setTimeout(() => lock.release(), 150);
    (await HomeLock.acquire(at('lock'))).release();
  });

  it('tells a process from a later one with the same number', () => {
    const own = identify(process.pid);
    should(own).not.equal(undefined);
    isRunning({ pid: process.pid, startedAt: own?.startedAt ?? '' }).should.equal(true);
    isRunning({ pid: process.pid, startedAt: '1' }).should.equal(false);
  });

  it('takes a free port for a taken one, remembers it, and never one that another start has claimed', async () => {
    const [mine, theirs] = [new PortClaims(at('claims')), new PortClaims(at('claims'))];
    const first = await choosePorts(at('ports.json'), mine);
    const other = await choosePorts(at('other.json'), theirs);
    const numbers = [...Object.values(first.ports), ...Object.values(other.ports)];
    new Set(numbers).size.should.equal(numbers.length);
    mine.release();
    theirs.release();
    should((await choosePorts(at('other.json'), mine)).ports).eql(other.ports);

    mine.release();
    const blocker = createServer().listen(other.ports.mqtts, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { ports, replaced } = await choosePorts(at('other.json'), mine);
    blocker.close();
    replaced.should.eql([{ name: 'mqtts', wanted: other.ports.mqtts, port: ports.mqtts }]);
    mine.release();
  });

  it('bounds its logs', () => {
    const log = new LogFile(at('a.log'), 1000);
    for (let line = 0; line < 100; line++) log.write('test', 'info', `line ${line}`);
    readdirSync(directory).sort().should.eql(['a.log', 'a.log.1', 'a.log.2']);
    const last = readFileSync(at('a.log'), 'utf8').trim().split('\n').at(-1) ?? '';
    (JSON.parse(last) as { message: string }).message.should.equal('line 99');
  });

  it('cuts output into lines, whatever the pieces it comes in', () => {
    const lines: string[] = [];
    const splitter = lineSplitter((line) => lines.push(line));
    for (const piece of ['a', 'b\nc', '\n\n', 'd']) splitter.push(Buffer.from(piece));
    splitter.end();
    lines.should.eql(['ab', 'c', 'd']);
  });

  it('gets the shipped flows at first, newer ones while nobody has edited them, and keeps edited ones', () => {
    const [shipped, user] = [mkdtempSync(at('shipped-')), mkdtempSync(at('user-'))];
    const ship = (name: string) =>
      writeFileSync(join(shipped, 'service.json'), JSON.stringify([{ id: '1', name }]));
    const flows = () => readFileSync(join(user, 'flows.json'), 'utf8');
    ship('first');
    installFlows(shipped, user).should.equal('written');
    installFlows(shipped, user).should.equal('unchanged');
    ship('second');
    installFlows(shipped, user).should.equal('written');
    writeFileSync(join(user, 'flows.json'), '[{"id":"mine"}]');
    installFlows(shipped, user).should.equal('unchanged');
    ship('third');
    installFlows(shipped, user).should.equal('kept');
    flows().should.containEql('mine');
  });
});

describe('the flows of a start', () => {
  it('hold a configuration node of several files once, and the modules all of them need', () => {
    const global = (modules: Record<string, string>) => ({ id: 'g', type: 'global-config', modules });
    mergeFlows([
      [{ id: 'a' }, { id: 'broker', url: 'x' }, global({ one: '1' })],
      [{ id: 'broker', url: 'x' }, { id: 'b' }, global({ two: '2' })],
    ]).should.eql([{ id: 'a' }, { id: 'broker', url: 'x' }, global({ one: '1', two: '2' }), { id: 'b' }]);
  });
});

describe('the accounts of a start', () => {
  it('include one for each role of Node-RED, under a name nobody has', () => {
    const { inventory, added } = withOwnServices(
      parseInventory('tenants: []\nservices: [{id: egiz-config, role: ml}, {id: eyes, role: monitoring}]'),
    );
    added
      .map(({ id, role }) => [id, role])
      .should.eql([
        ['egiz-config-2', 'config'],
        ['egiz-core', 'core'],
      ]);
    inventory.services.map(({ role }) => role).should.eql(['ml', 'monitoring', 'config', 'core']);
    withOwnServices(inventory).added.should.be.empty();
  });

  it('include a further one where the only service of a role logs in with a password', () => {
    const { added } = withOwnServices(
      parseInventory('tenants: []\nservices: [{id: watch, role: monitoring, login: password}]'),
    );
    added.map(({ role }) => role).should.containEql('monitoring');
  });
});

describe('simulated clients', () => {
  const cases: [string, Parameters<typeof playedCount>, number][] = [
    ['all of the sample', [7, undefined, true], 7],
    ['at most twenty of another inventory', [500, undefined, false], 20],
    ['as many as asked for', [500, 100, false], 100],
    ['no more than there are', [7, 100, true], 7],
    ['none when none are asked for', [7, 0, true], 0],
  ];
  for (const [name, args, expected] of cases) {
    it(`are ${name}`, () => {
      playedCount(...args).should.equal(expected);
    });
  }
});

describe('Debian packages', () => {
  it('are read from the plan of apt-get', () => {
    const plan =
      'Reading package lists...\nInst libcjson1 (1.7.15 Debian [amd64])\nInst mosquitto (2.0.11 Debian [amd64])\nConf mosquitto (2.0.11)';
    packagesToInstall(plan).should.eql(['libcjson1', 'mosquitto']);
  });
});
