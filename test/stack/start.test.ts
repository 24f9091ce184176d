import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import should from 'should';
import { httpAnswers, tlsAnswers } from '../../cli/stack/probes';
import { clientsOf, devicesOf } from '../../lib/inventory/inventory';
import { parseInventory } from '../../lib/inventory/parse';
import { eventually, Homes, isAlive, runCommand } from '../support/running-stack';

const SAMPLE = parseInventory(readFileSync(join(__dirname, '../../../sample/inventory.yaml'), 'utf8'));

describe('openegiz start (SPEC 6)', function () {
  this.timeout(120_000);
  const homes = new Homes();
  afterEach(() => homes.cleanUp());

  it('writes ready.json when everything answers, and removes it on exit', async () => {
    const home = homes.make();
    const stack = homes.start(home);
    const ready = await stack.untilReady();

    isAlive(ready.pid).should.equal(true);
    await httpAnswers(`${ready.apiUrl}/api/v1/clients`, [401], ready.mqtt.caFile);
    await tlsAnswers(Number(new URL(ready.mqtt.url).port), ready.mqtt.caFile);
    const metrics = await (await fetch(ready.metricsUrl ?? '')).text();
    metrics.should.match(/^egiz_stores\{state="usable"\} 1$/m);
    metrics.should.match(/^egiz_broker_up\{broker="broker"\} [01]$/m);
    metrics.should.match(/^egiz_presence_devices\{state="online"\} \d/m);
    metrics.should.match(/^egiz_clients\{presence="online"\} [1-9]/m);
    should(Object.keys(ready.tokens)).eql(['acme:admin', 'acme:viewer', 'globex:admin', 'globex:viewer']);
    should(Object.keys(ready.logins)).eql(['editor', 'dashboard:admin', 'dashboard:viewer']);
    should(Object.keys(ready.accounts)).containDeep([
      ...clientsOf(SAMPLE).map(({ account }) => account),
      ...devicesOf(SAMPLE).map(({ account }) => account),
      ...SAMPLE.services.map(({ id }) => id),
    ]);
    should(ready.accounts['acme.press-line-1']).have.keys('url', 'username', 'passwordFile');
    should(ready.accounts['globex.tower-1']).have.keys('url', 'username', 'certFile', 'keyFile');
    for (const { pid, logFile } of Object.values(ready.services)) {
      isAlive(pid).should.equal(true);
      for (const line of readFileSync(logFile, 'utf8').trim().split('\n')) JSON.parse(line);
    }
    const secrets = [
      ...Object.values(ready.tokens),
      ...Object.values(ready.logins).map(({ passwordFile }) => passwordFile),
      ...Object.values(ready.accounts).map((login) =>
        'keyFile' in login ? login.keyFile : login.passwordFile,
      ),
    ];
    for (const file of secrets) (statSync(file).mode & 0o777).should.equal(0o600, file);

    const { code, ms } = await stack.stop('SIGINT');
    should(code).equal(0);
    ms.should.be.below(10_000);
    existsSync(join(home, 'ready.json')).should.equal(false);
    for (const { pid } of Object.values(ready.services)) isAlive(pid).should.equal(false);
  });

  it('keeps two homes apart, ports included, and gives each its ports back', async () => {
    const [first, second] = [homes.make(), homes.make()];
    const both = [homes.start(first, ['--clients', '0']), homes.start(second, ['--clients', '0'])];
    const readies = await Promise.all(both.map((stack) => stack.untilReady()));
    const ports = readies.map(({ apiUrl, mqtt }) => [apiUrl, mqtt.url]);
    new Set(ports.flat()).size.should.equal(4);
    await Promise.all(both.map((stack) => stack.stop()));

    const again = await homes.start(second, ['--clients', '0']).untilReady();
    [again.apiUrl, again.mqtt.url].should.eql(ports[1]);
  });

  it('refuses a home that is in use, naming the process, and leaves it alone', async () => {
    const home = homes.make();
    const stack = homes.start(home, ['--clients', '0']);
    const ready = await stack.untilReady();
    const { code, output } = await runCommand(['start', '--home', home]);
    should(code).equal(1);
    output.should.containEql(`in use by process ${ready.pid}`);
    stack.ready().should.eql(ready);
  });

  it('replaces a taken port by a free one and prints it', async () => {
    const blocker = await listen(1880);
    try {
      const stack = homes.start(homes.make(), ['--clients', '0']);
      const ready = await stack.untilReady();
      should(new URL(ready.apiUrl).port).not.equal('1880');
      stack.command.output.should.match(/Port 1880 \(http\) is taken: using \d+/);
    } finally {
      blocker?.close();
    }
  });

  it('resumes a home that a SIGKILL left, with nothing of it still running', async () => {
    const home = homes.make();
    const killed = homes.start(home, ['--clients', '0']);
    const before = await killed.untilReady();
    const password = readFileSync(passwordFile(before), 'utf8');
    process.kill(before.pid, 'SIGKILL');
    await killed.command.ended;
    existsSync(join(home, 'ready.json')).should.equal(false);

    const after = await homes.start(home, ['--clients', '0']).untilReady();
    for (const { pid } of Object.values(before.services)) isAlive(pid).should.equal(false);
    readFileSync(passwordFile(after), 'utf8').should.equal(password);
    after.mqtt.url.should.equal(before.mqtt.url);
  });

  it('stops everything when the process a person started is killed', async () => {
    const stack = homes.start(homes.make(), ['--clients', '0']);
    const ready = await stack.untilReady();
    stack.command.kill('SIGKILL');
    await eventually(() => !isAlive(ready.pid), 10_000);
    for (const { pid } of Object.values(ready.services)) isAlive(pid).should.equal(false);
  });

  it('starts a service that died again within 10 s, and says so', async () => {
    const stack = homes.start(homes.make(), ['--clients', '0']);
    const before = await stack.untilReady();
    for (const name of ['mosquitto', 'node-red']) {
      const old = before.services[name]?.pid ?? 0;
      process.kill(old, 'SIGKILL');
      await eventually(() => stack.ready().services[name]?.pid !== old, 10_000);
      const said = new RegExp(`${name} was ended by SIGKILL; starting it again .*restart 1`);
      await eventually(
        () => said.test(stack.command.output),
        5_000,
        () => stack.command.output,
      );
    }
    await tlsAnswers(Number(new URL(before.mqtt.url).port), before.mqtt.caFile);
    isAlive(before.pid).should.equal(true);
  });

  it('takes an inventory that knows nothing of the configuration service, and says what it adds', async () => {
    const home = homes.make();
    const file = join(home, 'inventory.yaml');
    writeFileSync(file, 'tenants:\n  - id: "0"\n    clients:\n      - { id: 1e3, type: opc-core-client }\n');
    const stack = homes.start(home, ['--inventory', file, '--clients', '0']);
    const ready = await stack.untilReady();
    stack.command.output.should.containEql('Added the service account "egiz-config"');
    stack.command.output.should.containEql('Added the service account "egiz-monitoring"');
    Object.keys(ready.accounts).should.eql(['0.1e3', 'egiz-config', 'egiz-core', 'egiz-monitoring']);
    Object.keys(ready.tokens).should.eql(['0:admin', '0:viewer']);
  });

  it('serves HTTPS with the development CA when asked to, in a directory with a space in its name', async () => {
    const home = join(homes.make(), 'my home');
    const ready = await homes.start(home, ['--clients', '0', '--https']).untilReady();
    ready.apiUrl.should.startWith('https://127.0.0.1:');
    await httpAnswers(ready.editorUrl, [200], ready.mqtt.caFile);
  });

  it('answers the API with the tokens of ready.json, each for its own tenant', async () => {
    const ready = await homes.start(homes.make(), ['--clients', '0']).untilReady();
    for (const [name, file] of Object.entries(ready.tokens)) {
      const response = await fetch(`${ready.apiUrl}/api/v1/clients`, {
        headers: { authorization: `Bearer ${readFileSync(file, 'utf8').trim()}` },
      });
      response.status.should.equal(200);
      const { items } = (await response.json()) as { items: { tenantId: string }[] };
      const tenant = name.split(':')[0];
      items.length.should.equal(clientsOf(SAMPLE).filter(({ tenantId }) => tenantId === tenant).length);
    }
  });

  it('has a store that openegiz backup copies while it is in use', async () => {
    const home = homes.make();
    await homes.start(home, ['--clients', '0']).untilReady();
    const copy = join(home, 'copy.sqlite');
    const { code, output } = await runCommand(['backup', '--home', home, '--output', copy, '--json']);
    should(code).equal(0, output);
    readFileSync(copy).subarray(0, 15).toString().should.equal('SQLite format 3');
    should((await runCommand(['backup', '--home', home, '--output', copy])).code).equal(1);
  });

  it('stops when asked before it is up', async () => {
    const stack = homes.start(homes.make());
    await eventually(() => stack.command.output.includes('Starting'), 30_000);
    const { ms } = await stack.stop();
    ms.should.be.below(10_000);
  });
});

function passwordFile(ready: {
  readonly logins: Readonly<Record<string, { readonly passwordFile: string }>>;
}): string {
  return ready.logins.editor?.passwordFile ?? '';
}

/** Takes a port, unless something has it already. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
