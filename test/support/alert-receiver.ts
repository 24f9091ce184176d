import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Notification {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The system of the people on call: takes what Alertmanager sends to a webhook. */
export class AlertReceiver {
  readonly notifications: Notification[] = [];
  /** Paths that are refused. */
  readonly refused = new Set<string>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(): Promise<AlertReceiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const receiver = new AlertReceiver(server, typeof address === 'object' ? (address?.port ?? 0) : 0);
    server.on('request', async (request, response) => {
      const path = request.url ?? '';
      const { authorization } = request.headers;
      const { alerts } = JSON.parse(await text(request)) as { alerts: readonly Notification[] };
      const refused = receiver.refused.has(path);
      if (!refused) {
        for (const { status, labels, annotations } of alerts)
          receiver.notifications.push({ path, authorization, status, labels, annotations });
      }
      response.writeHead(refused ? 400 : 200).end();
    });
    return receiver;
  }

  of(alert: string): Notification | undefined {
    return this.notifications.find(({ status, labels }) => status === 'firing' && labels.alertname === alert);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
