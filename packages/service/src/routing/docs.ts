import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { HttpReply } from '../http/adapter.ts';
import { text } from '../http/replies.ts';
import type { Route } from './route.ts';

/** What these routes need of a service. */
interface Reference {
  readonly openapi: () => string;
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shortlist API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
`;

const START = `SwaggerUIBundle({ url: '../openapi.json', dom_id: '#swagger-ui', validatorUrl: null, docExpansion: 'list' });
`;

/**
 * Nothing may come from outside, and nothing may be sent there. Swagger UI sets style attributes and uses data: images
 * of its own, hence the two exceptions.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const ASSETS = [
  ['swagger-ui.css', 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
  ['favicon-32x32.png', 'image/png'],
] as const;

export const DOCS_ROUTES: readonly Route<Reference>[] = [
  {
    method: 'GET',
    path: '/openapi.json',
    port: 'public',
    group: 'Reference',
    summary: 'This reference as OpenAPI 3.1, made of the schemas that validate.',
    answers: 'application/json',
    errors: [],
    handle: (_call, { openapi }) => text(200, 'application/json; charset=utf-8', openapi()),
  },
  page('/docs', 'This reference as a page.', () => guarded(text(200, 'text/html; charset=utf-8', PAGE))),
  page('/docs/start.js', '', () => guarded(text(200, 'text/javascript; charset=utf-8', START))),
  ...ASSETS.map(([name, contentType]) =>
    page(
      `/docs/${name}`,
      '',
      cached(() => asset(name, contentType)),
    ),
  ),
];

function page(path: string, summary: string, handle: () => HttpReply): Route<Reference> {
  const listed = summary === '' ? {} : { group: 'Reference' };
  return { method: 'GET', path, port: 'public', ...listed, summary, answers: 'text/html', errors: [], handle };
}

/** Files of the swagger-ui-dist package; read when first asked for, so that start-up does not pay for them. */
function asset(name: string, contentType: string): HttpReply {
  const file = fileURLToPath(new URL(name, import.meta.resolve('swagger-ui-dist/package.json')));
  const reply = guarded(text(200, contentType, readFileSync(file)));
  return { ...reply, headers: [...reply.headers, ['cache-control', 'public, max-age=86400']] };
}

function cached(make: () => HttpReply): () => HttpReply {
  let reply: HttpReply | undefined;
  return () => (reply ??= make());
}

function guarded(reply: HttpReply): HttpReply {
  return {
    ...reply,
    headers: [...reply.headers, ['content-security-policy', POLICY], ['x-content-type-options', 'nosniff']],
  };
}
