import type { Changes } from './changes';
import type { Influx } from './influx';
import { type ArchiveTask, archiveTasks } from './layout';

interface Task {
  readonly id: string;
  readonly name: string;
  readonly flux: string;
  readonly status: 'active' | 'inactive';
}

/** Makes the tasks that fill the downsampled bucket. Their names are not unique in InfluxDB: one of each is left. */
export async function ensureTasks(influx: Influx, orgID: string, changes: Changes): Promise<void> {
  for (const task of archiveTasks()) {
    const [first, ...others] = await findTasks(influx, orgID, task.name);
    if (first === undefined) {
      await changes.make('task', task.name, 'made', async () => {
        await influx.call('POST', '/api/v2/tasks', { orgID, flux: task.flux, status: 'active' });
      });
    } else await mendTask(influx, first, task, changes);
    for (const { id } of others) {
      await changes.make('task', task.name, 'a second one of this name removed', async () => {
        await influx.call('DELETE', `/api/v2/tasks/${id}`);
      });
    }
  }
}

async function findTasks(influx: Influx, orgID: string, name: string): Promise<readonly Task[]> {
  const path = `/api/v2/tasks?${new URLSearchParams({ orgID, name, limit: '100' })}`;
  return (await influx.call<{ tasks: readonly Task[] }>('GET', path)).tasks;
}

async function mendTask(
  influx: Influx,
  { id, flux, status }: Task,
  wanted: ArchiveTask,
  changes: Changes,
): Promise<void> {
  const deviations = [
    ...(flux === wanted.flux ? [] : ['script brought up to date']),
    ...(status === 'active' ? [] : ['switched on']),
  ];
  if (deviations.length === 0) return;
  await changes.make('task', wanted.name, deviations.join(', '), async () => {
    await influx.call('PATCH', `/api/v2/tasks/${id}`, { flux: wanted.flux, status: 'active' });
  });
}
