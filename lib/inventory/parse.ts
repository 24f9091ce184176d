import { EgizError, toEgizError } from '../errors/egiz-error';
import { type IdentifierKind, parseIdentifier } from '../topics/identifiers';
import { canonicalSensorType } from '../topics/sensors';
import { type Fields, InventoryDocument, type Place } from './document';
import {
  type AccountLogin,
  type Client,
  type Device,
  type Equipment,
  type Factory,
  type Inventory,
  type Labels,
  type Limits,
  SERVICE_ROLES,
  type Service,
  type ServiceRole,
  type Tenant,
} from './inventory';
import { nearest } from './nearest';

const LOGINS: readonly AccountLogin[] = ['password', 'certificate'];
/** What the guard plugin takes as a rate. */
const MAX_RATE = 1_000_000;
const MAX_CHARACTERS = 16 * 1024 * 1024;
/** For a person only; not kept. */
const REMARKS = ['name', 'description'];

/**
 * Parses an inventory, YAML or JSON.
 * @throws EgizError `INVENTORY_INVALID` with every fault, each with its line
 */
export function parseInventory(text: string): Inventory {
  if (text.length > MAX_CHARACTERS) {
    throw new EgizError('INVENTORY_INVALID', 'The inventory is refused: it is larger than 16 MiB', {
      mend: 'Split it, one inventory a broker.',
    });
  }
  const document = new InventoryDocument(text);
  document.throwFaults();
  const inventory = new InventoryReader(document).read();
  document.throwFaults();
  return inventory;
}

const clientScope = (tenant: string): string => `client of tenant "${tenant}"`;

class InventoryReader {
  /** Accounts and ids already given, by scope, with the place they were given at. */
  private readonly seen = new Map<string, Map<string, string>>();

  constructor(private readonly document: InventoryDocument) {}

  read(): Inventory {
    const fields = this.document.mapping(
      this.document.root,
      ['tenants'],
      ['factories', 'services', ...REMARKS],
    );
    const tenants = this.document.list(fields.get('tenants'), 'tenant').map((place) => this.tenant(place));
    const tenantIds = tenants.map(({ id }) => id);
    const list = (key: string, what: string) => this.document.list(fields.get(key), what);
    return {
      tenants,
      factories: list('factories', 'factory').map((place) => this.factory(place, tenantIds)),
      services: list('services', 'service').map((place) => this.service(place)),
    };
  }

  private tenant(place: Place): Tenant {
    const fields = this.document.mapping(place, ['id'], ['clients', 'labels', ...REMARKS]);
    const id = this.uniqueId('tenant', fields, 'tenant');
    const clients = this.document.list(fields.get('clients'), `client of tenant "${id}"`);
    return { id, labels: this.labels(fields), clients: clients.map((client) => this.client(client, id)) };
  }

  private client(place: Place, tenant: string): Client {
    const fields = this.document.mapping(place, ['id', 'type'], ['login', 'limits', 'labels', ...REMARKS]);
    return {
      id: this.uniqueId('client', fields, clientScope(tenant)),
      type: this.identifier('client type', fields.get('type')),
      login: this.choice(fields.get('login'), LOGINS, 'password'),
      limits: this.limits(fields),
      labels: this.labels(fields),
    };
  }

  private factory(place: Place, tenantIds: readonly string[]): Factory {
    const fields = this.document.mapping(place, ['id', 'tenant'], ['equipment', 'labels', ...REMARKS]);
    const id = this.uniqueId('factory', fields, 'factory');
    const owner = fields.get('tenant');
    const tenant = owner === undefined ? '' : this.choice(owner, tenantIds, '');
    const equipment = this.document.list(fields.get('equipment'), `equipment of factory "${id}"`);
    return {
      id,
      tenant,
      labels: this.labels(fields),
      equipment: equipment.map((item) => this.equipment(item, { factory: id, tenant })),
    };
  }

  private equipment(place: Place, { factory, tenant }: { factory: string; tenant: string }): Equipment {
    const fields = this.document.mapping(place, ['id', 'type'], ['devices', 'zone', 'labels', ...REMARKS]);
    const id = this.uniqueId('equipment', fields, `equipment of factory "${factory}"`);
    const type = this.identifier('equipment type', fields.get('type'));
    const zone = fields.get('zone');
    const zoneLabel: Labels = zone === undefined ? {} : { zone: this.document.text(zone) ?? '' };
    const devices = this.document.list(fields.get('devices'), `device of equipment "${id}"`);
    return {
      id,
      type,
      labels: { ...this.labels(fields), ...zoneLabel },
      devices: devices.map((device) => this.device(device, { equipment: `${factory}/${id}`, tenant })),
    };
  }

  private device(place: Place, { equipment, tenant }: { equipment: string; tenant: string }): Device {
    const fields = this.document.mapping(place, ['id', 'sensor'], ['login', 'limits', 'labels', ...REMARKS]);
    const id = this.uniqueId('device', fields, 'account');
    const idPlace = fields.get('id');
    // Both are clients of the tenant, and one path of the API leads to each.
    if (idPlace !== undefined && id !== '') this.claim(clientScope(tenant), id, idPlace);
    const sensorPlace = fields.get('sensor');
    const sensor = canonicalSensorType(this.identifier('sensor type', sensorPlace));
    if (sensorPlace !== undefined) this.claim(`board of equipment "${equipment}" for`, sensor, sensorPlace);
    return {
      id,
      sensor,
      login: this.choice(fields.get('login'), LOGINS, 'password'),
      limits: this.limits(fields),
      labels: this.labels(fields),
    };
  }

  private service(place: Place): Service {
    const fields = this.document.mapping(place, ['id', 'role'], ['login', 'limits', 'labels', ...REMARKS]);
    const role = fields.get('role');
    return {
      id: this.uniqueId('service', fields, 'account'),
      role: role === undefined ? 'monitoring' : this.choice<ServiceRole>(role, SERVICE_ROLES, 'monitoring'),
      login: this.choice(fields.get('login'), LOGINS, 'certificate'),
      limits: this.limits(fields),
      labels: this.labels(fields),
    };
  }

  private identifier(kind: IdentifierKind, place: Place | undefined): string {
    const text = place === undefined ? undefined : this.document.text(place);
    if (place === undefined || text === undefined) return '';
    try {
      return parseIdentifier(kind, text);
    } catch (thrown) {
      const { message, cause } = toEgizError(thrown);
      this.document.fault(place, 'identifier', `${message}. ${cause.mend ?? ''}`.trim());
      return '';
    }
  }

  private uniqueId(kind: IdentifierKind, fields: Fields, scope: string): string {
    const place = fields.get('id');
    const id = this.identifier(kind, place);
    if (place !== undefined && id !== '') this.claim(scope, id, place);
    return id;
  }

  /** The first to use a name in a scope has it; the next is told where the first stands. */
  private claim(scope: string, name: string, place: Place): void {
    const names = this.seen.get(scope) ?? new Map<string, string>();
    const first = names.get(name);
    if (first === undefined) names.set(name, `line ${this.document.lineOf(place)}`);
    else this.document.fault(place, 'duplicate', `${scope} "${name}" is already given on ${first}`);
    this.seen.set(scope, names);
  }

  private choice<Value extends string>(
    place: Place | undefined,
    values: readonly Value[],
    fallback: Value,
  ): Value {
    const text = place === undefined ? undefined : this.document.text(place);
    if (place === undefined || text === undefined) return fallback;
    const found = values.find((value) => value === text);
    if (found !== undefined) return found;
    const guess = nearest(text, values);
    const mend = guess === undefined ? `it must be one of ${values.join(', ')}` : `did you mean "${guess}"?`;
    this.document.fault(place, 'enum', `"${text}" is not a known ${place.what}; ${mend}`);
    return fallback;
  }

  private labels(fields: Fields): Labels {
    const place = fields.get('labels');
    if (place === undefined) return {};
    const labels: [string, string][] = [];
    for (const [key, field] of this.document.entries(place)) {
      if (key === '__proto__')
        this.document.fault(field, 'forbiddenKey', 'a label may not be named "__proto__"');
      else labels.push([key, this.document.text(field) ?? '']);
    }
    return Object.fromEntries(labels);
  }

  private limits(fields: Fields): Limits {
    const place = fields.get('limits');
    if (place === undefined) return {};
    const found = this.document.mapping({ ...place, what: 'limits' }, [], ['messagesPerSecond', 'burst']);
    const limits: [string, number][] = [];
    for (const [key, field] of found) {
      const value = Number(this.document.text(field));
      if (Number.isSafeInteger(value) && value > 0 && value <= MAX_RATE) limits.push([key, value]);
      else this.document.fault(field, 'number', `"${key}" must be a whole number from 1 to ${MAX_RATE}`);
    }
    return Object.fromEntries(limits);
  }
}
