import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './node-red';

export const THERMAL_TOPIC = 'openegiz/factory-a/oven/oven-001/thermal/telemetry';

/** The PRD's reading of an oven, with a number. */
export function thermal(seq: number, boot_id = 1): Record<string, unknown> {
  const sample = JSON.parse(readFileSync(join(ROOT, 'test/fixtures/prd/thermal.json'), 'utf8')) as object;
  return { ...sample, timestamp: new Date().toISOString(), metadata: { boot_id, seq } };
}
