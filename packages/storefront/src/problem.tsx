import type { ApiError } from './api.ts';

/** What went wrong, with its stable code, and a way to try again. */
export function Problem({ error, retry }: { error: ApiError; retry: () => void }) {
  return (
    <div className="problem" role="alert">
      <p>
        <b>That did not work.</b> {error.message}
      </p>
      <p>
        <code>{error.code}</code>
      </p>
      <button type="button" className="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}
