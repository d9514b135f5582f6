import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as a collector reads it from a request of OTLP over HTTP. */
export interface ReceivedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** 2 server, 3 client, 1 internal. */
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 2 error, 0 unset. */
  readonly status: number;
}

export interface OtlpReceiver {
  /** Of the collector. */
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** Headers of what came to any other path; those are answered 202 and count all lines as taken. */
  readonly others: { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  close(): Promise<void>;
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly arrayValue?: { readonly values: readonly OtlpValue[] };
}
interface OtlpAttributes {
  readonly attributes: readonly { readonly key: string; readonly value: OtlpValue }[];
}
interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: OtlpAttributes;
    readonly scopeSpans: readonly {
      readonly spans: readonly (OtlpAttributes & {
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly name: string;
        readonly kind: number;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly status: { readonly code?: number };
      })[];
    }[];
  }[];
}

/** A collector on the loopback that decodes what it is sent and keeps it. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const others: OtlpReceiver['others'] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.url === '/v1/traces') {
        spans.push(...decode(JSON.parse(Buffer.concat(parts).toString()) as OtlpRequest));
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
        return;
      }
      others.push({ path: request.url!, headers: request.headers });
      response.writeHead(202, { 'content-type': 'application/json' }).end('{"rejected":0}');
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    others,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function decode({ resourceSpans }: OtlpRequest): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map((span) => ({
        service: String(attributesOf(resource)['service.name']),
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        kind: span.kind,
        startNs: BigInt(span.startTimeUnixNano),
        endNs: BigInt(span.endTimeUnixNano),
        attributes: attributesOf(span),
        status: span.status.code ?? 0,
      })),
    ),
  );
}

const attributesOf = ({ attributes }: OtlpAttributes): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));

const valueOf = ({ stringValue, intValue, arrayValue }: OtlpValue): unknown =>
  stringValue ?? (intValue === undefined ? arrayValue?.values.map(valueOf) : Number(intValue));
