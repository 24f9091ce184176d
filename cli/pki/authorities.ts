import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { AUTHORITIES, createAuthorities, renewAuthority } from '../../lib/pki/authorities';
import { CertificateRegister } from '../../lib/pki/register';
import { writeRevocationLists } from '../../lib/pki/revocation';
import { printResult } from '../outcome';
import { openRegister, type PkiOptions, pkiCommand, pkiDirectory } from './options';

export function registerAuthorities(pki: Command): void {
  pkiCommand(pki, 'init', 'Make the authorities: for clients and the server, and for services.')
    .option('--name <name>', 'begins the name of every authority', 'OpenEgiz')
    .action(init);
  pkiCommand(pki, 'renew-authority', "Renew an intermediate authority, by its root's key.")
    .argument('<authority>', 'ca or services-ca', oneOfAuthorities)
    .option('--root-key <file>', "where the root's key is, if it was moved away as it should be")
    .action(renew);
}

async function init(options: PkiOptions & { readonly name: string }): Promise<void> {
  const directory = pkiDirectory(options);
  const now = new Date();
  const rootKeys = await createAuthorities(directory, { name: options.name, now });
  await writeRevocationLists(directory, new CertificateRegister(directory), { now });
  printResult(options.json === true, { directory, rootKeys }, [
    `Two authorities made in ${directory}: ca (server, clients, boards) and services-ca (services).`,
    'Move the keys of their roots offline now; only renew-authority asks for them:',
    ...rootKeys.map((file) => `  ${file}`),
  ]);
}

interface RenewOptions extends PkiOptions {
  readonly rootKey?: string;
}

async function renew(authority: (typeof AUTHORITIES)[number], options: RenewOptions): Promise<void> {
  const directory = pkiDirectory(options);
  openRegister(directory);
  const rootKeyFile = options.rootKey === undefined ? undefined : resolve(options.rootKey);
  await renewAuthority(directory, authority, { now: new Date(), rootKeyFile });
  const file = `${directory}/${authority}.crt`;
  printResult(options.json === true, { authority, file }, [
    `${file} renewed with the key it has: what it has signed stays valid.`,
    'A broker with a crlfile takes it up at a reload, another at a restart.',
  ]);
}

function oneOfAuthorities(text: string): (typeof AUTHORITIES)[number] {
  const found = AUTHORITIES.find((name) => name === text);
  if (found === undefined) throw new InvalidArgumentError(`It must be one of ${AUTHORITIES.join(', ')}.`);
  return found;
}
