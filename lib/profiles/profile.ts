import type { ConnectionChange, StatusReport } from '../commands/messages';
import type { IncomingMessage, PublishRequest } from '../mqtt/link';
import type { ClientAddress, ClientRecord, CommandRecord, RevisionRecord } from '../store/store';
import type { ClientRef } from '../topics/clients';

/** What a client said, as the engine takes it, whatever its wire form. */
export interface Report {
  /** Who said it, by the topic: the broker's ACL vouches for that, for the payload nobody does. */
  readonly from: ClientRef | ClientAddress;
  readonly message: Statement;
  /** The command's id by Correlation Data, when it was sent. */
  readonly correlationId?: string;
  readonly standing?: Standing;
}

/** A client's message without its name: `from` says who it was. */
export type Statement = Unnamed<StatusReport> | Unnamed<ConnectionChange>;
type Unnamed<Message> = Omit<Message, 'tenantId' | 'clientId'>;

/** Where a client stands that tells this with every message, as one does that sends heartbeats. */
export interface Standing {
  /** The revision it runs; 0 without one. */
  readonly revision: number;
  /** Which connection of its boot it is on: `online` a second time on the same one is a heartbeat. */
  readonly connection: number;
  /** The number of this message in the boot, when the message has one. */
  readonly seq?: number;
}

/**
 * A form of addressing: how a command becomes an MQTT message and an MQTT message a report.
 * The engine knows nothing else of topics and payloads.
 */
export interface Profile {
  readonly name: string;
  /** The filters that carry every client's reports. */
  readonly reportFilters: readonly string[];
  /** @param now milliseconds since the Unix epoch; the message expires with the command */
  commandMessage(
    client: ClientRecord,
    command: CommandRecord,
    revision: RevisionRecord,
    now: number,
  ): PublishRequest;
  /**
   * @returns undefined for a topic of another profile
   * @throws EgizError `INVALID_MESSAGE` for a payload that is not a report, or not this client's
   */
  report(message: Pick<IncomingMessage, 'topic' | 'payload' | 'properties'>): Report | undefined;
}
