import 'should';
import { CONFIG_EXAMPLES } from '../../../cli/stack/examples';
import { SchemaRegistry } from '../../../lib/schemas/registry';
import { SHIPPED_CLIENT_SCHEMAS } from '../../../lib/schemas/shipped';

describe('the line a start prints', () => {
  for (const [type, settings] of CONFIG_EXAMPLES) {
    it(`pushes a valid configuration to a client of type ${type}`, () => {
      const registry = SchemaRegistry.load([SHIPPED_CLIENT_SCHEMAS]);
      registry.validate(`${type}/1`, settings).should.eql([]);
    });
  }
});
