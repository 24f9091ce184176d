import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { parseInventory } from '../../lib/inventory/parse';
import { archiveConf } from '../../lib/telegraf/conf';
import { TELEGRAF_DIRECTORY } from '../../lib/telegraf/script';
import { ROOT } from '../support/node-red';

describe('telegraf.conf', () => {
  const shipped = readFileSync(join(TELEGRAF_DIRECTORY, 'telegraf.conf'), 'utf8');
  const sample = parseInventory(readFileSync(join(ROOT, 'sample/inventory.yaml'), 'utf8'));

  it('is sized for the limits that a broker has by default (FR-2.6, FR-4.5)', () => {
    archiveConf(sample).should.equal(shipped);
  });

  it('has the figures of FR-4.4 and FR-4.5', () => {
    for (const line of [
      'metric_batch_size = 5000',
      'flush_interval = "1s"',
      'metric_buffer_limit = 100000',
    ]) {
      shipped.should.containEql(`\n  ${line}\n`);
    }
  });

  it('takes values written out, whatever characters they have', () => {
    const conf = archiveConf(sample, { EGIZ_TLS_CA: '/home/a "b"\\c/ca.crt' });
    conf.should.containEql('tls_ca = "/home/a \\"b\\"\\\\c/ca.crt"\n');
  });

  it('names every variable that it reads at its head', () => {
    const [head = ''] = shipped.split('[agent]');
    const read = [...shipped.matchAll(/\$\{(EGIZ_\w+):-/g)].map(([, name]) => name);
    for (const name of new Set(read)) head.should.containEql(`#   ${name} `);
    should(read.length).be.above(0);
  });
});
