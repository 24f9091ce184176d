// What the image runs: the shipped flows are put into the user directory at the first start, then Node-RED takes over.
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const packageRoot = dirname(require.resolve('@openegiz/node-red-edge/package.json'));
const userDirectory = process.env.EGIZ_USER_DIR ?? '/data';

// Where Node-RED looks for what its owner has installed; the volume outlives the image, the link does not need to.
const link = join(userDirectory, 'node_modules/@openegiz/node-red-edge');
mkdirSync(dirname(link), { recursive: true });
rmSync(link, { force: true });
symlinkSync(packageRoot, link);

const { installFlows } = require(join(packageRoot, 'dist/cli/stack/flows.js'));
console.log(`Flows: ${installFlows(join(packageRoot, 'examples'), userDirectory)}`);

process.argv.splice(2, process.argv.length, '--settings', join(packageRoot, 'dist/settings.js'));
process.argv.push('--userDir', userDirectory, '--port', process.env.EGIZ_PORT ?? '1880');
require(join(dirname(require.resolve('node-red/package.json')), 'red.js'));
