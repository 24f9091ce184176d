/**
 * What `openegiz start` tells the process that simulates clients: the path of a JSON file of this form is its
 * only argument. When every client has connected once, the process says so on its channel, with a message of
 * the form `SimulatorReady`.
 */
export interface SimulatorClients {
  /** One directory below it for each client's last good configuration. Kept over starts. */
  readonly stateDirectory: string;
  readonly clients: readonly SimulatedClient[];
}

/** One client and how it logs in: with a password on one listener, or with a certificate on another. */
export type SimulatedClient = {
  readonly tenantId: string;
  readonly clientId: string;
  /** Client type, e.g. `opc-core-client`. */
  readonly type: string;
  /** `mqtts://HOST:PORT` */
  readonly url: string;
  /** The account. */
  readonly username: string;
  readonly caFile: string;
} & (
  | { readonly passwordFile: string }
  | {
      readonly certFile: string;
      readonly keyFile: string;
    }
);

export interface SimulatorReady {
  readonly kind: 'ready';
}
