import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { prepareAccess, withOwnServices } from '../../../cli/stack/access';
import { homePaths } from '../../../cli/stack/home';
import { simulatedDevices, simulatorService } from '../../../cli/stack/simulator';
import { parseInventory } from '../../../lib/inventory/parse';
import { readSimulatorFile } from '../../../lib/simulator/account';

const INVENTORY = parseInventory(`
tenants: [{ id: acme, clients: [{ id: press-1, type: opc-core-client }, { id: press-2, type: opc-core-client }] }]
factories:
  - id: f
    tenant: acme
    equipment:
      - id: oven-1
        type: oven
        devices:
          - { id: nose, sensor: smell }
          - { id: elec, sensor: electrical }
          - { id: air, sensor: ambient, login: certificate }
`);

describe('the simulator of a start', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-simulator-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** The file that tells the process whom to play. */
  const file = async (clients: number, boards: number) => {
    const paths = homePaths(directory);
    const { inventory } = withOwnServices(INVENTORY);
    const ports = { http: 1, mqtts: 2, mqttsClients: 3, mqttsServices: 4 } as never;
    const access = await prepareAccess(inventory, paths, ports);
    return String(simulatorService(inventory, { clients, boards, seed: 9 }, access, paths).args.at(-1));
  };

  it('plays as many clients and boards as asked for, each with its own account', async () => {
    const { seed, clients, boards } = readSimulatorFile(await file(1, 2));
    should(seed).equal(9);
    should(clients).match([{ clientId: 'press-1', username: 'acme.press-1', url: 'mqtts://127.0.0.1:2' }]);
    should(boards).match([
      { deviceId: 'elec', sensorType: 'electrical', equipmentId: 'oven-1', url: 'mqtts://127.0.0.1:2' },
      { deviceId: 'air', sensorType: 'environmental', url: 'mqtts://127.0.0.1:3', certFile: /air\.crt$/ },
    ]);
  });

  it('leaves boards alone whose sensors nobody can make up', () => {
    should(simulatedDevices(INVENTORY).map(({ account }) => account)).eql(['elec', 'air']);
  });

  it('tells their accounts to nobody else', async () => {
    const path = await file(2, 2);
    should(statSync(path).mode & 0o777).equal(0o600);
    readFileSync(path, 'utf8').should.not.match(/"password":/);
  });
});
