import type { NodeAPI } from 'node-red';
import { addIdentity, isFor, mayBeKept, ownIdentity } from '../../lib/dashboard/client-identity';
import type { GuardedSocket } from '../../lib/dashboard/guard';
import type { PageRequest } from '../../lib/dashboard/http';

type Socket = Pick<GuardedSocket, 'data'>;

/**
 * Makes the dashboard's messages carry the session's user instead of what the browser says (`msg._client.user`).
 * Every way in has its own hook, and some are skipped when `ui-base` leaves client data out: all are needed.
 */
export = (RED: NodeAPI): void => {
  const plugin = {
    type: 'node-red-dashboard-2',
    hooks: {
      onSetup: (_config: unknown, request: PageRequest) => ({ user: request.user ?? null }),
      onAction: (socket: Socket, _id: string, message: unknown) => ownIdentity(socket, message),
      onChange: (socket: Socket, _id: string, message: unknown) => ownIdentity(socket, message),
      onSend: (socket: Socket, _id: string, message: unknown) => ownIdentity(socket, message),
      onAddConnectionCredentials: (socket: Socket, message: unknown) => addIdentity(socket, message),
      onIsValidConnection: (socket: Socket, message: unknown) => isFor(socket, message),
      onCanSaveInStore: (message: unknown) => mayBeKept(message),
    },
  };
  RED.plugins.registerPlugin('egiz-dashboard-guard', plugin);
};
