import type { AccountRights } from './rights';

/**
 * The account by which a running broker is asked whether it has read its files. Each generation gives it a
 * right on a topic of its own and takes the one before: whoever logs in as it sees at once a right that was
 * given and one that was taken, and no client of the inventory is disturbed.
 */

/** No identifier begins like this, so no account of an inventory has the name. */
export const CANARY_ACCOUNT = '_probe';
const TOPIC_ROOT = 'egiz-probe';

/** Outside of everything the inventory gives a right to. */
export function canaryTopic(generation: string): string {
  return `${TOPIC_ROOT}/${generation}`;
}

/** Written as the last account of the file: the broker that knows it has read everything before. */
export function canaryRights(generation: string): Pick<AccountRights, 'account' | 'rights'> {
  const filter = canaryTopic(generation);
  return {
    account: CANARY_ACCOUNT,
    rights: [
      { access: 'read', filter },
      { access: 'write', filter },
    ],
  };
}

const RIGHT = new RegExp(`^topic write ${TOPIC_ROOT}/([0-9a-f]+)$`, 'm');

/** The generation an acl_file was written in; undefined for one that is not ours. */
export function generationOf(aclText: string): string | undefined {
  return RIGHT.exec(aclText)?.[1];
}
