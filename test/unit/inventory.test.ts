import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { EgizError } from '../../lib/errors/egiz-error';
import { clientsOf, devicesOf } from '../../lib/inventory/inventory';
import { parseInventory } from '../../lib/inventory/parse';

/** The messages of all faults. */
function faultsOf(text: string): string[] {
  try {
    parseInventory(text);
  } catch (thrown) {
    if (!(thrown instanceof EgizError)) throw thrown;
    thrown.code.should.equal('INVENTORY_INVALID');
    return (thrown.cause.errors ?? []).map(({ message }) => message);
  }
  throw new Error('the inventory was accepted');
}

const LEAST = `tenants:
  - id: acme
    clients:
      - { id: press-line-1, type: opc-core-client }
factories:
  - id: factory-a
    tenant: acme
    equipment:
      - id: oven-001
        type: oven
        devices:
          - { id: esp32-oven001-elec, sensor: electrical }
          - { id: esp32-oven001-therm, sensor: thermal }
services:
  - { id: telegraf, role: archive }        # reads openegiz/#
  - { id: watch, role: monitoring }        # reads $SYS/#
`;

describe('inventory (SPEC 5)', () => {
  it('is read in its least form', () => {
    const inventory = parseInventory(LEAST);
    clientsOf(inventory)
      .map(({ account }) => account)
      .should.eql(['acme.press-line-1']);
    devicesOf(inventory)[1]?.should.containEql({
      account: 'esp32-oven001-therm',
      tenantId: 'acme',
      factoryId: 'factory-a',
      equipmentType: 'oven',
      equipmentId: 'oven-001',
      sensorType: 'thermal',
    });
    inventory.services.map(({ role }) => role).should.eql(['archive', 'monitoring']);
  });

  it('is read the same from JSON', () => {
    const json = JSON.stringify({ tenants: [{ id: 'acme', clients: [{ id: 'a', type: 't' }] }] }, null, '\t');
    parseInventory(json).should.eql(parseInventory('tenants: [{id: acme, clients: [{id: a, type: t}]}]'));
  });

  it('takes "0", "1e3", "true" and "constructor" for the identifiers they are (SPEC 2)', () => {
    const inventory = parseInventory(
      'tenants: [{id: 0, clients: [{id: 1e3, type: true}, {id: constructor, type: x}]}]',
    );
    clientsOf(inventory)
      .map(({ account }) => account)
      .should.eql(['0.1e3', '0.constructor']);
  });

  it('carries labels and limits when they are there', () => {
    const [found] = clientsOf(
      parseInventory(
        'tenants: [{id: a, clients: [{id: b, type: t, labels: {site: x}, limits: {messagesPerSecond: 5}}]}]',
      ),
    );
    should(found?.client).containEql({ labels: { site: 'x' }, limits: { messagesPerSecond: 5 } });
  });

  it('reads the shipped sample', () => {
    const inventory = parseInventory(readFileSync(join(__dirname, '../../../sample/inventory.yaml'), 'utf8'));
    inventory.tenants.map(({ id }) => id).should.eql(['acme', 'globex']);
    inventory.services.map(({ role }) => role).should.containEql('config');
  });

  const refused: [string, string, RegExp][] = [
    [
      'an unknown key, naming the one that was meant',
      'tenants:\n  - id: a\n    client: []',
      /^line 3: .*"client".*did you mean "clients"\?/,
    ],
    ['a missing key', 'tenants:\n  - id: a\n    clients:\n      - id: b', /^line 4: .*lacks "type"/],
    [
      'an identifier with a slash',
      'tenants:\n  - id: a/b',
      /^line 2: "a\/b" is not a valid tenant identifier/,
    ],
    ['an identifier with a wildcard', 'tenants:\n  - id: "+"', /^line 2: "\+" is not a valid tenant/],
    ['an empty identifier', 'tenants:\n  - id: ""', /^line 2: "id" must be a text/],
    [
      'a tenant too long for a certificate',
      `tenants:\n  - id: ${'a'.repeat(25)}`,
      /^line 2: .*tenant identifier/,
    ],
    [
      'a tenant named twice',
      'tenants:\n  - id: a\n  - id: a',
      /^line 3: tenant "a" is already given on line 2/,
    ],
    [
      'a client named twice',
      'tenants: [{id: a, clients: [{id: b, type: t}, {id: b, type: t}]}]',
      /client of tenant "a" "b" is already given/,
    ],
    [
      'a board called like a client of its tenant: the API would not know which is meant',
      'tenants: [{id: a, clients: [{id: b, type: t}]}]\nfactories: [{id: f, tenant: a, equipment: [{id: e, type: t, devices: [{id: b, sensor: thermal}]}]}]',
      /client of tenant "a" "b" is already given on line 1/,
    ],
    ['a duplicate key', 'tenants: []\ntenants: []', /^line 2: Map keys must be unique/],
    [
      'a factory of an unknown tenant',
      'tenants: [{id: acme}]\nfactories:\n  - {id: f, tenant: acne}',
      /^line 3: .*did you mean "acme"\?/,
    ],
    ['an unknown role', 'tenants: []\nservices: [{id: s, role: archiv}]', /did you mean "archive"\?/],
    ['a list that is none', 'tenants: {id: a}', /"tenants" must be a list/],
    ['text that is no mapping', 'hello', /must be a mapping/],
    ['an empty text', '', /lacks "tenants"/],
    ['broken YAML', 'tenants: [', /^line 1: /],
    ['a __proto__ label', 'tenants: [{id: a, labels: {__proto__: x}}]', /__proto__/],
    [
      'a limit that is no number',
      'tenants: [{id: a, clients: [{id: b, type: t, limits: {burst: many}}]}]',
      /whole number/,
    ],
  ];
  for (const [name, text, message] of refused) {
    it(`refuses ${name}`, () => {
      faultsOf(text)
        .some((fault) => message.test(fault))
        .should.equal(true, faultsOf(text).join('\n'));
    });
  }

  it('refuses a device id or service account that is used twice, over factories and tenants', () => {
    const factory = (id: string, tenant: string) =>
      `{id: ${id}, tenant: ${tenant}, equipment: [{id: e, type: t, devices: [{id: d, sensor: thermal}]}]}`;
    const text = `tenants: [{id: a}, {id: b}]\nfactories: [${factory('f', 'a')}, ${factory('g', 'b')}]`;
    faultsOf(text).should.matchAny(/account "d" is already given on line 2/);
    faultsOf(`${text.replace(/, \{id: g.*/, ']')}\nservices: [{id: d, role: ml}]`).should.matchAny(
      /account "d"/,
    );
  });

  it('refuses a second board for the same sensor of one equipment, ambient and environmental being the same', () => {
    const text = `tenants: [{id: a}]
factories: [{id: f, tenant: a, equipment: [{id: e, type: t, devices: [{id: x, sensor: ambient}, {id: y, sensor: environmental}]}]}]`;
    faultsOf(text).should.matchAny(/board of equipment "f\/e" for "environmental"/);
  });

  it('refuses a text nested too deep for its parser', () => {
    faultsOf('['.repeat(1_000)).length.should.be.above(0);
  });

  it('names every fault at once', () => {
    faultsOf('tenants:\n  - id: a/b\n  - id: ok\n    client: red').should.have.length(2);
  });

  it('leaves keys alone that are not ours: an inventory may carry more (SPEC 5)', () => {
    const client = '{id: a, type: t, certificates: {days: 30}, site: berlin}';
    const inventory = parseInventory(`owner: plant\ntenants: [{id: acme, contact: x, clients: [${client}]}]`);
    clientsOf(inventory).should.have.length(1);
  });
});
