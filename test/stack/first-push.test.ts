import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { eventually, Homes, type RunningStack, readyOf } from '../support/running-stack';

interface ClientView {
  readonly desired: { readonly revision: number; readonly hash: string };
  readonly reported: { readonly revision: number; readonly hash: string };
  readonly presence: string;
}

describe('the lines a start prints (SPEC 6)', function () {
  this.timeout(120_000);
  const homes = new Homes();
  after(() => homes.cleanUp());
  const home = homes.make();

  it('push a configuration to a simulated client, and show it applied', async () => {
    const stack = homes.start(home);
    await stack.untilReady();
    const [push, show] = await curlLines(stack);
    const accepted = JSON.parse(shell(push)) as { state: string; revision: number };
    should(accepted).match({ state: 'accepted', revision: 1 });
    const client = () => JSON.parse(shell(show)) as ClientView;
    await eventually(
      () => client().reported.revision === 1,
      10_000,
      () => JSON.stringify(client()),
    );
    client().should.match({ presence: 'online', reported: { hash: client().desired.hash } });
  });

  it('show the same after everything was killed and started again', async () => {
    process.kill(readyOf(home).pid, 'SIGKILL');
    await eventually(() => !existsSync(join(home, 'ready.json')), 5_000);

    const again = homes.start(home);
    await again.untilReady();
    const [push, show] = await curlLines(again);
    const client = () => JSON.parse(shell(show)) as ClientView;
    await eventually(
      () => client().presence === 'online',
      10_000,
      () => JSON.stringify(client()),
    );
    client().should.match({ desired: { revision: 1 }, reported: { revision: 1 } });
    JSON.parse(shell(push)).should.match({ state: 'unchanged' });
  });
});

/** They come a moment after ready.json. */
async function curlLines(stack: RunningStack): Promise<[push: string, show: string]> {
  await eventually(() => /See it applied:\n +curl .+\n/.test(stack.command.output), 5_000);
  const lines = stack.command.output.split('\n').map((line) => line.trim());
  const [push, show, ...more] = lines.filter((line) => line.startsWith('curl '));
  if (push === undefined || show === undefined) throw new Error(stack.command.output);
  more.should.eql([]);
  return [push, show];
}

function shell(line: string): string {
  return execFileSync('sh', ['-c', line], { encoding: 'utf8' });
}
