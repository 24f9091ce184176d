/** The domain behind the nodes, for use in plain Node programs. */
export * from './errors/egiz-error';
