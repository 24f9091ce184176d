import type { BrokerHealth } from '../../lib/broker-health/health';
import { digestOf, type HealthState } from '../../lib/broker-health/report';
import type { calmStatusOf, StatusFill } from '../shell/status';

const FILLS: Readonly<Record<HealthState, StatusFill>> = {
  ok: 'green',
  warning: 'yellow',
  critical: 'red',
  unknown: 'grey',
};

/** Shows the worst alert under the node; the codes are the same in every language. */
export function showHealth(show: ReturnType<typeof calmStatusOf>, health: BrokerHealth, now: number): void {
  const { state, alerts } = digestOf(health, '', now);
  const [worst] = alerts;
  const shown = worst?.severity === 'info' ? undefined : worst;
  show(FILLS[state], shown?.code ?? `status.${state}`, state === 'unknown' ? 'ring' : 'dot');
}
