/** Of W3C Trace Context; read only where tracing is on. */
export const TRACE_HEADERS = ['traceparent', 'tracestate'] as const;
