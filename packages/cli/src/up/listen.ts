import { createServer, type AddressInfo, type Server } from 'node:net';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/** Binds `server`. @throws `port_in_use` */
export async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'another process listens there; choose another port' : error.message;
      reject(new ShortlistError('port_in_use', { host, port, reason }, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}

/**
 * Makes sure that nobody listens on `port` before something is started there: another pod would answer for ours.
 * @throws `port_in_use`
 */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const probe = createServer();
  await listen(probe, host, port);
  await new Promise((resolve) => probe.close(resolve));
}

/** A port that nobody listens on now. */
export async function freePort(host: string): Promise<number> {
  const probe = createServer();
  await listen(probe, host, 0);
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
