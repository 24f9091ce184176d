import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { NodeRed, shippedFlow } from '../support/node-red';

for (const version of [5, 4] as const) {
  describe(`the shipped server of firmware images, on Node-RED ${version} (FR-1.8)`, function () {
    this.timeout(60_000);
    const image = randomBytes(300_000);
    let home = '';
    let nodeRed: NodeRed;
    before(async () => {
      home = mkdtempSync(join(tmpdir(), 'egiz-images-'));
      mkdirSync(join(home, 'images'));
      writeFileSync(join(home, 'images', 'image.bin'), image);
      writeFileSync(join(home, 'images', '.secret'), 'x');
      writeFileSync(join(home, 'outside.txt'), 'x');
      const env = { EGIZ_OTA_IMAGES: join(home, 'images') };
      nodeRed = await NodeRed.start({ version, flows: shippedFlow('ota-server'), env });
    });
    after(async () => {
      await nodeRed?.stop();
      rmSync(home, { recursive: true, force: true });
    });

    const get = async (file: string, headers: Record<string, string> = {}, method = 'GET') => {
      const response = await fetch(`${nodeRed.url}/ota/images/${file}`, { headers, method });
      return {
        status: response.status,
        headers: response.headers,
        body: Buffer.from(await response.arrayBuffer()),
      };
    };

    it('sends an image as it is', async () => {
      const { status, headers, body } = await get('image.bin');
      should(status).equal(200);
      should(headers.get('content-type')).equal('application/octet-stream');
      should(body.equals(image)).be.true();
    });

    it('goes on where a download broke off', async () => {
      const { status, headers, body } = await get('image.bin', { range: 'bytes=200000-' });
      should(status).equal(206);
      should(headers.get('content-range')).equal('bytes 200000-299999/300000');
      should(body.equals(image.subarray(200_000))).be.true();
    });

    it('refuses a range that is not there, and answers HEAD', async () => {
      should((await get('image.bin', { range: 'bytes=300000-' })).status).equal(416);
      const { headers, body } = await get('image.bin', {}, 'HEAD');
      should(headers.get('content-length')).equal('300000');
      should(body).have.length(0);
    });

    it('gives nothing but the images', async () => {
      should((await get('nothing.bin')).status).equal(404);
      should((await get('.secret')).status).equal(403);
      for (const path of ['..%2Foutside.txt', '%2E%2E%2Foutside.txt', '..%5Coutside.txt'])
        should((await get(path)).status).be.aboveOrEqual(400);
    });
  });
}
