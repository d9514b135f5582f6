/** A refusal of the Kubernetes API, or a request that got no answer (`status` 0). */
export class KubeError extends Error {
  /** HTTP status; 0: no answer. */
  readonly status: number;
  /** Kubernetes' own: `NotFound`, `Conflict`, `Expired`, `Invalid`; `Unreachable` without an answer. */
  readonly reason: string;
  /** How long the API wants to be left alone; null: it did not say. */
  readonly retryAfterMs: number | null;

  constructor(
    { status, reason, message }: { status: number; reason: string; message: string },
    options: { cause?: unknown; retryAfterMs?: number | null } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'KubeError';
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

const hasStatus = (status: number) => (error: unknown) => error instanceof KubeError && error.status === status;
export const isNotFound = hasStatus(404);
/** Somebody else wrote in between, or the object is another one of the same name. */
export const isConflict = hasStatus(409);
/** The resource version is too old: list again. */
export const isGone = hasStatus(410);
/** No answer, too many requests, or a failure of the API server: the same may go well later. */
export const isTemporary = (error: unknown): boolean =>
  error instanceof KubeError && (error.status === 0 || error.status === 429 || error.status >= 500);
