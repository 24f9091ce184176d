import { EgizError } from '../../lib/errors/egiz-error';
import type { BrokerOptions } from '../../lib/mqtt/broker-links';
import type { SavedConfig } from '../shell/migrate';
import { textOf } from '../shell/text';

/** Node-RED keeps these encrypted, apart from the flow, and never gives the password back to the editor. */
export interface BrokerCredentials {
  user?: string;
  password?: string;
}

export type BrokerConfig = Required<
  Pick<
    BrokerOptions,
    'url' | 'role' | 'account' | 'instance' | 'sessionExpirySeconds' | 'keepalive' | 'maxInFlight'
  >
> & {
  /** Id of a `tls-config` node; empty: the system's trusted authorities and no certificate of our own. */
  readonly tls: string;
};

/**
 * Reads the node's saved configuration. Without an account the user name is the account.
 * @throws EgizError `CONFIG_INVALID`
 */
export function parseConfig(saved: SavedConfig, credentials: BrokerCredentials): BrokerConfig {
  const account = textOf(saved.account) || textOf(credentials.user);
  if (account === '') {
    throw new EgizError('CONFIG_INVALID', 'The broker connection has no account', {
      mend: 'Enter the account: the user name, or the common name of the certificate.',
    });
  }
  return {
    url: textOf(saved.url),
    tls: textOf(saved.tls),
    role: saved.role === 'client' ? 'client' : 'service',
    account,
    instance: textOf(saved.instance),
    sessionExpirySeconds: integer(saved.sessionExpirySeconds, 0, 0xffff_ffff, 'session expiry'),
    keepalive: integer(saved.keepalive, 0, 65_535, 'keepalive'),
    maxInFlight: integer(saved.maxInFlight, 1, 65_535, 'limit of messages in flight'),
  };
}

function integer(value: unknown, minimum: number, maximum: number, what: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= minimum && number <= maximum) return number;
  throw new EgizError('CONFIG_INVALID', `The ${what} must be an integer from ${minimum} to ${maximum}`, {
    mend: 'Open the broker connection and correct it.',
  });
}
