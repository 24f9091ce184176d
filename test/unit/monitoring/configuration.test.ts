import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { parse } from 'yaml';
import { ROOT } from '../../support/node-red';

const MONITORING = join(ROOT, 'monitoring');
const JOBS = ['alertmanager', 'archive', 'auditor', 'broker', 'influxdb', 'node-red', 'prometheus'];

interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

const read = (name: string) => readFileSync(join(MONITORING, name), 'utf8');

describe('targets of Prometheus', () => {
  for (const file of readdirSync(join(MONITORING, 'targets'))) {
    const groups = parse(read(`targets/${file}`)) as readonly TargetGroup[];

    it(`in ${file} are every part that tells of itself, each with a name`, () => {
      const jobs = groups.map(({ labels }) => labels.job ?? '');
      jobs.sort().should.eql(JOBS);
      for (const { labels, targets } of groups) {
        should(labels.instance).match(/^[a-z-]+$/);
        targets.should.have.length(1);
      }
    });
  }

  it('are services of compose.yaml', () => {
    const { services } = parse(readFileSync(join(ROOT, 'compose.yaml'), 'utf8'), { merge: true }) as {
      services: Readonly<Record<string, unknown>>;
    };
    const hosts = (parse(read('targets/compose.yml')) as readonly TargetGroup[])
      .flatMap(({ targets }) => targets)
      .map((target) => target.split(':')[0] ?? '');
    for (const host of hosts.filter((name) => name !== '127.0.0.1'))
      should(services[host]).not.equal(undefined, host);
  });
});

describe('monitoring/alertmanager.yml', () => {
  const amtool = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('amtool', args, { cwd: MONITORING, encoding: 'utf8' });
    should(status).equal(0, stdout + stderr);
    return stdout.trim();
  };

  it('is accepted by Alertmanager (amtool check-config)', () => {
    amtool('check-config', 'alertmanager.yml');
  });

  it('wakes somebody for what is critical, and makes a ticket of what is not', () => {
    const receiver = (severity: string) =>
      amtool('config', 'routes', 'test', '--config.file=alertmanager.yml', `severity=${severity}`);
    receiver('critical').should.equal('page');
    receiver('warning').should.equal('ticket');
  });

  it('has secrets as files alone', () => {
    const text = read('alertmanager.yml');
    text.should.match(/credentials_file: secrets\//);
    text.should.not.match(/(password|credentials|token|key|bearer_token): /);
  });
});

/** The part of telegraf/broker-metrics.conf that turns reasons into codes. */
describe('reasons of the audit log', () => {
  const conf = readFileSync(join(ROOT, 'telegraf/broker-metrics.conf'), 'utf8');
  const known = [...conf.matchAll(/^ +"([^"]+)": "[a-z_]+",$/gm)].map(([, reason = '']) => reason);
  const sources = join(ROOT, 'broker/plugin/src');
  const source = readdirSync(sources)
    .map((name) => readFileSync(join(sources, name), 'utf8'))
    .join('\n');

  it('that become codes are those of the guard', () => {
    known.length.should.be.above(15);
    for (const reason of known) source.should.containEql(`"${reason}"`);
  });

  it('of the guard for a refusal or a goodbye all become codes', () => {
    const said = [
      ...source.matchAll(/return refuse\(guard, client, "([^"]+)"\)/g),
      ...source.matchAll(/refuse\(guard, client, "([^"]+)"\);/g),
      ...source.matchAll(/case MOSQ_ERR_\w+: return "([^"]+)";/g),
    ].map(([, reason = '']) => reason);
    said.length.should.be.above(10);
    for (const reason of said) known.should.containEql(reason);
  });

  it('and events are those of the guard’s manual', () => {
    const manual = readFileSync(join(ROOT, 'broker/plugin/README.md'), 'utf8');
    const [, events = ''] = /^EVENTS = \{\n([\s\S]*?)^\}/m.exec(conf) ?? [];
    const named = [...events.matchAll(/^ {2}"(\w+)":/gm)].map(([, event = '']) => event);
    const listed = /^`start`, `stop` · .*$/m.exec(manual)?.[0] ?? '';
    const told = [...listed.matchAll(/`(\w+)`/g)].map(([, event = '']) => event);
    named.filter((event) => event !== 'other').should.eql(told);
  });
});
