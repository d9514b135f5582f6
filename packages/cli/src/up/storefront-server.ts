import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import sirv from 'sirv';
import type { Shopper } from './shoppers.ts';

/** Paths that the page asks of the pod; everything else is a file of the page. */
const POD_PATHS = /^\/(recommend|recommendations|similar-products|trending|products|status|ping)(\?|$)/;
const BODY_BYTES_MAX = 1024 * 1024;

export interface StorefrontOptions {
  /** Built page: packages/storefront/dist. */
  readonly folder: string;
  readonly podUrl: string;
  readonly shoppers: readonly Shopper[];
  readonly host: string;
  readonly port: number;
}

/** Serves the demo shop's page and passes its questions on to the pod, so that both have one origin. */
export async function startStorefront(options: StorefrontOptions): Promise<Server> {
  const files = sirv(options.folder, { dev: false, single: false });
  const shoppers = JSON.stringify({ users: options.shoppers });
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    if (path === '/storefront/shoppers') answer(response, 200, shoppers);
    else if (POD_PATHS.test(path)) void passOn(request, response, options.podUrl);
    else files(request, response, () => answer(response, 404, '{"error":{"code":"route_not_found"}}'));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return server;
}

function answer(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(json);
}

async function passOn(request: IncomingMessage, response: ServerResponse, podUrl: string): Promise<void> {
  try {
    const body = request.method === 'POST' ? await readBody(request) : null;
    const reply = await fetch(`${podUrl}${request.url ?? '/'}`, {
      method: request.method ?? 'GET',
      headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
      body,
    });
    answer(response, reply.status, await reply.text());
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    answer(response, 502, JSON.stringify({ error: { code: 'pod_unreachable', message } }));
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    body += chunk;
    if (body.length > BODY_BYTES_MAX) throw new Error(`the body is larger than ${BODY_BYTES_MAX} bytes`);
  }
  return body;
}
