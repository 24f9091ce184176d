import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { archiveTasks, RETENTION, TELEMETRY_MEASUREMENTS } from '../../../lib/archive/layout';
import { isJsonObject } from '../../../lib/json/json';
import { ROOT } from '../../support/node-red';

describe('the tasks of the archive', () => {
  const tasks = archiveTasks();

  it('sum up in the same way, however far they reach back', () => {
    const ways = tasks.map(({ flux }) => flux.slice(flux.indexOf('// Whole minutes only')));
    should(new Set(ways).size).equal(1);
    should(ways[0]?.length).be.above(1000);
  });

  it('are named in their files as they are looked for', () => {
    for (const { name, flux } of tasks) should(flux).containEql(`option task = {name: "${name}", `);
  });

  it('treat as texts and switches what the schemas say are such, and everything else as a number', () => {
    const switches = TELEMETRY_MEASUREMENTS.flatMap((measurement) => switchesOf(measurement));
    should(switches).eql(['heating_active']);
  });
});

describe('NFR-7', () => {
  it('keeps raw data 90 days and figures one year', () => {
    should(RETENTION).match({ raw: 90 * 86_400, downsampled: 365 * 86_400 });
  });
});

/** Measured values of the schema that are neither a number nor made of numbers with their unit. */
function switchesOf(sensor: string): string[] {
  const text = readFileSync(join(ROOT, 'schemas/telemetry', `${sensor}.json`), 'utf8');
  const schema = JSON.parse(text) as {
    properties: { measurements: { properties: Record<string, { type: string }> } };
  };
  const values = Object.entries(schema.properties.measurements.properties);
  should(values.every(([, value]) => isJsonObject(value))).be.true();
  return values.filter(([, { type }]) => !['number', 'object', 'array'].includes(type)).map(([name]) => name);
}
