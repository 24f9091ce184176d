import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { CANARY_ACCOUNT, generationOf } from '../../lib/acl/canary';
import { checkAclText, checkPasswordText, isKnownToBeClosed } from '../../lib/acl/check';
import { generateAccess, planAccess } from '../../lib/acl/generate';
import { parseEndpoint } from '../../lib/broker/handshake';
import { barrierTo, brokerPid, userOf } from '../../lib/broker/process';
import { Draft, rewriteFileAtomic } from '../../lib/files/atomic';
import { parseInventory } from '../../lib/inventory/parse';
import { underLock } from '../../lib/processes/claim';
import { isIdentifier } from '../../lib/topics/identifiers';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
const sample = parseInventory(readFileSync(join(__dirname, '../../../sample/inventory.yaml'), 'utf8'));

describe('files a broker reads', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egiz-files-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const files = () => ({
    aclFile: join(directory, 'acl'),
    passwordFile: join(directory, 'passwords'),
    passwordDirectory: join(directory, 'accounts'),
  });

  it('are refused wherever they are cut off', async () => {
    const { aclText, passwordText } = await planAccess(sample, files());
    checkAclText(aclText);
    checkPasswordText(passwordText);
    for (let length = 0; length < aclText.length; length++) {
      should(() => checkAclText(aclText.slice(0, length))).throw({ code: 'ACL_FILE_INVALID' });
    }
    const ends = new Set([...passwordText.matchAll(/\n/g)].map(({ index }) => index + 1));
    for (let length = 1; length < passwordText.length; length++) {
      // Between two lines it is a shorter file, which lets in fewer.
      if (ends.has(length)) continue;
      should(() => checkPasswordText(passwordText.slice(0, length))).throw({ code: 'PASSWORD_FILE_INVALID' });
    }
  });

  it('say their line and never a hash when they are refused', () => {
    should(() => checkAclText('# egiz-acl 1\nuser a\ntopic x\n# end\n')).throw(/acl_file is refused, line 3/);
    should(() => checkPasswordText('a:$7$101$secret\n')).throw(/line 1: it is no account with its hash$/);
  });

  it('of whatever origin are known to be closed only when Mosquitto reads them to their end', () => {
    should(isKnownToBeClosed('user a\ntopic read b\n')).equal(true);
    should(isKnownToBeClosed('user a\ntopic read b\nnonsense\n')).equal(false);
  });

  it('have an account to ask the broker by, with another topic each time, that no inventory can name', async () => {
    await generateAccess(sample, files());
    const generations = [generationOf(readFileSync(files().aclFile, 'utf8'))];
    await generateAccess(parseInventory('tenants: []'), files());
    generations.push(generationOf(readFileSync(files().aclFile, 'utf8')));
    should(new Set(generations).size).equal(2);
    should(isIdentifier('service', CANARY_ACCOUNT)).equal(false);
    readFileSync(files().aclFile, 'utf8').should.match(
      /user _probe\ntopic read .*\ntopic write .*\n\n# end\n$/,
    );
  });

  it('keep mode and owner when they are replaced; new ones are for their owner', () => {
    const path = join(directory, 'x');
    rewriteFileAtomic(path, 'one');
    (statSync(path).mode & 0o777).should.equal(0o600);
    chmodSync(path, 0o640);
    if (isRoot) chownSync(path, NOBODY, NOBODY);
    const before = statSync(path);
    rewriteFileAtomic(path, 'two');
    should(statSync(path)).match({ mode: before.mode, uid: before.uid, gid: before.gid });
    readFileSync(path, 'utf8').should.equal('two');
    new Draft(path, 'three').discard();
    readFileSync(path, 'utf8').should.equal('two');
  });

  it('are found to be out of reach of a user: by themselves, or by a directory above', () => {
    const path = join(directory, 'x');
    writeFileSync(path, '', { mode: 0o640 });
    const stranger = { uid: 12_345, gids: [12_345] };
    should(barrierTo(path, stranger)).equal(directory);
    chmodSync(directory, 0o755);
    should(barrierTo(path, stranger)).equal(path);
    should(barrierTo(path, { uid: 12_345, gids: [12_345, statSync(path).gid] })).equal(undefined);
    chmodSync(path, 0o644);
    should(barrierTo(path, stranger)).equal(undefined);
    should(barrierTo(path, { uid: 0, gids: [0] })).equal(undefined);
  });

  it('are worked on by one process at a time; the lock of one that is gone counts for nothing', async () => {
    const lock = join(directory, 'lock');
    await underLock(lock, async () => {
      await underLock(lock, async () => undefined).should.be.rejectedWith({ code: 'BUSY' });
    });
    writeFileSync(lock, JSON.stringify({ pid: process.pid, startedAt: 'long ago' }));
    should(await underLock(lock, async () => 'done')).equal('done');
  });
});

describe('a running broker', () => {
  it('is told by its pid file, and its user by the system', () => {
    should(userOf(process.pid)?.uid).equal(process.geteuid?.());
    should(() => brokerPid('/nowhere.pid')).throw({ code: 'BROKER_PID_UNREADABLE' });
  });

  it('is reached at HOST:PORT', () => {
    parseEndpoint('127.0.0.1:8883').should.eql({ host: '127.0.0.1', port: 8883 });
    parseEndpoint('[::1]:1').should.eql({ host: '::1', port: 1 });
    for (const text of ['', 'a', ':1', 'a:0', 'a:70000', 'a b:1', 'a:1:2']) {
      should(() => parseEndpoint(text)).throw({ code: 'ENDPOINT_INVALID' });
    }
  });
});
