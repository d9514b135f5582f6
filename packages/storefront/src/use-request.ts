import { useCallback, useEffect, useState } from 'react';
import { ApiError } from './api.ts';

export interface Requested<T> {
  /** The latest answer; it stays while the next one is on its way, so that the page does not flicker. */
  readonly value: T | null;
  readonly error: ApiError | null;
  readonly loading: boolean;
  readonly retry: () => void;
}

/**
 * Asks whenever `key` changes and drops answers that come too late. `key` must say all that `request` depends on.
 */
export function useRequest<T>(key: string, request: (signal: AbortSignal) => Promise<T>): Requested<T> {
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<{ value: T | null; error: ApiError | null; answered: string | null }>({
    value: null,
    error: null,
    answered: null,
  });
  const asked = `${key}#${attempt}`;
  useEffect(() => {
    const controller = new AbortController();
    request(controller.signal).then(
      (value) => {
        if (!controller.signal.aborted) setState({ value, error: null, answered: asked });
      },
      (reason: unknown) => {
        if (controller.signal.aborted) return;
        const error = reason instanceof ApiError ? reason : new ApiError('page', String(reason));
        setState((before) => ({ ...before, error, answered: asked }));
      },
    );
    return () => controller.abort();
    // `request` is new on every render; `asked` names what it asks.
  }, [asked]);
  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  return { value: state.value, error: state.error, loading: state.answered !== asked, retry };
}
