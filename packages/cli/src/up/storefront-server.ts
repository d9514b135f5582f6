import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import sirv from 'sirv';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { listen } from './listen.ts';
import type { Shopper } from './shoppers.ts';

/** Paths that the page asks of the pod and of the ingest service; everything else is a file of the page. */
const POD_PATHS = /^\/(recommend|recommendations|similar-products|trending|products|status|ping)(\?|$)/;
const INGEST_PATHS = /^\/events(\?|$)/;

export interface StorefrontOptions {
  /** Built page: packages/storefront/dist. */
  readonly folder: string;
  readonly podUrl: string;
  readonly ingestUrl: string;
  readonly shoppers: readonly Shopper[];
  readonly host: string;
  readonly port: number;
}

/**
 * Serves the demo shop's page and passes its questions on to the pod, and what the shopper does to the ingest service, so that
 * all have one origin.
 * @throws `port_in_use`
 */
export async function startStorefront(options: StorefrontOptions): Promise<Server> {
  const files = sirv(options.folder, { dev: false, single: false });
  const shoppers = JSON.stringify({ users: options.shoppers });
  const server = createServer((request, response) => {
    const { method = 'GET', url: path = '/' } = request;
    if (path === '/storefront/shoppers') answer(response, 200, shoppers);
    else if (POD_PATHS.test(path)) passOn(request, response, options.podUrl);
    else if (INGEST_PATHS.test(path)) passOn(request, response, options.ingestUrl);
    else files(request, response, () => refuse(response, new ShortlistError('route_not_found', { method, path })));
  });
  await listen(server, options.host, options.port);
  return server;
}

/** The service's answer as it is, limits and refusals included; `not_ready` when there is none. */
function passOn(request: IncomingMessage, response: ServerResponse, serviceUrl: string): void {
  const { method, url, headers } = request;
  const toService = ask(serviceUrl, { method, path: url, headers }, (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(response);
  });
  toService.on('error', (cause) => {
    if (response.headersSent) response.destroy();
    else
      refuse(
        response,
        new ShortlistError('not_ready', { reason: `the service behind it does not answer (${cause.message})` }),
      );
  });
  response.once('close', () => toService.destroy());
  request.pipe(toService);
}

function refuse(response: ServerResponse, { status, code, message, details }: ShortlistError): void {
  answer(response, status, JSON.stringify({ error: { code, message, details, request_id: '' } }));
}

function answer(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(json);
}
