import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EgizError } from '../errors/egiz-error';
import { commonNameOf, createAuthority, isPairOf, type KeyPair } from './certificates';
import { pairFiles, readPair, writePair } from './pair-files';

/**
 * Two authorities, each an intermediate below a root of its own: `ca` signs the server, clients and devices,
 * `services-ca` signs services. One root for both would let a client's certificate open the listener of services,
 * where client ids are free (SPEC 2): whoever trusts a root trusts everything below it.
 */
export const AUTHORITIES = ['ca', 'services-ca'] as const;
export type AuthorityName = (typeof AUTHORITIES)[number];

const ROOT_OF: Readonly<Record<AuthorityName, string>> = { ca: 'root', 'services-ca': 'services-root' };
const WORDS: Readonly<Record<AuthorityName, string>> = { ca: '', 'services-ca': 'services ' };

const ROOT_DAYS = 7300;
const INTERMEDIATE_DAYS = 1825;

/** What those who check certificates trust: the authority's certificate and its root's. */
export function trustFile(directory: string, authority: AuthorityName): string {
  return pairFiles(directory, authority).certFile;
}

export function rootFiles(directory: string, authority: AuthorityName) {
  return pairFiles(directory, ROOT_OF[authority]);
}

/**
 * Makes both roots and both intermediates. The roots' keys are needed again only to renew an intermediate: move
 * them to where nobody can reach them.
 * @param name begins every authority's name
 * @returns the roots' key files
 * @throws EgizError `PKI_EXISTS`
 */
export async function createAuthorities(
  directory: string,
  options: { readonly name: string; readonly now: Date },
): Promise<string[]> {
  const { name, now } = options;
  for (const authority of AUTHORITIES) {
    const present = [pairFiles(directory, authority).certFile, rootFiles(directory, authority).certFile];
    const found = present.find(existsSync);
    if (found !== undefined) throw exists(found);
  }
  for (const authority of AUTHORITIES) {
    const root = await createAuthority(`${name} ${WORDS[authority]}root`, { now, days: ROOT_DAYS });
    const options = { now, days: INTERMEDIATE_DAYS, issuer: root };
    const intermediate = await createAuthority(`${name} ${WORDS[authority]}CA`, options);
    writePair(rootFiles(directory, authority), root);
    writePair(pairFiles(directory, authority), intermediate);
  }
  return AUTHORITIES.map((authority) => rootFiles(directory, authority).keyFile);
}

/** @throws EgizError `PKI_MISSING`, `PKI_KEY_MISSING` */
export function readAuthority(directory: string, authority: AuthorityName): KeyPair {
  const files = pairFiles(directory, authority);
  const pair = readPair(files);
  if (pair !== undefined) return pair;
  if (!existsSync(files.certFile)) {
    throw new EgizError('PKI_MISSING', `There is no authority in ${directory}`, {
      id: files.certFile,
      mend: 'Name its directory with --directory, or make one with openegiz pki init.',
    });
  }
  throw new EgizError('PKI_KEY_MISSING', `The key of the authority is not at ${files.keyFile}`, {
    id: files.keyFile,
    mend: 'Bring it back for this command.',
  });
}

/**
 * Renews an intermediate with the key it has, so that everything it has signed and its revocation list stay valid.
 * @param rootKeyFile where the root's key is, when it is not in the directory
 * @throws EgizError `PKI_NO_ROOT`, `PKI_ROOT_KEY_MISSING`, `PKI_ROOT_KEY_WRONG`
 */
export async function renewAuthority(
  directory: string,
  authority: AuthorityName,
  options: { readonly now: Date; readonly rootKeyFile?: string | undefined },
): Promise<void> {
  const issuer = readRoot(directory, authority, options.rootKeyFile);
  const { certificate, privateKey } = readAuthority(directory, authority);
  const renewed = await createAuthority(commonNameOf(certificate) ?? authority, {
    now: options.now,
    days: INTERMEDIATE_DAYS,
    issuer,
    privateKey,
  });
  writePair(pairFiles(directory, authority), renewed);
}

function readRoot(directory: string, authority: AuthorityName, keyFile: string | undefined): KeyPair {
  const files = rootFiles(directory, authority);
  if (!existsSync(files.certFile)) {
    throw new EgizError('PKI_NO_ROOT', `The authority "${authority}" in ${directory} has no root above it`, {
      id: files.certFile,
      mend: 'Only an authority made by openegiz pki init can be renewed.',
    });
  }
  const path = keyFile ?? files.keyFile;
  if (!existsSync(path)) {
    throw new EgizError('PKI_ROOT_KEY_MISSING', `The root's key is not at ${path}`, {
      id: path,
      mend: 'It is kept offline: bring it back for this command, or name it with --root-key.',
    });
  }
  const root = { certificate: readFileSync(files.certFile, 'utf8'), privateKey: readFileSync(path, 'utf8') };
  if (isRootPair(root)) return root;
  throw new EgizError('PKI_ROOT_KEY_WRONG', `${path} is not the key of ${files.certFile}`, {
    id: path,
    mend: `Name the key that was made with it (${join(directory, ROOT_OF[authority])}.key at first).`,
  });
}

function isRootPair(root: KeyPair): boolean {
  try {
    return isPairOf(root.certificate, root);
  } catch {
    return false;
  }
}

function exists(file: string): EgizError {
  return new EgizError('PKI_EXISTS', `${file} exists and is not overwritten`, {
    id: file,
    mend: 'Name another directory: a new authority would make every certificate of the old one worthless.',
  });
}
