import { isJsonObject } from '../json/json';
import type { GuardedSocket } from './guard';

/**
 * Hooks of a `node-red-dashboard-2` plugin: whatever a browser says about who it is, a message carries the user of its
 * socket's session. Where our guard does not run, a claimed user is dropped, and another plugin may set its own.
 */

type Message = Record<string, unknown>;

/** The client's own word about its user is gone; the session's stands in its place. */
export function ownIdentity(socket: Pick<GuardedSocket, 'data'>, message: unknown): unknown {
  if (Array.isArray(message)) return message.map((one) => ownIdentity(socket, one));
  if (!isJsonObject(message)) return message;
  const { user } = socket.data;
  // What the dashboard itself adds to _client (socketId, socketIp) comes later than this hook.
  const { _client: _claimed, ...rest } = message as Message;
  if (user !== undefined) return { ...rest, _client: { user } };
  return rest;
}

/** Before a message enters the flow: adds the session's user to what the dashboard knows of the client. */
export function addIdentity(socket: Pick<GuardedSocket, 'data'>, message: unknown): unknown {
  if (!isJsonObject(message) || socket.data.guarded !== true) return message;
  const known = isJsonObject(message._client) ? message._client : {};
  return { ...message, _client: { ...known, user: socket.data.user } };
}

/** A message for one user reaches only sockets of that user. */
export function isFor(socket: Pick<GuardedSocket, 'data'>, message: unknown): boolean {
  if (socket.data.guarded !== true) return true;
  const user = userOf(message);
  return user === undefined || user === socket.data.user?.sub;
}

/** A message of one user is not kept for whoever opens the page next. */
export function mayBeKept(message: unknown): boolean {
  return userOf(message) === undefined;
}

function userOf(message: unknown): unknown {
  const client = isJsonObject(message) ? message._client : undefined;
  const user = isJsonObject(client) ? client.user : undefined;
  return isJsonObject(user) ? user.sub : undefined;
}
