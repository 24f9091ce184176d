import { readFileSync } from 'node:fs';
import { connectAsync, ErrorWithSubackPacket, type IClientOptions, type MqttClient } from 'mqtt';
import should from 'should';
import type { AccountLogin } from '../../cli/stack/access';
import type { Ready } from '../../cli/stack/ready';

export const NOT_AUTHORIZED = 135;

export function loginOf(ready: Ready, account: string): AccountLogin {
  const found = ready.accounts[account];
  should(found).not.equal(undefined, account);
  return found as AccountLogin;
}

export function connectOptions(ready: Ready, login: AccountLogin): IClientOptions {
  return {
    protocolVersion: 5,
    ca: readFileSync(ready.mqtt.caFile),
    connectTimeout: 5_000,
    reconnectPeriod: 0,
    ...('passwordFile' in login
      ? { username: login.username, password: readFileSync(login.passwordFile, 'utf8').trim() }
      : { cert: readFileSync(login.certFile), key: readFileSync(login.keyFile) }),
  };
}

/** Accounts of a running stack that log in one after the other, and are all gone after `end`. */
export class AccountClients {
  private readonly clients: MqttClient[] = [];

  constructor(private readonly ready: () => Ready) {}

  async login(account: string, options: IClientOptions = {}): Promise<MqttClient> {
    const login = loginOf(this.ready(), account);
    const client = await connectAsync(login.url, {
      ...connectOptions(this.ready(), login),
      clientId: `${account}-test`,
      ...options,
    });
    // A connection that the broker ends is what some tests are about.
    client.on('error', () => undefined);
    this.clients.push(client);
    return client;
  }

  async end(): Promise<void> {
    await Promise.all(this.clients.splice(0).map((client) => client.endAsync(true)));
  }
}

/** The reason code of the PUBACK. */
export async function publishCode(client: MqttClient, topic: string, payload = 'x'): Promise<number> {
  try {
    const packet = await client.publishAsync(topic, payload, { qos: 1 });
    return (packet as { reasonCode?: number } | undefined)?.reasonCode ?? 0;
  } catch (fault) {
    return (fault as { code?: number }).code ?? -1;
  }
}

/** The reason code of the SUBACK. */
export async function subscribeCode(client: MqttClient, filter: string): Promise<number> {
  try {
    const [granted] = await client.subscribeAsync(filter, { qos: 1 });
    return granted?.qos ?? -1;
  } catch (fault) {
    if (!(fault instanceof ErrorWithSubackPacket)) throw fault;
    return Number(fault.packet.granted[0]);
  }
}
