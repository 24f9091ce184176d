/** As much of a socket.io client (protocol 5, Engine.IO 4, long polling) as the guard's tests need. */
export class PollingSocket {
  readonly #url: string;
  readonly #headers: Record<string, string>;

  private constructor(url: string, headers: Record<string, string>) {
    this.#url = url;
    this.#headers = headers;
  }

  /** Opens the transport and asks for the namespace; `answer` is `40…` when let in and `44…` when refused. */
  static async connect(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ readonly socket: PollingSocket; readonly answer: string }> {
    const open = await fetch(`${path}/?EIO=4&transport=polling`, { headers });
    const { sid } = JSON.parse((await open.text()).slice(1)) as { sid: string };
    const socket = new PollingSocket(`${path}/?EIO=4&transport=polling&sid=${sid}`, headers);
    await socket.#post('40');
    return { socket, answer: await socket.poll() };
  }

  /** The next packets, or the status when the transport has been closed. */
  async poll(): Promise<string> {
    const response = await fetch(this.#url, { headers: this.#headers });
    return response.ok ? response.text() : `HTTP ${response.status}`;
  }

  emit(...event: unknown[]): Promise<void> {
    return this.#post(`42${JSON.stringify(event)}`);
  }

  async #post(body: string): Promise<void> {
    const headers = { ...this.#headers, 'content-type': 'text/plain;charset=UTF-8' };
    await fetch(this.#url, { method: 'POST', headers, body });
  }
}
