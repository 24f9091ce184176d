import type { Migrations } from '../shell/migrate';

/** Version 1: the first one. The issuer's facts come from the environment unless the node says otherwise. */
export const migrations: Migrations = [
  (config) => ({
    issuer: '${EGIZ_JWT_ISSUER}',
    audience: '${EGIZ_JWT_AUDIENCE}',
    keys: '${EGIZ_JWKS}',
    tenantClaim: 'tenant',
    scope: '',
    ...config,
  }),
];
