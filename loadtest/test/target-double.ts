import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const SLATE = JSON.stringify({
  recommendations: [{ item_id: 'a', score: 1 }],
  tier: 'personalized',
  degraded: [],
});
const LESS = SLATE.replace('"degraded":[]', '"degraded":["profile"]');

export type Kind = 'whole' | 'degraded' | 'refused' | 'refused silently' | 'error' | 'empty';

export interface TargetDouble {
  readonly url: string;
  /** Bodies of `POST /recommend`. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** A server that answers `POST /recommend` as `kindOf` says of the n-th request. */
export async function targetDouble(kindOf: (n: number) => Kind): Promise<TargetDouble> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    if (request.url !== '/recommend') {
      const status = { process: { pid: process.pid }, release: { active: 'double' } };
      response.end(request.url === '/status' ? JSON.stringify(status) : '');
      return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const kind = kindOf(asked.push(body) - 1);
      if (kind.startsWith('refused'))
        response.writeHead(503, kind === 'refused' ? { 'Retry-After': '1' } : {}).end('{}');
      else if (kind === 'error') response.writeHead(500).end('{}');
      else if (kind === 'empty') response.end('{"recommendations":[],"degraded":[]}');
      else response.end(kind === 'whole' ? SLATE : LESS);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
