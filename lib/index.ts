/** The domain behind the nodes, for use in plain Node programs. */
export * from './errors/egiz-error';
export { SchemaRegistry } from './schemas/registry';
export { SchemaSet } from './schemas/schema-set';
export { SHIPPED_CLIENT_SCHEMAS } from './schemas/shipped';
export { hashPassword } from './users/passwords';
