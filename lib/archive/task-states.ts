import type { Influx } from './influx';
import { TASK_PREFIX } from './layout';

export interface TaskState {
  readonly name: string;
  /** True when its last run failed, or when it is switched off. */
  readonly failed: boolean;
  /** Why, as InfluxDB says it; empty when it has not failed. */
  readonly reason: string;
}

interface Task {
  readonly name: string;
  readonly status: string;
  readonly lastRunStatus?: string;
  readonly lastRunError?: string;
}

/** How the archive's tasks fare. The token may see tasks. */
export async function taskStates(influx: Influx, org: string): Promise<TaskState[]> {
  const path = `/api/v2/tasks?${new URLSearchParams({ org, limit: '500' })}`;
  const { tasks } = await influx.call<{ tasks: readonly Task[] }>('GET', path);
  return tasks.filter(({ name }) => name.startsWith(TASK_PREFIX)).map(stateOf);
}

function stateOf({ name, status, lastRunStatus, lastRunError = '' }: Task): TaskState {
  if (status !== 'active') return { name, failed: true, reason: 'it is switched off' };
  const failed = lastRunStatus === 'failed' || lastRunStatus === 'canceled';
  return { name, failed, reason: failed ? lastRunError || `its last run was ${lastRunStatus}` : '' };
}
