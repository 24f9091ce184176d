import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { emptyState } from '../../../lib/edge/state';
import { StateFile } from '../../../lib/edge/state-file';

describe('the state file of an edge client', () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-edge-'));
    path = join(directory, 'acme.press.json');
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  for (const durability of ['power', 'process'] as const) {
    it(`gives back what was saved (${durability})`, () => {
      const state = { ...emptyState('boot'), newestRevision: 7 };
      new StateFile(path, durability).save(state);
      should(new StateFile(path).load()).eql(state);
    });
  }

  it('is nothing at the first start', () => {
    should(new StateFile(path).load()).equal(undefined);
  });

  it('is readable for its owner alone', () => {
    new StateFile(path).save(emptyState('boot'));
    (statSync(path).mode & 0o777).should.equal(0o600);
  });

  for (const [what, content] of [
    ['is cut off', '{"format":1,"lastGo'],
    ['is not ours', '{"format":1}'],
    ['is of a later format', '{"format":2}'],
    ['is empty', ''],
  ] as const) {
    it(`that ${what} is put aside with a clear error, and the client starts without one`, () => {
      writeFileSync(path, content);
      const file = new StateFile(path);
      (() => file.load()).should.throw({ code: 'EDGE_STATE_CORRUPT', cause: { id: path } });
      readFileSync(`${path}.corrupt`, 'utf8').should.equal(content);
      should(file.load()).equal(undefined);
    });
  }

  it('leaves no drafts of killed processes behind', () => {
    writeFileSync(`${path}.0192f3c4.tmp`, 'half');
    new StateFile(path).load();
    readdirSync(directory).should.eql([]);
  });
});
