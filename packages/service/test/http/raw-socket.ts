import { connect, type Socket } from 'node:net';

/** What a client on a bare socket saw: every byte, and whether the server closed. */
export interface RawExchange {
  readonly text: string;
  readonly closed: boolean;
  /** Status codes in the order they came. */
  readonly statuses: readonly number[];
}

export interface RawOptions {
  /** Pieces sent one after the other. */
  readonly pieces: readonly (string | Buffer)[];
  /** Stop listening once this holds (default: the server closed). */
  readonly until?: (text: string) => boolean;
  readonly timeoutMs?: number;
}

/** Sends bytes as they are, which no HTTP client would do, and reports what came back. */
export async function rawRequest(port: number, options: RawOptions): Promise<RawExchange> {
  const socket: Socket = connect(port, '127.0.0.1');
  let text = '';
  let closed = false;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, options.timeoutMs ?? 5_000);
    const finish = (): void => {
      clearTimeout(timer);
      resolve();
    };
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (options.until?.(text) === true) finish();
    });
    socket.on('error', finish);
    socket.on('close', () => {
      closed = true;
      finish();
    });
    socket.on('connect', () => {
      for (const piece of options.pieces) socket.write(piece);
    });
  });
  socket.destroy();
  return { text, closed, statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1])) };
}

/** Holds after `count` complete answers with Content-Length. */
export function answers(count: number): (text: string) => boolean {
  return (text) => {
    let rest = text;
    for (let seen = 0; seen < count; seen++) {
      const end = rest.indexOf('\r\n\r\n');
      const length = /content-length: (\d+)/i.exec(rest.slice(0, Math.max(end, 0)));
      if (end < 0 || length === null || rest.length < end + 4 + Number(length[1])) return false;
      rest = rest.slice(end + 4 + Number(length[1]));
    }
    return true;
  };
}
