// Writes telegraf/archive.star, which a test compares with what would be written.
// Usage: npm run telegraf
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { archiveScript, TELEGRAF_DIRECTORY } = createRequire(import.meta.url)(
  '../dist/lib/telegraf/script.js',
);
writeFileSync(join(TELEGRAF_DIRECTORY, 'archive.star'), archiveScript());
