import { ISOLATION_REQUIREMENTS } from './isolation';
import { LIMIT_REQUIREMENTS } from './limits';
import { LOGIN_REQUIREMENTS } from './logins';
import { MESSAGE_REQUIREMENTS } from './messages';
import { MONITORING_REQUIREMENTS } from './monitoring';
import type { Requirement } from './requirement';
import { SESSION_REQUIREMENTS } from './sessions';
import { TLS_REQUIREMENTS } from './tls';

/** Every requirement, in the order of the check. The limits come last: they use up an account's allowance. */
export const REQUIREMENTS: readonly Requirement[] = [
  ...TLS_REQUIREMENTS,
  ...LOGIN_REQUIREMENTS,
  ...ISOLATION_REQUIREMENTS,
  ...MESSAGE_REQUIREMENTS,
  ...SESSION_REQUIREMENTS,
  ...MONITORING_REQUIREMENTS,
  ...LIMIT_REQUIREMENTS,
];
