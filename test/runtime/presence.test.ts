import should from 'should';
import { NodeRed, userDirectory } from '../support/node-red';

const TOPIC = 'openegiz/factory-a/oven/oven-001/thermal/status';
const node = (id: string, type: string, wires: string[][], properties: object = {}) => ({
  id,
  type,
  z: 'tab',
  x: 100,
  y: 100,
  wires,
  ...properties,
});
/** What is posted goes to the node, and its answer back. */
const flows = [
  { id: 'tab', type: 'tab', label: 'test' },
  node('in', 'http in', [['unpack']], { url: '/ask', method: 'post' }),
  node('unpack', 'function', [['presence'], ['out']], {
    outputs: 2,
    func: 'const { req, res, payload } = msg;\nreturn payload.read ? [{ req, res, ...payload }, null] : [payload, { req, res, payload: {} }];',
  }),
  node('presence', 'egiz-presence', [[], [], ['out']], { contextStore: 'file' }),
  node('out', 'http response', []),
];

describe('egiz-presence in a real Node-RED', function () {
  this.timeout(90_000);
  const userDir = userDirectory();
  let nodeRed: NodeRed;
  afterEach(() => nodeRed?.stop());

  const start = (settings: Record<string, unknown>) => NodeRed.start({ flows, userDir, settings });
  const ask = async (body: object) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${nodeRed.url}/ask`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return response.json();
  };
  const timestamp = new Date().toISOString();
  const status = { topic: TOPIC, payload: { device_id: 'board-1', status: 'online', timestamp } };

  it('knows its devices after a restart, from a context store on disk', async () => {
    const settings = {
      contextStorage: { default: { module: 'memory' }, file: { module: 'localfilesystem' } },
    };
    nodeRed = await start(settings);
    await ask(status);
    should(await ask({ read: 'summary' })).match({ online: 1, total: 1 });
    await nodeRed.stop();
    nodeRed = await start(settings);
    should(await ask({ read: 'devices' })).match({ items: [{ device: 'board-1', state: 'online' }] });
  });

  it('says so when the settings have no such store, and keeps them over a deploy', async () => {
    nodeRed = await start({});
    should(nodeRed.output).match(/no context store "file"/);
    await ask(status);
    await nodeRed.deploy(flows);
    should(await ask({ read: 'summary' })).match({ online: 1, total: 1 });
  });
});
