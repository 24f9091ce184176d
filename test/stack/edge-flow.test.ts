import { readFileSync } from 'node:fs';
import should from 'should';
import type { Ready } from '../../cli/stack/ready';
import { Homes } from '../support/running-stack';

interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  readonly label?: string;
}

/** What the README tells an owner to do, done over the admin API instead of the editor. */
describe('the shipped edge client flow, switched on', function () {
  this.timeout(120_000);
  const homes = new Homes();
  let ready: Ready;
  before(async () => {
    ready = await homes.start(homes.make(), ['--clients', '0']).untilReady();
  });
  after(() => homes.cleanUp());

  const read = (file: string | undefined) => readFileSync(file ?? '', 'utf8').trim();

  const api = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const response = await fetch(`${ready.apiUrl}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${read(ready.tokens['acme:admin'])}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // Between the flows of before and those of a deploy Node-RED answers with a page of its own.
    if (response.headers.get('content-type')?.includes('json') !== true) return {};
    return (await response.json()) as Record<string, unknown>;
  };

  /** Enters the account into "edge broker" and enables the tab. */
  const switchOn = async (account: string) => {
    const admin = async (path: string, method: string, headers: object, body?: string) => {
      const init = {
        method,
        headers: headers as Record<string, string>,
        ...(body === undefined ? {} : { body }),
      };
      return fetch(`${ready.editorUrl?.replace(/\/$/, '')}${path}`, init);
    };
    const login = ready.logins.editor;
    const form = {
      client_id: 'node-red-editor',
      grant_type: 'password',
      scope: '',
      username: login?.username ?? '',
    };
    const token = await admin(
      '/auth/token',
      'POST',
      { 'content-type': 'application/x-www-form-urlencoded' },
      new URLSearchParams({ ...form, password: read(login?.passwordFile) }).toString(),
    );
    const { access_token } = (await token.json()) as { access_token: string };
    const headers = { authorization: `Bearer ${access_token}`, 'Node-RED-API-Version': 'v2' };
    const { flows, rev } = (await (await admin('/flows', 'GET', headers)).json()) as {
      flows: FlowNode[];
      rev: string;
    };
    const login_ = ready.accounts[account];
    const password = login_ !== undefined && 'passwordFile' in login_ ? read(login_.passwordFile) : '';
    const changed = flows.map((node) => {
      if (node.name === 'edge broker') return { ...node, credentials: { user: account, password } };
      return node.label === 'Edge client' ? { ...node, disabled: false } : node;
    });
    const deployed = await admin(
      '/flows',
      'POST',
      { ...headers, 'content-type': 'application/json' },
      JSON.stringify({ flows: changed, rev }),
    );
    should(deployed.status).equal(200);
  };

  const until = async (client: string, holds: (body: Record<string, unknown>) => boolean) => {
    for (let tries = 0; tries < 200; tries += 1) {
      const body = await api(`/api/v1/clients/${client}`);
      if (holds(body)) return body;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`never: ${JSON.stringify(await api(`/api/v1/clients/${client}`))}`);
  };

  it('is seen online, applies what is pushed, and says so', async () => {
    await switchOn('acme.andon-1');
    await until('andon-1', ({ presence }) => presence === 'online');
    const settings = { lamps: { red: { colour: 'red', mode: 'steady' } } };
    await api('/api/v1/clients/andon-1/config', { version: '1.0.0', settings });
    const client = await until(
      'andon-1',
      ({ desired }) => (desired as { state: string }).state === 'applied',
    );
    should(client).containDeep({ reported: { revision: 1 }, drift: false });
  });
});
