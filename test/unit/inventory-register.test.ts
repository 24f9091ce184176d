import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { parseInventory } from '../../lib/inventory/parse';
import { registerInventory } from '../../lib/inventory/register';
import { type Engine, startEngine } from '../support/engine';

describe('the inventory in the store', () => {
  let engine: Engine;
  beforeEach(async () => {
    engine = await startEngine();
  });
  afterEach(() => engine.close());

  it('has the boards of a factory as clients of its tenant, with their place', async () => {
    const text = readFileSync(join(__dirname, '../../../sample/inventory.yaml'), 'utf8');
    const { store } = engine.service;
    const { registered, retired } = await registerInventory(store, parseInventory(text));
    should({ registered, retired }).eql({ registered: 10, retired: 2 });
    const board = await store.transaction((tx) =>
      tx.client({ tenantId: 'acme', clientId: 'esp32-zonea-amb' }),
    );
    should(board).have.properties({
      type: 'esp32-sensor',
      profile: 'sensors',
      address: 'factory-a/environment/zone-a/environmental',
      labels: { factory: 'factory-a', equipment: 'zone-a', sensor: 'environmental' },
    });
  });
});
