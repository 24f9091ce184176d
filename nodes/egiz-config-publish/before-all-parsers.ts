import type { NodeAPI } from 'node-red';

type Middleware = (request: never, response: never, next: (error?: unknown) => void) => void;

/** The parts of an Express 4 or 5 application that this needs and its types do not show. */
interface Application {
  readonly parent?: Application;
  use(middleware: Middleware): unknown;
  readonly _router?: { stack: { handle: unknown }[] };
  readonly router?: { stack: { handle: unknown }[] };
}

/**
 * Puts a middleware before every other of the whole HTTP server. Node-RED's admin API parses JSON bodies, and
 * where it lives at `/` it parses ours before any route of ours is asked; `http in` has to do the same for its
 * own raw bodies.
 */
export function useBeforeAllParsers(RED: NodeAPI, middleware: Middleware): void {
  let app = RED.httpNode as unknown as Application | undefined;
  if (typeof app?.use !== 'function') return;
  while (app.parent !== undefined) app = app.parent;
  app.use(middleware);
  const stack = (app._router ?? app.router)?.stack ?? [];
  const index = stack.findIndex((layer) => layer.handle === middleware);
  if (index > 0) stack.unshift(...stack.splice(index, 1));
}
