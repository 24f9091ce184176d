import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { EgizError } from '../../lib/errors/egiz-error';
import { writeFileAtomic } from '../../lib/files/atomic';
import { isDevelopmentPki } from '../../lib/pki/directory';
import {
  filesOf,
  type Holder,
  holderOf,
  holdersOf,
  type Issuing,
  issue,
  SERVER,
  SERVER_CERTIFICATE,
  signRequest,
} from '../../lib/pki/enrol';
import { checkServerPair } from '../../lib/pki/import';
import { writePair } from '../../lib/pki/pair-files';
import { dueRenewals, latestOf, type Renewal, renew } from '../../lib/pki/renewal';
import { mendPair, type Rotation, rotatePair } from '../../lib/pki/rotation';
import { readInventory } from '../inventory-file';
import { printResult } from '../outcome';
import {
  collect,
  openRegister,
  type PkiOptions,
  pkiCommand,
  pkiDirectory,
  type ReloadOptions,
  readText,
  runningServer,
  wholeDays,
  withReload,
} from './options';

const WITHIN_DAYS = 30;

export function registerIssuing(pki: Command): void {
  pkiCommand(pki, 'issue', 'Make keys and first certificates, for those who have none yet.')
    .argument('[names...]', 'accounts, or "server"; without any: every account of the inventory')
    .option('--inventory <file>', 'the inventory, YAML or JSON')
    .option('--host <name>', 'a name or address of the server; repeatable', collect)
    .option('--days <n>', 'valid for so many days (default: 90)', wholeDays)
    .action(issueAll);
  pkiCommand(pki, 'sign', 'Sign the certificate request of a client, board or service.')
    .argument('<csr>', 'PKCS #10, PEM; its common name is the account')
    .requiredOption('--inventory <file>', 'the inventory, YAML or JSON: the account must be in it')
    .option('--out <file>', 'the certificate (default: beside the request, with .crt)')
    .option('--days <n>', 'valid for so many days (default: 90)', wholeDays)
    .action(sign);
  withReload(
    pkiCommand(pki, 'renew', 'Make new keys and certificates; the ones before stay valid until their end.')
      .argument('[names...]', 'accounts, or "server"; without any: what expires soon')
      .option('--within <days>', 'without names: what expires within so many days', wholeDays, WITHIN_DAYS)
      .option('--days <n>', 'valid for so many days (default: 90)', wholeDays),
  ).action(renewAll);
  withReload(
    pkiCommand(pki, 'import', "Take another authority's files for the server, e.g. Let's Encrypt's.")
      .requiredOption('--cert <file>', 'fullchain.pem: the certificate and its issuers')
      .requiredOption('--key <file>', 'privkey.pem: its key, without a passphrase')
      .option('--host <name>', 'a name the certificate must be for; repeatable', collect),
  ).action(importServer);
  pkiCommand(pki, 'recover', 'Put the old pair of the server back where a replacement was cut off.').action(
    recover,
  );
}

/** For the start of a broker: with a certificate and a key that do not fit it does not come up. */
async function recover(options: PkiOptions): Promise<void> {
  const files = filesOf(pkiDirectory(options), SERVER_CERTIFICATE);
  const mended = await mendPair(files);
  printResult(options.json === true, { mended, ...files }, [
    mended ? `${files.certFile} and its key put back` : 'There is nothing to recover',
  ]);
}

interface IssueOptions extends PkiOptions {
  readonly inventory?: string;
  readonly host?: readonly string[];
  readonly days?: number;
}

async function issueAll(names: readonly string[], options: IssueOptions): Promise<void> {
  const issuing = issuingOf(options);
  const made: string[] = [];
  const kept: string[] = [];
  for (const holder of wanted(names, options)) {
    const name = holder.kind === 'server' ? SERVER : holder.account;
    const files = filesOf(issuing.directory, { kind: holder.kind, name });
    if (existsSync(files.certFile)) {
      kept.push(name);
      continue;
    }
    writePair(files, await issue(issuing, holder));
    made.push(files.certFile);
  }
  const rest = kept.length === 0 ? [] : [`${kept.length} have one already (openegiz pki renew replaces it)`];
  printResult(options.json === true, { made, kept }, [...made, `${made.length} certificates made`, ...rest]);
}

/** @throws EgizError `PKI_HOST_MISSING`, `INVENTORY_MISSING` */
function wanted(names: readonly string[], { host = [], inventory }: IssueOptions): Holder[] {
  const accounts = names.filter((name) => name !== SERVER);
  const server: Holder[] = names.includes(SERVER) ? [{ kind: 'server', hosts: host }] : [];
  if (server.length > 0 && host.length === 0) {
    throw new EgizError('PKI_HOST_MISSING', "The server's certificate needs the names it is reached by", {
      mend: 'Add --host NAME for each.',
    });
  }
  if (accounts.length === 0 && names.length > 0) return server;
  if (inventory === undefined) {
    throw new EgizError('INVENTORY_MISSING', 'Certificates of accounts are made from an inventory', {
      mend: 'Name it with --inventory.',
    });
  }
  const known = readInventory(inventory);
  if (names.length === 0) return holdersOf(known);
  return [...server, ...accounts.map((account) => holderOf(known, account))];
}

interface SignOptions extends PkiOptions {
  readonly inventory: string;
  readonly out?: string;
  readonly days?: number;
}

async function sign(csr: string, options: SignOptions): Promise<void> {
  const inventory = readInventory(options.inventory);
  const out = resolve(options.out ?? `${csr.replace(/\.(csr|req|pem)$/, '')}.crt`);
  const { account, certificate } = await signRequest(issuingOf(options), readText(csr), inventory);
  writeFileAtomic(out, certificate);
  printResult(options.json === true, { account, out }, [`${out} made for "${account}"`]);
}

interface RenewOptions extends PkiOptions, ReloadOptions {
  readonly within: number;
  readonly days?: number;
}

async function renewAll(names: readonly string[], options: RenewOptions): Promise<void> {
  const issuing = issuingOf(options);
  const server = runningServer(options);
  const { due, elsewhere } =
    names.length === 0
      ? dueRenewals(issuing, options.within)
      : { due: names.map((name) => latestOf(issuing, name)), elsewhere: [] };
  const renewed: string[] = [];
  let rotation: Rotation | undefined;
  for (const entry of due) {
    const renewal = await renew(issuing, entry);
    if (renewal.kind === 'server') rotation = await rotatePair(renewal.files, renewal.pair, server);
    else await putInPlace(renewal);
    renewed.push(renewal.files.certFile);
  }
  const lines = [
    ...renewed,
    `${renewed.length} certificates renewed; the ones before stay valid until their end`,
    ...elsewhere.map((name) => `"${name}" keeps its own key and has to send a new request`),
    ...rotationLines(rotation),
  ];
  printResult(options.json === true, { renewed, elsewhere, ...rotation }, lines);
}

async function putInPlace({ files, pair }: Renewal): Promise<void> {
  await rotatePair(files, pair);
}

interface ImportOptions extends PkiOptions, ReloadOptions {
  readonly cert: string;
  readonly key: string;
  readonly host?: readonly string[];
}

async function importServer(options: ImportOptions): Promise<void> {
  const { directory, register, now } = issuingOf(options);
  const server = runningServer(options);
  if (isDevelopmentPki(directory) || options.directory === undefined) {
    throw new EgizError('PKI_DEVELOPMENT', `${directory} belongs to openegiz start, which makes its own`, {
      id: directory,
      mend: 'Import into a directory made by openegiz pki init.',
    });
  }
  const pair = { certificate: readText(options.cert), privateKey: readText(options.key) };
  checkServerPair(pair, options.host ?? [], now);
  const files = filesOf(directory, SERVER_CERTIFICATE);
  const rotation = await rotatePair(files, pair, server);
  register.record(pair.certificate, { issuer: 'imported', kind: 'server', name: SERVER }, now);
  printResult(options.json === true, { ...files, ...rotation }, [
    `${files.certFile} and ${files.keyFile} replaced`,
    ...rotationLines(rotation),
  ]);
}

function rotationLines(rotation: Rotation | undefined): string[] {
  if (rotation === undefined) return [];
  if (!rotation.reloaded) return ['The broker has not been told (--reload PIDFILE)'];
  return [
    rotation.probed
      ? 'The broker shows the new certificate; nobody was disconnected'
      : 'The broker was told to take it up; nobody has looked whether it did (--probe HOST:PORT)',
  ];
}

function issuingOf(options: PkiOptions & { readonly days?: number }): Issuing {
  const directory = pkiDirectory(options);
  return { directory, register: openRegister(directory), now: new Date(), days: options.days };
}
