import { readFileSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import should from 'should';
import type { Ready } from '../../cli/stack/ready';
import { Homes } from '../support/running-stack';

/** The editor's own global, as far as this test uses it. */
interface EditorPage {
  RED: {
    nodes: {
      createCompleteNodeSet(options: object): { id: string; type: string }[];
      getType(type: string): { defaults?: object } | undefined;
      eachNode(visit: (node: { id: string; type: string; valid: boolean }) => void): void;
      eachConfig(visit: (node: { id: string; type: string; valid: boolean }) => void): void;
    };
  };
}

const CHROMIUM = '/usr/bin/chromium';
const BLINK = JSON.stringify({ lamps: { red: { colour: 'red', mode: 'blink' } } });
const PINK = JSON.stringify({ lamps: { red: { colour: 'pink', mode: 'blink' } } });

/** The page as a person uses it, on everything that `npm start` starts. */
describe('the shipped flows in a browser', function () {
  this.timeout(120_000);
  const homes = new Homes();
  let ready: Ready;
  let browser: Browser;
  const faults: string[] = [];

  before(async () => {
    ready = await homes.start(homes.make()).untilReady();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });
  after(async () => {
    await browser?.close();
    await homes.cleanUp();
  });

  const open = async (url: string | undefined): Promise<Page> => {
    const page = await (await browser.newContext({ viewport: { width: 1500, height: 1000 } })).newPage();
    page.on('pageerror', (fault) => faults.push(fault.message));
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol.startsWith('http') && hostname !== '127.0.0.1') faults.push(`asks ${request.url()}`);
    });
    await page.goto(url ?? '');
    return page;
  };
  const loginOf = (name: string) => {
    const login = ready.logins[name];
    if (login === undefined) throw new Error(`ready.json has no login ${name}`);
    return { username: login.username, password: readFileSync(login.passwordFile, 'utf8').trim() };
  };

  const signIn = async (role: string): Promise<Page> => {
    const { username, password } = loginOf(`dashboard:${role}`);
    const page = await open(ready.dashboardUrl);
    await page.fill('input[name=username]', username);
    await page.fill('input[name=password]', password);
    await page.click('button');
    await page.waitForSelector('tr:has-text("andon-1"):has-text("online")');
    return page;
  };

  const push = async (page: Page, version: string, settings: string) => {
    await page.click('form .v-select');
    await page.click('.v-overlay .v-list-item:has-text("acme.andon-1")');
    await page.fill('form input[type=text] >> nth=-1', version);
    await page.fill('form textarea', settings);
    await page.click('button:has-text("Push")');
  };

  it('are complete in the editor: every property is there, every node valid', async () => {
    const { username, password } = loginOf('editor');
    const page = await open(ready.editorUrl);
    await page.fill('#node-dialog-login-username', username);
    await page.fill('#node-dialog-login-password', password);
    await page.click('#node-dialog-login-submit');
    await page.waitForSelector('.red-ui-flow-node');
    const found = await page.evaluate(() => {
      const { nodes } = (globalThis as unknown as EditorPage).RED;
      const missing = nodes
        .createCompleteNodeSet({ credentials: false })
        .filter(({ type }) => type !== 'tab')
        .flatMap((node) =>
          Object.keys(nodes.getType(node.type)?.defaults ?? {})
            .filter((name) => !Object.hasOwn(node, name))
            .map((name) => `${node.type} ${node.id} lacks ${name}`),
        );
      const invalid: string[] = [];
      const look = (node: { id: string; type: string; valid: boolean }) => {
        if (node.valid === false) invalid.push(`${node.type} ${node.id}`);
      };
      nodes.eachNode(look);
      nodes.eachConfig(look);
      return { missing, invalid };
    });
    should(found).eql({ missing: [], invalid: [] });
    await page.close();
  });

  it('show every client, and a pushed configuration as applied', async () => {
    const page = await signIn('admin');
    should(
      await page.locator('tbody tr:has-text("opc-core-client"), tbody tr:has-text("signal-tower")').count(),
    ).equal(7);
    await push(page, '1.0.0', BLINK);
    await page.waitForSelector('text=acme.andon-1: revision 1 applied');
    await page.waitForSelector('tr:has-text("andon-1"):has-text("applied")');
    await page.close();
  });

  it('show why a configuration was refused, in words', async () => {
    const page = await signIn('admin');
    await push(page, '2.0.0', PINK);
    await page.waitForSelector('text=Refused: /lamps/red/colour must be one of');
    await push(page, '2.0.0', 'lamps');
    await page.waitForSelector('text=Not sent: the settings are not valid JSON');
    await page.close();
  });

  it('let a viewer see, but not push', async () => {
    const page = await signIn('viewer');
    await push(page, '3.0.0', BLINK);
    await page.waitForSelector('text=only the role admin may push');
    await page.close();
  });

  it('show which boards are there, what they send, and how the broker is', async () => {
    const page = await signIn('viewer');
    await page.goto(`${ready.dashboardUrl}telemetry`);
    await page.waitForSelector('text=All is well', { timeout: 30_000 });
    const figure = (label: string, value: string) =>
      page.waitForSelector(
        `.nrdb-ui-text:has-text("${label}") .nrdb-ui-text-value:text-matches("^\\\\s*${value}\\\\s*$")`,
        { timeout: 30_000 },
      );
    await figure('Online', '3');
    await figure('Offline', '0');
    await figure('Guard plugin', '(there|missing)');
    await figure('Clients', '1\\\\d');
    await page.close();
  });

  it('throw nothing in the browser and ask nobody outside', () => {
    should(faults).be.empty();
  });
});
