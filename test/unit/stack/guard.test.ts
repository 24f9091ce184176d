import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { provideGuard } from '../../../cli/stack/guard';
import { ROOT } from '../../support/node-red';

describe('the guard plugin of a start (SEC-5, SEC-6)', function () {
  this.timeout(60_000);
  let directory = '';
  let said: string[] = [];
  const say = (text: string) => said.push(text);
  beforeEach(() => {
    said = [];
    directory = mkdtempSync(join(tmpdir(), 'egiz-guard-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const plugin = join(ROOT, 'broker/plugin');
  const at = (name: string) => join(directory, name);
  const withCache = (path = process.env.PATH) => ({
    ...process.env,
    PATH: path,
    XDG_CACHE_HOME: at('cache'),
  });

  it('is built once for each state of its sources', async () => {
    const first = await provideGuard(say, { directory: plugin, environment: withCache() });
    should(first).startWith(join(at('cache'), 'openegiz/guard-'));
    existsSync(first ?? '').should.equal(true);
    said.should.eql(['Building the guard plugin …']);
    should(await provideGuard(say, { directory: plugin, environment: withCache() })).equal(first);
    said.should.have.length(1);
  });

  it('is gone without when it cannot be built, and one line says what is missing', async () => {
    const environment = withCache(at('empty'));
    should(await provideGuard(say, { directory: plugin, environment })).equal(undefined);
    said.should.have.length(1);
    said[0]?.should.match(/^The guard plugin .* is not loaded: .* apt-get install cmake make gcc/);
  });

  it('is gone without when it does not compile, and one line names the log', async () => {
    mkdirSync(join(at('source'), 'src'), { recursive: true });
    copyFileSync(join(plugin, 'CMakeLists.txt'), join(at('source'), 'CMakeLists.txt'));
    writeFileSync(join(at('source'), 'src/clock.c'), 'no C\n');
    should(await provideGuard(say, { directory: at('source'), environment: withCache() })).equal(undefined);
    should(said.at(-1)).match(/could not be built, see (.*)$/);
    existsSync(/see (.*)$/.exec(said.at(-1) ?? '')?.[1] ?? '').should.equal(true);
  });
});
