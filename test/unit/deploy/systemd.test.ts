import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { PRODUCTION } from '../../../lib/broker/production';
import { ROOT } from '../../support/node-red';

const DIRECTORY = join(ROOT, 'broker/systemd');
/** In tenths, of 100 (open) to 0; Debian's own mosquitto.service has 92. */
const EXPOSURE_LIMIT = '15';

describe('systemd units', () => {
  for (const name of readdirSync(DIRECTORY)) {
    const analyze = (...args: string[]) =>
      spawnSync('systemd-analyze', [...args, join(DIRECTORY, name)], { encoding: 'utf8' });

    it(`${name} is valid: systemd-analyze verify says nothing`, () => {
      const { status, stdout, stderr } = analyze('verify', '--man=no');
      should([status, stdout, stderr]).eql([0, '', '']);
    });

    it(`${name} is hardened: systemd-analyze security`, () => {
      const { status, stdout } = analyze('security', '--offline=true', `--threshold=${EXPOSURE_LIMIT}`);
      should(status).equal(0, stdout);
    });
  }

  it('give the broker the directories that its configuration names', () => {
    const unit = readFileSync(join(DIRECTORY, 'openegiz-mosquitto.service'), 'utf8');
    unit.should.containEql(`ExecStart=/usr/sbin/mosquitto -c ${PRODUCTION.configuration}/mosquitto.conf\n`);
    const directories = { StateDirectory: '/var/lib', LogsDirectory: '/var/log', RuntimeDirectory: '/run' };
    const named = Object.entries(directories).map(([setting, below]) => {
      const name = new RegExp(`^${setting}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
      return join(below, name);
    });
    named.should.eql([PRODUCTION.data, PRODUCTION.log, PRODUCTION.run]);
  });
});
