import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { FinishedRequest } from './finished-request.ts';
import { RequestTimings } from './request-timings.ts';
import { TRACE_HEADERS } from './trace-headers.ts';
import type { OutgoingSpan, Tracing } from './tracing.ts';

export interface OtlpTracingOptions {
  /** Where the collector takes traces, e.g. `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  /** Share of the requests that are traced when their caller does not say. */
  readonly share: number;
  readonly service: string;
  readonly version: string;
  readonly dataset: string;
  readonly onFailure: (error: unknown) => void;
  /** In [0, 1). */
  readonly chance?: () => number;
}

/** Spans that wait for the collector; what exceeds it is dropped. */
const QUEUE_SPANS_MAX = 4_096;
const BATCH_SPANS_MAX = 512;
const SEND_EVERY_MS = 2_000;
const SEND_TIMEOUT_MS = 5_000;

/** Probes and scrapes tell nothing. */
const UNTRACED = /^\/(health|metrics|ping|status)/;

const propagator = new W3CTraceContextPropagator();
/** Wall clock in ms with the resolution of performance.now(). */
const nowMs = (): number => performance.timeOrigin + performance.now();

/**
 * Traces by OTLP over HTTP. Whether a request is traced is decided before anything is made for it: by the flag that its
 * caller sent, else by chance. A stage becomes a span from the timing that the request path measures anyway.
 */
export function createOtlpTracing(options: OtlpTracingOptions): Tracing {
  const { url, share, service, version, dataset, onFailure, chance = Math.random } = options;
  setGlobalErrorHandler(onFailure);
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: SEND_TIMEOUT_MS });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': service,
      'service.version': version,
      'service.instance.id': String(process.pid),
      'shortlist.dataset': dataset,
    }),
    sampler: new AlwaysOnSampler(),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: QUEUE_SPANS_MAX,
        maxExportBatchSize: BATCH_SPANS_MAX,
        scheduledDelayMillis: SEND_EVERY_MS,
        exportTimeoutMillis: SEND_TIMEOUT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('shortlist', version);
  return {
    begin({ path, headers }) {
      if (UNTRACED.test(path)) return null;
      const isAlone = (headers[TRACE_HEADERS[0]] ?? '') === '';
      const context = isAlone ? ROOT_CONTEXT : propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
      // A header that cannot be read is none.
      const caller = trace.getSpanContext(context);
      const isWanted = caller === undefined ? chance() < share : (caller.traceFlags & TraceFlags.SAMPLED) !== 0;
      return isWanted ? new TracedTimings(tracer, context) : null;
    },
    outgoing(name) {
      if (chance() >= share) return null;
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT }, ROOT_CONTEXT);
      return outgoingOf(span);
    },
    close: () => provider.shutdown(),
  };
}

function outgoingOf(span: Span): OutgoingSpan {
  const headers: Record<string, string> = {};
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), headers, defaultTextMapSetter);
  return {
    headers,
    end(failure) {
      if (failure !== '') span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      span.end();
    },
  };
}

/** Timings of a request in the sample: its span, and one for every stage. */
class TracedTimings extends RequestTimings {
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #context: Context;

  constructor(tracer: Tracer, parent: Context) {
    super();
    this.#tracer = tracer;
    // Its name is that of the route, which is not known yet.
    this.#span = tracer.startSpan('request', { kind: SpanKind.SERVER, startTime: nowMs() }, parent);
    this.#context = trace.setSpan(parent, this.#span);
  }

  override get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  override stage(name: string, ms: number): void {
    super.stage(name, ms);
    const endMs = nowMs();
    this.#tracer.startSpan(name, { startTime: endMs - ms }, this.#context).end(endMs);
  }

  override finished({ method, route, status, tier, degraded, requestId, error }: FinishedRequest): void {
    this.#span.updateName(`${method} ${route}`).setAttributes({
      'http.request.method': method,
      'http.route': route,
      'http.response.status_code': status,
      'shortlist.request_id': requestId,
      ...(tier === '' ? {} : { 'shortlist.tier': tier }),
      ...(degraded.length === 0 ? {} : { 'shortlist.degraded': [...degraded] }),
    });
    if (status >= 500) {
      const message = error instanceof Error ? error.message : String(status);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message });
    }
    this.#span.end(nowMs());
  }
}
