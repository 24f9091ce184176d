import { EgizError } from '../errors/egiz-error';
import { connectMqtt } from '../mqtt/connection';
import type { ConnectOptions } from '../mqtt/options';

const TOPIC = '$SYS/broker/publish/messages/dropped';
/** Mosquitto publishes its figures every 10 s and keeps the last one, unless it has expired. */
const TIMEOUT_MS = 15_000;

/**
 * How many messages the broker has dropped since it was started, for whomever they were: from a full queue, above
 * all. Publishers are told nothing of it.
 * @throws EgizError `BROKER_SILENT`
 */
export async function brokerDrops(options: Omit<ConnectOptions, 'clientId'>): Promise<number> {
  const link = connectMqtt({ ...options, clientId: `${process.pid}-archive-audit` });
  let reason = 'it publishes no such figure';
  link.onState((state) => {
    if (state.kind === 'disconnected') reason = state.reason;
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new EgizError('BROKER_SILENT', `The broker at ${options.url} does not tell its drops: ${reason}`, {
            topic: TOPIC,
            mend: 'Use an account of the role monitoring, which may read $SYS/#.',
          }),
        );
      }, TIMEOUT_MS);
      link
        .subscribe(TOPIC, ({ payload }) => {
          clearTimeout(timer);
          resolve(Number(payload.toString()));
        })
        .catch(reject);
    });
  } finally {
    await link.close();
  }
}
