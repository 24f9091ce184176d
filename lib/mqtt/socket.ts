import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { LinkSettings } from './options';

/**
 * Opens the network connection: TLS 1.3 or nothing unless an older version is allowed on purpose, small
 * packets sent at once.
 * @param onread takes what is read, instead of `data` events
 */
export function openSocket(settings: LinkSettings, onread?: OnReadOpts): Socket {
  const { host, port } = settings;
  const reading = onread === undefined ? {} : { onread };
  const socket =
    settings.tls === undefined
      ? connectTcp({ host, port, ...reading })
      : openTls(settings, settings.tls(), reading);
  return socket.once('connect', () => socket.setNoDelay(true));
}

function openTls(
  { host, port }: LinkSettings,
  tls: ReturnType<NonNullable<LinkSettings['tls']>>,
  reading: { readonly onread?: OnReadOpts },
): Socket {
  return connectTls({
    ...reading,
    minVersion: 'TLSv1.3',
    // An address cannot be a server name (RFC 6066 section 3); its certificate is checked by the address.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...tls,
    host,
    port,
  });
}
