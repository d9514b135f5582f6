import { createServer, request as askPod, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import sirv from 'sirv';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { listen } from './listen.ts';
import type { Shopper } from './shoppers.ts';

/** Paths that the page asks of the pod; everything else is a file of the page. */
const POD_PATHS = /^\/(recommend|recommendations|similar-products|trending|products|status|ping)(\?|$)/;

export interface StorefrontOptions {
  /** Built page: packages/storefront/dist. */
  readonly folder: string;
  readonly podUrl: string;
  readonly shoppers: readonly Shopper[];
  readonly host: string;
  readonly port: number;
}

/**
 * Serves the demo shop's page and passes its questions on to the pod, so that both have one origin.
 * @throws `port_in_use`
 */
export async function startStorefront(options: StorefrontOptions): Promise<Server> {
  const files = sirv(options.folder, { dev: false, single: false });
  const shoppers = JSON.stringify({ users: options.shoppers });
  const server = createServer((request, response) => {
    const { method = 'GET', url: path = '/' } = request;
    if (path === '/storefront/shoppers') answer(response, 200, shoppers);
    else if (POD_PATHS.test(path)) passOn(request, response, options.podUrl);
    else files(request, response, () => refuse(response, new ShortlistError('route_not_found', { method, path })));
  });
  await listen(server, options.host, options.port);
  return server;
}

/** The pod's answer as it is, limits and refusals included; `not_ready` when there is no pod. */
function passOn(request: IncomingMessage, response: ServerResponse, podUrl: string): void {
  const { method, url, headers } = request;
  const toPod = askPod(podUrl, { method, path: url, headers }, (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(response);
  });
  toPod.on('error', (cause) => {
    if (response.headersSent) response.destroy();
    else refuse(response, new ShortlistError('not_ready', { reason: `the pod does not answer (${cause.message})` }));
  });
  response.once('close', () => toPod.destroy());
  request.pipe(toPod);
}

function refuse(response: ServerResponse, { status, code, message, details }: ShortlistError): void {
  answer(response, status, JSON.stringify({ error: { code, message, details, request_id: '' } }));
}

function answer(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(json);
}
