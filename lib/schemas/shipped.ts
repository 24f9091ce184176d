import { join } from 'node:path';

/** The package's `schemas/` folder, as seen from the compiled file (`dist/lib/schemas` or `build/lib/schemas`). */
export const SHIPPED_SCHEMAS = join(__dirname, '..', '..', '..', 'schemas');

/** The schemas of the client types that come with the package: the first directory of a `SchemaRegistry`. */
export const SHIPPED_CLIENT_SCHEMAS = join(SHIPPED_SCHEMAS, 'clients');
