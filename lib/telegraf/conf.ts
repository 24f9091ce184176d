import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brokerLimits } from '../broker/sizing';
import { EgizError } from '../errors/egiz-error';
import type { Inventory } from '../inventory/inventory';
import { TELEGRAF_DIRECTORY } from './script';

/** What telegraf.conf takes from its environment; its head tells what each is. */
export type ArchiveVariable =
  | 'EGIZ_MQTT_URL'
  | 'EGIZ_ARCHIVE_ACCOUNT'
  | 'EGIZ_TLS_CA'
  | 'EGIZ_TLS_CERT'
  | 'EGIZ_TLS_KEY'
  | 'EGIZ_INFLUX_URL'
  | 'EGIZ_INFLUX_ORG'
  | 'EGIZ_INFLUX_BUCKET'
  | 'EGIZ_SECRETS'
  | 'EGIZ_ARCHIVE_SCRIPT'
  | 'EGIZ_ARCHIVE_METRICS';

/** For each message that is not acknowledged yet: a thermal one with four zones makes as many points. */
const POINTS_A_MESSAGE = 5;

/**
 * telegraf/telegraf.conf for an inventory: as many messages unacknowledged as its broker allows, and a buffer for
 * their points. Variables that are given are written out, the others stay to be taken from the environment.
 */
export function archiveConf(
  inventory: Inventory,
  values: Readonly<Partial<Record<ArchiveVariable, string>>> = {},
): string {
  const { maxInflightMessages } = brokerLimits(inventory);
  const shipped = readFileSync(join(TELEGRAF_DIRECTORY, 'telegraf.conf'), 'utf8');
  const sized = [
    ['max_undelivered_messages', maxInflightMessages],
    ['metric_buffer_limit', maxInflightMessages * POINTS_A_MESSAGE],
  ] as const;
  const text = sized.reduce((conf, [name, value]) => withNumber(conf, name, value), shipped);
  return text.replace(/\$\{(EGIZ_\w+):-[^}]*\}/g, (whole, name: ArchiveVariable) => {
    const value = values[name];
    // Inside a text of TOML, which has JSON's escapes.
    return value === undefined ? whole : JSON.stringify(value).slice(1, -1);
  });
}

function withNumber(conf: string, name: string, value: number): string {
  const line = new RegExp(`^(\\s*${name} = )\\d+$`, 'm');
  if (!line.test(conf)) throw new EgizError('CONF_INVALID', `telegraf.conf has no line "${name} = …"`);
  return conf.replace(line, `$1${value}`);
}
