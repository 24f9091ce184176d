import { randomBytes } from 'node:crypto';
import { createAuthority, issueCertificate, type KeyPair } from '../pki/certificates';
import type { Account, Endpoint, Login } from './account';
import { type CheckContext, sleep } from './context';
import { fail, NotGiven, type Outcome, pass, type Requirement } from './requirement';
import type { Attempt, ConnectFields } from './wire';

export const LOGIN_REQUIREMENTS: readonly Requirement[] = [
  { id: 'FR-1.3', title: 'Each account logs in with its password or certificate', run: logsIn },
  { id: 'FR-2.3', title: 'Nobody gets in without a login', run: anonymous },
  { id: 'FR-2.4', title: 'A wrong password and an unknown account are refused', run: wrongPassword },
  { id: 'SEC-2/foreign', title: 'A certificate of another authority is refused', run: foreignCertificate },
  { id: 'SEC-2/expired', title: 'An expired certificate is refused', run: (check) => bad(check, 'expired') },
  { id: 'SEC-2/revoked', title: 'A revoked certificate is refused', run: (check) => bad(check, 'revoked') },
  {
    id: 'SPEC-2/client-id',
    title: "An account cannot take another's client id and end its session",
    run: borrowedId,
  },
];

async function logsIn(check: CheckContext): Promise<Outcome> {
  const { accounts } = check.options;
  if (accounts.length === 0) throw new NotGiven('give --account');
  const failed = accounts.find(({ role }) => check.unusable.has(role));
  if (failed !== undefined) return fail(`"${failed.name}": ${check.unusable.get(failed.role)}`);
  return pass(`${accounts.length} accounts`);
}

async function anonymous(check: CheckContext): Promise<Outcome> {
  const answers: string[] = [];
  for (const endpoint of check.endpoints()) {
    const answer = await refusal(check, endpoint, undefined, { clientId: check.unique() });
    if (answer === undefined) return fail(`${endpoint.url} lets in a client without account and certificate`);
    answers.push(answer.replace(`${endpoint.host}:${endpoint.port}`, 'it'));
  }
  return pass(distinct(answers));
}

async function wrongPassword(check: CheckContext): Promise<Outcome> {
  const account = check.accounts().find(({ login }) => login.kind === 'password');
  if (account === undefined) throw new NotGiven('give --account with --password-file');
  const login = { kind: 'password', password: randomBytes(18).toString('base64url') } as const;
  const answers: string[] = [];
  for (const username of [account.name, check.unique()]) {
    const answer = await refusal(check, account.endpoint, login, { clientId: username, username });
    if (answer === undefined)
      return fail(`${account.endpoint.url} lets "${username}" in with a random password`);
    answers.push(answer);
  }
  return pass(distinct(answers));
}

async function foreignCertificate(check: CheckContext): Promise<Outcome> {
  const account = certificateAccount(check);
  const now = new Date();
  const authority = await createAuthority('OpenEgiz conformance check, trusted by nobody', { now });
  const pair = await issueCertificate(authority, { kind: 'client', account: account.name }, { now });
  return refusesPair(check, account, pair, 'signed by an authority made for this check');
}

async function bad(check: CheckContext, kind: 'expired' | 'revoked'): Promise<Outcome> {
  const pair = check.options[kind];
  if (pair === undefined) throw new NotGiven(`give --${kind}-cert and --${kind}-key, or ${BY_PKI[kind]}`);
  return refusesPair(check, certificateAccount(check), pair, kind);
}

const BY_PKI = {
  expired: '--pki',
  revoked: '--pki after openegiz pki revoke',
};

/** The endpoint must let the good certificate in: else its refusing the bad one shows nothing. */
async function refusesPair(
  check: CheckContext,
  account: Account,
  pair: KeyPair,
  what: string,
): Promise<Outcome> {
  const login = { kind: 'certificate', cert: pair.certificate, key: pair.privateKey } as const;
  const answer = await refusal(check, account.endpoint, login, { clientId: account.name });
  if (answer === undefined) return fail(`${account.endpoint.url} lets in a certificate that is ${what}`);
  return pass(answer);
}

/** @throws NotGiven */
function certificateAccount(check: CheckContext): Account {
  const account = check.accounts().find(({ login }) => login.kind === 'certificate');
  if (account === undefined) throw new NotGiven('give an account that logs in with --cert and --key');
  return account;
}

async function borrowedId(check: CheckContext): Promise<Outcome> {
  const [victim, thief] = [check.account('first'), check.account('second')];
  const client = await check.connect(victim);
  const attempt = await check.attemptAs(thief, { clientId: check.clientId(victim) });
  await client.waitFor(() => false, 1_000);
  if (client.ended !== undefined) {
    return fail(`"${thief.name}" asked for the client id of "${victim.name}", whose connection was ended`);
  }
  if (attempt.kind === 'refused') return pass(`the borrower is refused: ${attempt.cause.reason}`);
  return pass('the borrower is given a client id of its own');
}

/** How the broker refused, in words; undefined when it let the client in. */
async function refusal(
  check: CheckContext,
  endpoint: Endpoint,
  login: Login | undefined,
  fields: ConnectFields,
): Promise<string | undefined> {
  const attempt: Attempt = await check.attempt(endpoint, login, fields);
  if (attempt.kind === 'refused') {
    if (attempt.cause.code === 'MQTT_UNREACHABLE' && attempt.cause.reason.includes('ECONNREFUSED')) {
      throw new Error(attempt.cause.reason);
    }
    return attempt.cause.reason;
  }
  // Some brokers answer CONNACK first and look at the login then.
  await sleep(100);
  return attempt.client.ended?.reason;
}

function distinct(reasons: readonly string[]): string {
  return [...new Set(reasons)].join('; ');
}
