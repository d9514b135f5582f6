import type { HttpRequest } from '../http/adapter.ts';
import type { RequestTimings } from './request-timings.ts';

/** Spans of requests, sent to a collector. Null stands for "off" everywhere: then nothing of it is even loaded. */
export interface Tracing {
  /** Timings that become spans when the request is answered; null for a request that is not in the sample. */
  begin(request: Pick<HttpRequest, 'method' | 'path' | 'headers'>): RequestTimings | null;
  /** A request to another service; null when it is not in the sample. */
  outgoing(name: string): OutgoingSpan | null;
  /** Sends what waits. */
  close(): Promise<void>;
}

export interface OutgoingSpan {
  /** To be sent along. */
  readonly headers: Readonly<Record<string, string>>;
  /** `failure`: why it failed; '' when it did not. */
  end(failure: string): void;
}

export interface TracingConfig {
  readonly tracesUrl: string;
  readonly tracesShare: number;
  readonly dataset: string;
}

/** Null where no collector is configured. `onFailure` is told why spans could not be sent. */
export async function openTracing(
  { tracesUrl, tracesShare, dataset }: TracingConfig,
  about: { readonly service: string; readonly version: string },
  onFailure: (error: unknown) => void,
): Promise<Tracing | null> {
  if (tracesUrl === '') return null;
  // 25 ms and some MiB that a process without tracing does not pay.
  const { createOtlpTracing } = await import('./otlp-tracing.ts');
  return createOtlpTracing({ url: tracesUrl, share: tracesShare, dataset, ...about, onFailure });
}
