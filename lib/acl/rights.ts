import {
  clientsOf,
  devicesOf,
  type Inventory,
  type InventoryDevice,
  type Limits,
  type ServiceRole,
} from '../inventory/inventory';
import {
  CLIENT_STATUS_FILTER,
  type ClientRef,
  clientCommandTopic,
  clientRoot,
  clientStatusTopic,
} from '../topics/clients';
import {
  equipmentCommandTopic,
  SENSOR_STATUS_FILTERS,
  sensorStatusTopic,
  sensorTelemetryTopic,
} from '../topics/sensors';

/** Who may do what on which filter: data, whatever broker it is rendered for. */
export interface Right {
  /** `read`: may be sent messages on these topics. `write`: may publish to them. */
  readonly access: 'read' | 'write';
  readonly filter: string;
}

export type AccountKind = 'client' | 'device' | 'service';

export interface AccountRights {
  readonly account: string;
  readonly kind: AccountKind;
  readonly rights: readonly Right[];
  /** Filters this account reads together with others on purpose: the command topic of one equipment. */
  readonly shared: readonly string[];
  /** What it may send (SEC-5); the broker's default where the inventory says nothing. */
  readonly limits: Limits;
}

const read = (filter: string): Right => ({ access: 'read', filter });
const write = (filter: string): Right => ({ access: 'write', filter });

/** SPEC 2 and PRD FR-3, by role. */
const ROLE_RIGHTS: Readonly<Record<ServiceRole, readonly Right[]>> = {
  /** The configuration service (SPEC 3). */
  config: [
    read(CLIENT_STATUS_FILTER),
    ...SENSOR_STATUS_FILTERS.map(read),
    write('tenants/+/clients/+/commands/config'),
    write('openegiz/+/+/+/command'),
  ],
  core: [read('openegiz/#'), write('openegiz/+/+/+/command')],
  archive: [read('openegiz/#')],
  ml: [read('openegiz/+/+/+/+/telemetry')],
  monitoring: [read('$SYS/#')],
};

export function roleRights(role: ServiceRole): readonly Right[] {
  return ROLE_RIGHTS[role];
}

/** The rights of every account of the inventory, by account name. */
export function rightsOf(inventory: Inventory): AccountRights[] {
  const accounts: AccountRights[] = [
    ...clientsOf(inventory).map(({ account, client, ...ref }) => ({
      account,
      kind: 'client' as const,
      rights: clientRights(ref),
      shared: [],
      limits: client.limits,
    })),
    ...devicesOf(inventory).map((device) => ({
      account: device.account,
      kind: 'device' as const,
      rights: deviceRights(device),
      shared: [equipmentCommandTopic(device)],
      limits: device.device.limits,
    })),
    ...inventory.services.map(({ id, role, limits }) => ({
      account: id,
      kind: 'service' as const,
      rights: ROLE_RIGHTS[role],
      shared: [],
      limits,
    })),
  ];
  return accounts.sort((a, b) => (a.account < b.account ? -1 : 1));
}

export function clientRights(ref: ClientRef): Right[] {
  const root = clientRoot(ref);
  return [
    read(clientCommandTopic(ref)),
    write(clientStatusTopic(ref)),
    write(`${root}/telemetry/#`),
    write(`${root}/meta/#`),
  ];
}

function deviceRights(device: InventoryDevice): Right[] {
  const levels = topicLevels(device.sensorType);
  return [
    read(equipmentCommandTopic(device)),
    ...levels.flatMap((sensorType) => [
      write(sensorTelemetryTopic({ ...device, sensorType })),
      write(sensorStatusTopic({ ...device, sensorType })),
    ]),
  ];
}

/** An environmental board may call its topic level `ambient`, as the PRD's samples do (SPEC 2). */
function topicLevels(sensor: string): readonly string[] {
  return sensor === 'environmental' ? ['environmental', 'ambient'] : [sensor];
}
