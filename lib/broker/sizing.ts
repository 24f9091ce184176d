import { devicesOf, type Inventory } from '../inventory/inventory';

export interface BrokerLimits {
  /** Unacknowledged messages a client; the archive's, not the devices' (SPEC 4 "In flight"). */
  readonly maxInflightMessages: number;
  /** Messages waiting for one client beyond those in flight. */
  readonly maxQueuedMessages: number;
  /** Seconds between two writes of the persistence file: at most this much is lost when the broker is killed. */
  readonly autosaveSeconds: number;
  /** Seconds between two publications of $SYS. */
  readonly sysInterval: number;
}

export const DEFAULT_LIMITS: BrokerLimits = {
  maxInflightMessages: 20_000,
  maxQueuedMessages: 100_000,
  autosaveSeconds: 30,
  sysInterval: 10,
};

/** FR-1.4: boards publish every 1 to 60 seconds; the broker is sized for the shortest. */
const MESSAGES_PER_BOARD_AND_SECOND = 1;
/** FR-4.4: the archive acknowledges what the database has taken, once a second. */
const ARCHIVE_FLUSH_SECONDS = 1;
/** A second flush may be under way while the first is not acknowledged yet. */
const FLUSHES_IN_FLIGHT = 2;
/** How long the archive may be away before messages are dropped (NFR-4). */
const ARCHIVE_OUTAGE_SECONDS = 600;
/** Receive Maximum, by which MQTT 5 clients learn the limit, is a 16-bit number. */
const HIGHEST_INFLIGHT = 65_535;
/** 1.2 GB when each message has 1.2 KB; beyond it the database belongs on a machine nearer by. */
const HIGHEST_QUEUED = 1_000_000;

/** Messages a second that all boards of the inventory send together. */
export function messageRate(inventory: Inventory): number {
  return devicesOf(inventory).length * MESSAGES_PER_BOARD_AND_SECOND;
}

/**
 * The broker's limits for an inventory (SPEC 4 "In flight"):
 *
 * - in flight = rate x flush interval x 2, since an archive that acknowledges once a flush gets at most
 *   `in flight / flush interval` messages a second;
 * - queued = rate x the longest outage of the archive.
 *
 * Never less than the defaults, which carried 15,000 messages a second without loss.
 */
export function brokerLimits(inventory: Inventory): BrokerLimits {
  const rate = messageRate(inventory);
  const inflight = rate * ARCHIVE_FLUSH_SECONDS * FLUSHES_IN_FLIGHT;
  const queued = rate * ARCHIVE_OUTAGE_SECONDS;
  return {
    ...DEFAULT_LIMITS,
    maxInflightMessages: between(DEFAULT_LIMITS.maxInflightMessages, inflight, HIGHEST_INFLIGHT),
    maxQueuedMessages: between(DEFAULT_LIMITS.maxQueuedMessages, queued, HIGHEST_QUEUED),
  };
}

function between(lowest: number, value: number, highest: number): number {
  return Math.min(Math.max(Math.ceil(value), lowest), highest);
}
