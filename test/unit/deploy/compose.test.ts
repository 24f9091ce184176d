import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { parse } from 'yaml';
import { INFLUXDB } from '../../../lib/programs/influxdb';
import { TELEGRAF } from '../../../lib/programs/telegraf';
import { ROOT } from '../../support/node-red';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile?: string };
  readonly user: string;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly healthcheck: { readonly test: readonly string[] };
  readonly secrets?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly ports?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(readFileSync(join(ROOT, 'compose.yaml'), 'utf8'), { merge: true }) as Compose;
const services = Object.entries(compose.services);

describe('compose.yaml', () => {
  it('is accepted by docker-compose, with every profile', () => {
    const args = ['-f', 'compose.yaml', '--profile', 'archive', '--profile', 'monitoring', 'config', '-q'];
    const { status, stderr } = spawnSync('docker-compose', args, { cwd: ROOT, encoding: 'utf8' });
    should(status).equal(0, stderr);
  });

  it('has the whole stack', () => {
    const archive = ['telegraf', 'influxdb', 'auditor'];
    const monitoring = ['broker-metrics', 'prometheus', 'alertmanager', 'grafana'];
    services.map(([name]) => name).should.eql(['mosquitto', 'node-red', ...archive, ...monitoring]);
  });

  for (const [name, service] of services) {
    describe(name, () => {
      it('is one exact version', () => {
        service.image.should.match(/^[a-z/-]+:v?\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?$/);
        if (service.build === undefined) return;
        const file = join(service.build.context, service.build.dockerfile ?? 'Dockerfile');
        existsSync(join(ROOT, file)).should.equal(true, file);
      });

      it('is not root, and can neither become it nor change its files', () => {
        service.user.should.match(/^[1-9]\d*:[1-9]\d*$/);
        service.read_only.should.equal(true);
        service.cap_drop.should.eql(['ALL']);
        service.security_opt.should.containEql('no-new-privileges:true');
      });

      it('tells whether it is well', () => {
        should(service.healthcheck.test[0]).equal('CMD');
      });

      it('has secrets from files alone', () => {
        for (const secret of service.secrets ?? [])
          should(compose.secrets[secret]).not.equal(undefined, secret);
        for (const [variable, value] of Object.entries(service.environment ?? {})) {
          if (/PASSWORD|SECRET|TOKEN|_KEY/.test(variable)) {
            value.should.match(/^\/(run\/secrets|etc)\//, variable);
          }
        }
      });

      it('mounts what is there or declared, and waits for services that tell how they are', () => {
        for (const volume of service.volumes ?? []) {
          const [, source = ''] = /^(\$\{[^}]+\}[^:]*|[^:]+):/.exec(volume) ?? [];
          const inCheckout = source.startsWith('./') && existsSync(join(ROOT, source));
          const known = source in compose.volumes || source.startsWith('${EGIZ_DEPLOY') || inCheckout;
          known.should.equal(true, volume);
        }
        for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
          should(compose.services[other]).not.equal(undefined);
          condition.should.equal('service_healthy');
        }
      });

      it('opens to other machines only what MQTT clients need', () => {
        for (const port of service.ports ?? []) port.should.match(/^(127\.0\.0\.1:|888[345]:888[345]$)/);
      });
    });
  }

  it('uses every secret it declares', () => {
    const used = new Set(services.flatMap(([, { secrets }]) => secrets ?? []));
    Object.keys(compose.secrets)
      .sort()
      .should.eql([...used].sort());
  });
});

describe('Dockerfiles', () => {
  for (const file of ['broker/Dockerfile', 'node-red/Dockerfile', 'telegraf/Dockerfile']) {
    it(`${file} begins with an exact version, ends as another user than root and checks its health`, () => {
      const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
      const [base = ''] = lines.filter((line) => /^ARG \w+=/.test(line));
      base.should.match(/^ARG \w+=[a-z]+:\d+\.\d+(\.\d+)?-[a-z-]+$/);
      for (const from of lines.filter((line) => line.startsWith('FROM'))) from.should.startWith('FROM ${');
      should(lines.filter((line) => line.startsWith('USER')).at(-1)).match(/^USER [1-9]\d*:[1-9]\d*$/);
      lines.some((line) => line.startsWith('HEALTHCHECK')).should.equal(true);
    });
  }

  it('have the Telegraf and the InfluxDB that the tests run', () => {
    const telegraf = readFileSync(join(ROOT, 'telegraf/Dockerfile'), 'utf8');
    telegraf.should.containEql(`=telegraf:${TELEGRAF.version}-`);
    should(compose.services.influxdb?.image).equal(`influxdb:${INFLUXDB.version}`);
  });

  it('install the Node-RED and the dashboard that the tests run', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: Readonly<Record<string, string>>;
    };
    const file = readFileSync(join(ROOT, 'node-red/Dockerfile'), 'utf8');
    for (const name of ['node-red', '@flowfuse/node-red-dashboard']) {
      file.should.containEql(` ${name}@${devDependencies[name]} `);
    }
    file.should.containEql(`node:${devDependencies.node}-`);
  });
});
