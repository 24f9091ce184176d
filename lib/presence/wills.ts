import type { ConnectionMemory } from './device';
import type { Evidence } from './evidence';

export function noConnection(): ConnectionMemory {
  return { boot: null, number: null, lastAt: null, previousAt: null };
}

/**
 * A will is written when a connection begins, and may come when the device is long back on another: after a change
 * of broker, or with a Will Delay. It belongs to an earlier connection when the device had said something later
 * before the present one began.
 */
export function isLateWill(memory: ConnectionMemory, { at, boot }: Evidence): boolean {
  const [its, known] = [bootNumber(boot), bootNumber(memory.boot)];
  if (its !== undefined && known !== undefined && its !== known) return its < known;
  return at !== undefined && memory.previousAt !== null && at < memory.previousAt;
}

export function rememberConnection(memory: ConnectionMemory, evidence: Evidence): void {
  const { at, boot, says } = evidence;
  if (says === 'offline' || at === undefined) return;
  if (isAnother(memory, evidence)) memory.previousAt = memory.lastAt;
  memory.boot = boot ?? memory.boot;
  memory.number = evidence.connection ?? memory.number;
  memory.lastAt = Math.max(at, memory.lastAt ?? at);
}

/** Boards number their connections; of a client every `online` is a birth. */
function isAnother(memory: ConnectionMemory, { boot, connection, says }: Evidence): boolean {
  if (memory.lastAt === null) return false;
  if (boot !== memory.boot) return true;
  return connection === undefined ? says === 'online' : connection !== memory.number;
}

/** Boards count their boots; other devices give them names. */
function bootNumber(boot: string | null | undefined): number | undefined {
  return boot !== null && boot !== undefined && /^[1-9]\d{0,9}$/.test(boot) ? Number(boot) : undefined;
}
