import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { prepareAccess, withOwnServices } from '../../../cli/stack/access';
import { boardServices } from '../../../cli/stack/boards';
import { homePaths } from '../../../cli/stack/home';
import { buildVirtualBoard, builtVirtualBoard } from '../../../cli/stack/virtual-board';
import { parseInventory } from '../../../lib/inventory/parse';

const INVENTORY = parseInventory(`
tenants: [{ id: acme }]
factories:
  - id: f
    tenant: acme
    equipment:
      - id: oven-1
        type: oven
        devices: [{ id: elec, sensor: electrical }, { id: therm, sensor: thermal, login: certificate }]
`);

describe('virtual boards of a start', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-boards-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  describe('services', () => {
    const services = async (count: number) => {
      const paths = homePaths(directory);
      const { inventory } = withOwnServices(INVENTORY);
      const ports = { http: 1, mqtts: 2, mqttsClients: 3, mqttsServices: 4 } as never;
      const access = await prepareAccess(inventory, paths, ports);
      return boardServices('/virtual-board', inventory, count, access, paths);
    };
    const fileOf = (args: readonly string[]) => {
      const file = String(args.at(-1));
      return { file, content: JSON.parse(readFileSync(file, 'utf8')) };
    };

    it('are one a listener, each board with its own account and flash', async () => {
      const specs = await services(2);
      should(specs.map(({ name }) => name)).eql(['boards', 'boards-certificates']);
      const [byPassword, byCertificate] = specs.map(({ args }) => fileOf(args).content);
      byPassword.should.containDeep({
        url: 'mqtts://127.0.0.1:2',
        boards: [{ device_id: 'elec', equipment_id: 'oven-1', sensor_type: 'electrical', username: 'elec' }],
      });
      byCertificate.should.containDeep({
        url: 'mqtts://127.0.0.1:3',
        boards: [{ device_id: 'therm', flashFile: join(directory, 'boards/therm.flash') }],
      });
      should(byCertificate.boards[0]).have.properties(['certFile', 'keyFile']);
    });

    it('trust the keys of this home, and tell their accounts to nobody else', async () => {
      const [spec] = await services(1);
      const { file, content } = fileOf(spec?.args ?? []);
      should(content.updateKeys.map(({ id }: { id: string }) => id)).eql(['ota-1', 'ota-2']);
      should(statSync(file).mode & 0o777).equal(0o600);
    });

    it('are none when none is asked for', async () => {
      should(await services(0)).be.empty();
    });

    it('say by a line that they are there, and how bad a line is', async () => {
      const [spec] = await services(1);
      should(spec?.announces?.('{"event":"ready","boards":1}')).be.true();
      should(spec?.announces?.('{"level":"info"}')).be.false();
      should(
        ['{"level":"error"}', '{"level":"warn"}', '{"level":"info"}', 'virtual-board: x'].map((line) =>
          spec?.levelOf?.(line),
        ),
      ).eql(['error', 'warning', 'info', 'error']);
    });
  });

  describe('the program', () => {
    const paths = () => ({ firmware: join(directory, 'firmware'), cache: join(directory, 'cache') });
    /** Sources whose build only copies one file, and counts how often it ran. */
    const sources = (content: string, build = 'cp "$(dirname "$0")/main.cpp" "$1/virtual-board"') => {
      for (const folder of ['core', 'host']) mkdirSync(join(paths().firmware, folder), { recursive: true });
      writeFileSync(join(paths().firmware, 'CMakeLists.txt'), '');
      writeFileSync(join(paths().firmware, 'host/main.cpp'), content);
      writeFileSync(join(paths().firmware, 'host/build.sh'), build);
    };
    const build = async () => {
      const said: string[] = [];
      const program = await buildVirtualBoard(paths(), (text) => said.push(text));
      return { program, said };
    };

    it('is built once for each state of the sources, outside of them', async () => {
      sources('one');
      should(builtVirtualBoard(paths())).be.undefined();
      const first = await build();
      should(readFileSync(first.program, 'utf8')).equal('one');
      should(first.said).match([/^Building/]);
      should(await build()).eql({ program: first.program, said: [] });
      sources('two');
      should(builtVirtualBoard(paths())).be.undefined();
      should((await build()).program).not.equal(first.program);
      sources('one');
      should(builtVirtualBoard(paths())).equal(first.program);
    });

    it('cannot be built without the sources, and says so in one line', async () => {
      await build().should.be.rejectedWith({ code: 'VIRTUAL_BOARD_MISSING' });
      should(builtVirtualBoard(paths())).be.undefined();
    });

    it('says why a build failed, and what it needs', async () => {
      sources('one', 'echo "CMake Error: Could NOT find CURL" >&2; exit 1');
      const failure = await build().catch((fault: unknown) => fault);
      should(failure).match({ code: 'VIRTUAL_BOARD_BUILD_FAILED', message: /Could NOT find CURL/ });
      should(failure).match({ cause: { mend: /apt-get install g\+\+ cmake/ } });
    });
  });
});
