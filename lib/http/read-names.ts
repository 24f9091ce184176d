/**
 * What `egiz-fleet-query` can read. `tenants` is for flows of the plant's own, such as its dashboard; the API
 * has no path for it, because a tenant must not learn of the others.
 */
export const READS = [
  'clients',
  'client',
  'configuration',
  'history',
  'commands',
  'command',
  'counts',
  'alerts',
  'tenants',
  'openapi',
] as const;
export type Read = (typeof READS)[number];

/** The node's choice that leaves it to the request's path. */
export const BY_PATH = 'request';

/** The API's paths, below `/api/v1`, and what they read. */
const PATHS: readonly (readonly [RegExp, Read])[] = [
  [/\/clients\/?$/, 'clients'],
  [/\/clients\/[^/]+\/?$/, 'client'],
  [/\/clients\/[^/]+\/config\/?$/, 'configuration'],
  [/\/clients\/[^/]+\/config\/history\/?$/, 'history'],
  [/\/clients\/[^/]+\/commands\/?$/, 'commands'],
  [/\/clients\/[^/]+\/commands\/[^/]+\/?$/, 'command'],
  [/\/counts\/?$/, 'counts'],
  [/\/alerts\/?$/, 'alerts'],
  [/\/openapi\.json$/, 'openapi'],
];

/** What a GET of this path reads, or undefined when the API has no such path. */
export function readForPath(path: string): Read | undefined {
  return PATHS.find(([pattern]) => pattern.test(path))?.[1];
}
