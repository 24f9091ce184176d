import { createServer, type Server } from 'node:http';

/** Stands for a part of the plant that a test does not run: says figures as that part would say them. */
export class Exporter {
  readonly target: string;
  private readonly values = new Map<string, number>();

  private constructor(private readonly server: Server) {
    const address = server.address();
    this.target = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    server.on('request', (_request, response) => {
      const lines = [...this.values].map(([series, value]) => `${series} ${value}\n`);
      response.setHeader('content-type', 'text/plain; version=0.0.4').end(lines.join(''));
    });
  }

  static async start(values: Readonly<Record<string, number>>): Promise<Exporter> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const exporter = new Exporter(server);
    exporter.say(values);
    return exporter;
  }

  /** From the next scrape on. */
  say(values: Readonly<Record<string, number>>): void {
    for (const [series, value] of Object.entries(values)) this.values.set(series, value);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
