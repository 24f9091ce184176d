import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { LinkSettings } from './options';

/**
 * Opens the network connection: TLS 1.3 or nothing unless an older version is allowed on purpose, small
 * packets sent at once.
 */
export function openSocket(settings: LinkSettings): Socket {
  const { host, port } = settings;
  const socket = settings.tls === undefined ? connectTcp({ host, port }) : openTls(settings, settings.tls());
  return socket.once('connect', () => socket.setNoDelay(true));
}

function openTls({ host, port }: LinkSettings, tls: ReturnType<NonNullable<LinkSettings['tls']>>): Socket {
  return connectTls({
    minVersion: 'TLSv1.3',
    // An address cannot be a server name (RFC 6066 section 3); its certificate is checked by the address.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...tls,
    host,
    port,
  });
}
