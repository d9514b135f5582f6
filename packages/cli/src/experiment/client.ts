import { userInfo } from 'node:os';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

const TIMEOUT_MS = 330_000;

export interface RequestOptions {
  /** Sent as it is when it is text, else as JSON. */
  readonly body?: unknown;
  /** Only over this version of the document. */
  readonly resourceVersion?: number;
}

/** The experiments service over HTTP. */
export class ExperimentsClient {
  readonly #url: string;
  readonly #token: string | undefined;

  /** `token`: what the service asks of who changes anything, where it does. */
  constructor(url: string, token?: string) {
    this.#url = url.replace(/\/$/, '');
    this.#token = token;
  }

  /**
   * The answer's JSON. @throws `experiments_unreachable` with what to do, and the service's own error under its code
   */
  async request<T>(method: string, path: string, { body, resourceVersion }: RequestOptions = {}): Promise<T> {
    const response = await this.#fetch(method, path, {
      headers: {
        'x-shortlist-actor': actor(),
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(body === undefined
          ? {}
          : { 'content-type': typeof body === 'string' ? 'application/yaml' : 'application/json' }),
        ...(resourceVersion === undefined ? {} : { 'if-match': `"${resourceVersion}"` }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = parsed(text);
    if (response.ok && answer !== undefined) return answer as T;
    const { error } = (answer ?? {}) as { error?: { code: string; message: string } };
    // The service may be newer than this program: its code need not be one that is known here.
    const reason = error === undefined ? `${this.#url} answered ${response.status}` : `${error.code}: ${error.message}`;
    throw new ShortlistError('experiments_refused', { reason });
  }

  async #fetch(method: string, path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.#url + path, { ...init, method, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (cause) {
      const { message, cause: deeper } = cause as Error;
      throw new ShortlistError(
        'experiments_unreachable',
        {
          url: this.#url,
          reason: deeper instanceof Error && deeper.message !== '' ? deeper.message : message,
          hint: 'Start it with `shortlist up`, or set SHORTLIST_EXPERIMENTS_URL.',
        },
        { cause },
      );
    }
  }
}

export const pathOf = (name: string, rest = ''): string => `/experiments/${encodeURIComponent(name)}${rest}`;

/** Who runs this, for the history. */
function actor(): string {
  try {
    const { username } = userInfo();
    return username === 'service' ? 'cli' : username;
  } catch {
    // An account without a name, as in some containers.
    return 'cli';
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
