import type { JsonObject } from '../../lib/json/json';

/** A small valid configuration of each shipped client type, for the line a start prints to try the loop with. */
export const CONFIG_EXAMPLES: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  [
    'opc-core-client',
    {
      connections: {
        press: {
          endpoint: 'opc.tcp://127.0.0.1:4840',
          groups: {
            fast: {
              namespaceUri: 'urn:acme:press',
              publishingIntervalMs: 1000,
              tags: { force: 's=Press1.Force' },
            },
          },
        },
      },
    },
  ],
  ['esp32-sensor', { telemetry_interval_s: 5 }],
  ['signal-tower', { lamps: { running: { colour: 'green', mode: 'steady' } }, publishIntervalSeconds: 5 }],
]);
