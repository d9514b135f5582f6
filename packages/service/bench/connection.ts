import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * One keep-alive connection, one request at a time, as cheap as a socket can be: whoever measures a server on two cores
 * must not take one of them.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #host: string;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #awaited: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void } | undefined;

  static open(url: string): Promise<Connection> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket, `${hostname}:${port}`));
      });
    });
  }

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  /** Rejects when the connection breaks: whether the request was worked in is then unknown. */
  request(method: string, path: string, body: Buffer, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    let head = `${method} ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Type: application/json\r\n`;
    for (const name in headers) head += `${name}: ${headers[name]!}\r\n`;
    head += `Content-Length: ${body.length}\r\n\r\n`;
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new Error('the connection was closed'));
        return;
      }
      this.#awaited = { resolve, reject };
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      this.#socket.write(body);
      this.#socket.uncork();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const first = this.#chunks[0]!;
    let headEnd = first.indexOf(HEAD_END);
    if (headEnd < 0) {
      const joined = Buffer.concat(this.#chunks);
      this.#chunks = [joined];
      headEnd = joined.indexOf(HEAD_END);
      if (headEnd < 0) return;
    }
    const head = this.#chunks[0]!.toString('latin1', 0, headEnd);
    const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    const from = headEnd + HEAD_END.length;
    if (this.#bytes < from + length) return;
    const whole = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#bytes = 0;
    const awaited = this.#awaited;
    this.#awaited = undefined;
    awaited?.resolve({ status: Number(head.slice(9, 12)), body: whole.subarray(from, from + length) });
  }

  #fail(error: Error): void {
    const awaited = this.#awaited;
    this.#awaited = undefined;
    awaited?.reject(error);
  }
}
