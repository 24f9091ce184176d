import type { KeyPair } from '../../lib/pki/certificates';
import { type KeyPairFiles, type PairStep, replacePair } from '../../lib/pki/pair-files';
import { killAt } from './kill-at';

/** Replaces a pair of files and is killed at one step of it. */
const task = JSON.parse(process.argv[2] ?? '{}') as {
  readonly files: KeyPairFiles;
  readonly pair: KeyPair;
  readonly at: PairStep;
};
replacePair(task.files, task.pair, killAt({ at: task.at, pid: 0 }));
