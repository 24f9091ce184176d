/**
 * True only for `EGIZ_DEVELOPMENT=1`, which `openegiz start` sets for the processes it starts. Everything that must
 * not happen in production by accident asks here: minted tokens, plain HTTP, missing secrets.
 */
export function isDevelopment(environment: NodeJS.ProcessEnv): boolean {
  return environment.EGIZ_DEVELOPMENT === '1';
}
