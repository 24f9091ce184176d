// Writes telegraf/archive.star, which a test compares with what would be written.
// Usage: npm run telegraf
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { archiveScript, ARCHIVE_SCRIPT } = createRequire(import.meta.url)('../dist/lib/telegraf/script.js');
writeFileSync(ARCHIVE_SCRIPT, archiveScript());
