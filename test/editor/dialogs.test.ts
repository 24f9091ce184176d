import { type Browser, chromium, type Page } from 'playwright-core';
import should from 'should';
import { freePort } from '../support/node-red';
import { NodeRedProcess, UserDirectoryFixture } from '../support/node-red-process';
import { isConfigurationNode, nodeSets } from '../unit/packaging/manifest';

/** The editor's own global, as far as these tests use it. */
interface EditorPage {
  RED: {
    nodes: { node(id: string): object | null };
    editor: { edit(node: object): void; editConfig(name: string, type: string, id: string): void };
  };
}

const configurations = nodeSets.filter(isConfigurationNode);
const onCanvas = nodeSets.filter((set) => !configurations.includes(set));
const flows = [
  { id: 'tab', type: 'tab', label: 'Every node' },
  ...onCanvas.map((type, index) => ({
    id: `n${index}`,
    type,
    z: 'tab',
    x: 200,
    y: 60 + 60 * index,
    wires: [],
  })),
  ...configurations.map((type, index) => ({ id: `c${index}`, type })),
];

/** The version a node of this set saves. */
function stepsOf(set: string): number {
  const { migrations } = require(`../../nodes/${set}/migrations`) as { migrations: readonly unknown[] };
  return migrations.length;
}

describe('the editor, in Chromium', function () {
  this.timeout(90_000);
  let home: UserDirectoryFixture;
  let child: NodeRedProcess;
  let browser: Browser;
  let origin = '';

  before(async () => {
    home = new UserDirectoryFixture(flows);
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    child = NodeRedProcess.spawn(home.path, {
      EGIZ_DEVELOPMENT: '1',
      EGIZ_PORT: String(port),
      EGIZ_EDITOR_PASSWORD_FILE: home.write('editor-password', 'editor-word'),
    });
    await child.started();
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  });
  after(async () => {
    await browser?.close();
    await child?.stop();
    home?.remove();
  });

  async function open(locale: string): Promise<{ page: Page; faults: string[]; outside: string[] }> {
    const context = await browser.newContext({ locale, viewport: { width: 1400, height: 1000 } });
    const page = await context.newPage();
    const faults: string[] = [];
    const outside: string[] = [];
    page.on('pageerror', (fault) => faults.push(fault.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(origin) && !/^(data|blob):/.test(request.url()))
        outside.push(request.url());
    });
    await page.goto(`${origin}/editor/`);
    await page.fill('#node-dialog-login-username', 'editor');
    await page.fill('#node-dialog-login-password', 'editor-word');
    await page.click('#node-dialog-login-submit');
    await page.waitForSelector('.red-ui-flow-node-group');
    return { page, faults, outside };
  }

  /** Opens one dialog, returns its visible text, and closes it with Done. */
  async function textOfDialog(page: Page, set: string): Promise<string> {
    const configuration = configurations.indexOf(set);
    await page.evaluate(
      ([id, type]) => {
        const { RED } = globalThis as unknown as EditorPage;
        const node = RED.nodes.node(id);
        if (node === null) throw new Error(`The editor has no node ${id}`);
        if (type === '') RED.editor.edit(node);
        else RED.editor.editConfig('', type, id);
      },
      configuration < 0
        ? ([`n${onCanvas.indexOf(set)}`, ''] as const)
        : ([`c${configuration}`, set] as const),
    );
    const done = configuration < 0 ? '#node-dialog-ok' : '#node-config-dialog-ok';
    await page.waitForSelector(done, { state: 'visible' });
    // biome-ignore lint/performance/useDomNodeTextContent: hidden rows are not what a person reads
    const text = await page.locator('.red-ui-tray').last().innerText();
    await page.click(done);
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
    return text;
  }

  for (const locale of ['en-US', 'ru']) {
    it(`opens and closes every dialog in ${locale}, without a page error or a request to outside`, async () => {
      const { page, faults, outside } = await open(locale);
      for (const set of nodeSets) {
        const text = await textOfDialog(page, set);
        should(text).not.match(
          /\b(label|hint|source|status|error|output)\.[a-zA-Z]+/,
          `${set}: a label is missing`,
        );
        if (locale === 'ru') should(text.match(/[а-яё]{3,}/gi)?.length ?? 0).be.above(4, set);
      }
      should(faults).be.empty();
      should(outside).be.empty();
      await page.context().close();
    });
  }

  it('shows every node of ours in the palette, in one category, with a label and help', async () => {
    const { page, faults } = await open('en-US');
    for (const set of onCanvas) {
      const entry = page.locator(`.red-ui-palette-node[data-palette-type="${set}"]`);
      should(await entry.count()).equal(1, set);
      should((await entry.textContent())?.trim().length ?? 0).be.above(3, set);
    }
    should(faults).be.empty();
    await page.context().close();
  });

  it('saves a node that was written by hand with the current version and its defaults', async () => {
    const { page } = await open('en-US');
    for (const set of onCanvas) {
      await textOfDialog(page, set);
      const saved = await page.evaluate(
        (id) => {
          const { RED } = globalThis as unknown as EditorPage;
          return RED.nodes.node(id) as { configVersion?: unknown };
        },
        `n${onCanvas.indexOf(set)}`,
      );
      should(saved.configVersion).equal(stepsOf(set), set);
    }
    await page.context().close();
  });

  it('asks what presence subscribes to only when it has a broker, and offers the context stores', async () => {
    const { page } = await open('en-US');
    await page.evaluate(
      (id) => {
        const { RED } = globalThis as unknown as EditorPage;
        RED.editor.edit(RED.nodes.node(id) as object);
      },
      `n${onCanvas.indexOf('egiz-presence')}`,
    );
    await page.waitForSelector('#node-input-staleAfter', { state: 'visible' });
    const visible = (field: string) => page.locator(`#node-input-${field}`).isVisible();
    const choices = () =>
      page
        .locator('#node-input-contextStore option')
        .evaluateAll((options) => options.map((option) => (option as unknown as { value: string }).value));
    should(await choices()).eql(['', 'default', 'file']);
    should([await visible('devices'), await visible('telemetry')]).eql([false, false]);
    await page.selectOption('#node-input-broker', `c${configurations.indexOf('egiz-broker')}`);
    should([await visible('devices'), await visible('telemetry')]).eql([true, true]);
    await page.selectOption('#node-input-devices', 'clients');
    should([await visible('devices'), await visible('telemetry')]).eql([true, false]);
    await page.click('#node-dialog-cancel');
    await page.context().close();
  });

  it('gives config publish its third output with the delivery by messages', async () => {
    const { page } = await open('en-US');
    const id = `n${onCanvas.indexOf('egiz-config-publish')}`;
    const outputs = () =>
      page.evaluate((node) => {
        const { RED } = globalThis as unknown as EditorPage;
        return (RED.nodes.node(node) as { outputs?: number }).outputs;
      }, id);
    for (const [delivery, count] of [
      ['message', 3],
      ['broker', 2],
    ] as const) {
      await page.evaluate((node) => {
        const { RED } = globalThis as unknown as EditorPage;
        RED.editor.edit(RED.nodes.node(node) as object);
      }, id);
      await page.selectOption('#node-input-delivery', delivery);
      should(await page.locator('#node-input-rateLimit').inputValue()).equal('500');
      await page.click('#node-dialog-ok');
      await page.waitForSelector('.red-ui-tray', { state: 'detached' });
      should(await outputs()).equal(count);
    }
    await page.context().close();
  });
});
