import { join } from 'node:path';
import should from 'should';
import type { KeyPairFiles } from '../../lib/pki/pair-files';
import type { InventoryBroker } from './inventory-broker';

export const NOT_AUTHORISED = 0x87;
export const CLIENT = '{ id: press-1, type: opc-core-client }';
const OTHER = '{ id: press-2, type: opc-core-client }';
const SERVICES = 'services: [{ id: egiz-config, role: config }, { id: watch, role: monitoring }]';
/** An inventory with one client, */
export const WITH_ONE = `tenants: [{ id: acme, clients: [${CLIENT}] }]\n${SERVICES}\n`;
/** and with one more. */
export const WITH_TWO = `tenants: [{ id: acme, clients: [${CLIENT}, ${OTHER}] }]\n${SERVICES}\n`;
const STATUS = 'tenants/acme/clients/press-1/status';
export const FOREIGN = 'tenants/globex/clients/mill-1/status';
export const COMMANDS = 'tenants/acme/clients/press-1/commands/config';

/** A right given works, what nobody has a right to is denied and not delivered. */
export async function shouldBeClosed(broker: InventoryBroker): Promise<void> {
  const client = await broker.login('acme.press-1');
  const service = await broker.login('egiz-config', {
    certificate: serviceFiles(broker, 'egiz-config'),
    listener: 'service-certificate',
  });
  const seen: string[] = [];
  await service.subscribe('#', ({ topic }) => void seen.push(topic));
  await service.subscribe('openegiz/#', ({ topic }) => void seen.push(topic));
  should(await broker.publish(client, FOREIGN)).equal(NOT_AUTHORISED);
  should(await broker.publish(client, COMMANDS)).equal(NOT_AUTHORISED);
  should(await broker.publish(client, 'openegiz/f/oven/o/thermal/telemetry')).equal(NOT_AUTHORISED);
  should(await broker.publish(client, STATUS)).equal(0);
  await until(() => seen.includes(STATUS));
  // The denied ones were sent before it on the same connection.
  should([...new Set(seen)]).eql([STATUS]);
  await broker.closeLinks();
}

export function serviceFiles(broker: InventoryBroker, account: string): KeyPairFiles {
  const at = (end: string) => join(broker.pkiDirectory, 'services', `${account}.${end}`);
  return { certFile: at('crt'), keyFile: at('key') };
}

export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !holds(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  should(holds()).equal(true);
}
