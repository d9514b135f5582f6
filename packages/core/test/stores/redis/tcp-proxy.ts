import { connect, createServer, type Server, type Socket } from 'node:net';

/** A wire to a server on this machine that can be slow. Order is kept: what comes later leaves later. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Added to every piece of data, each way, ms. */
  delayMs = 0;

  static async to(port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(port);
    await new Promise<void>((listening) => proxy.#server.listen(0, '127.0.0.1', listening));
    return proxy;
  }

  private constructor(port: number) {
    this.#server = createServer((client) => {
      const upstream = connect(port, '127.0.0.1');
      this.#pipe(client, upstream);
      this.#pipe(upstream, client);
    });
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((closed) => this.#server.close(closed));
  }

  #pipe(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    let leaving = Promise.resolve();
    from.on('data', (data) => {
      const due = performance.now() + this.delayMs;
      leaving = leaving.then(async () => {
        const waitMs = due - performance.now();
        if (waitMs > 0) await new Promise((wait) => setTimeout(wait, waitMs));
        to.write(data);
      });
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      void leaving.then(() => to.destroy());
    });
  }
}
