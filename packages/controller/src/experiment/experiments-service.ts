import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { ExperimentSpec } from '@shortlist/core/contracts/experiment.ts';
import type { ExperimentStatus } from '@shortlist/core/contracts/experiment-resource.ts';
import { TermEnded, type Fence } from '../runtime/fence.ts';

export type ExperimentState = NonNullable<ExperimentStatus['state']>;

/** An experiment as the service answers it. */
export interface ServedExperiment {
  readonly metadata: { readonly name: string; readonly resourceVersion: number };
  readonly spec: ExperimentSpec;
  readonly status: {
    readonly state: ExperimentState;
    readonly version: number;
    readonly phase: number;
    readonly startedAt: string | null;
    readonly versionStartedAt: string | null;
    readonly endedAt: string | null;
    readonly promoted: string | null;
    readonly allocated: number;
    readonly exposed: number;
  };
}

export interface ServedDecision {
  readonly id: number;
  readonly action: NonNullable<ExperimentStatus['decisions']>[number]['action'];
  readonly variant: string | null;
  readonly reason: string;
  readonly actor: string;
  readonly dryRun: boolean;
  readonly decidedAt: string;
}

/** What of `GET /experiments/{name}/results` goes into a status. */
export interface ServedResults {
  readonly evidence: {
    readonly computedAtS: number;
    readonly arms: readonly { readonly variant: string; readonly units: number }[];
    readonly metrics: readonly {
      readonly metric: string;
      readonly role: 'success' | 'guardrail';
      readonly comparisons: readonly {
        readonly variant: string;
        readonly lift: number | null;
        readonly always: { readonly low: number; readonly high: number } | null;
      }[];
    }[];
  };
}

/** A coded refusal of the service: the same request is refused again, until something changes. */
export class ServiceRefusal extends Error {
  readonly code: string;
  readonly status: number;
  /** Path in the document: `spec.variants[1].weight`; null: it is about none. */
  readonly field: string | null;

  constructor(code: string, status: number, message: string, field: string | null) {
    super(message);
    this.name = 'ServiceRefusal';
    this.code = code;
    this.status = status;
    this.field = field;
  }
}

/** Who the controller is in the service's history. */
export const ACTOR = 'shortlist-controller';
/** The longest that a PUT may take; results may need an analysis. */
const TIMEOUT_MS = 30_000;

export interface ExperimentsServiceOptions {
  readonly url: string;
  /** '': the service asks for none. */
  readonly token: string;
  readonly fence: Fence;
  readonly timeoutMs?: number;
}

/**
 * The experiments service over HTTP. Throws `ServiceRefusal`, `experiments_unreachable` for what may go better the next
 * time, and `TermEnded`: nothing is sent once the lease is lost.
 */
export class ExperimentsService {
  readonly #options: ExperimentsServiceOptions;
  readonly #url: string;

  constructor(options: ExperimentsServiceOptions) {
    this.#options = options;
    this.#url = options.url.replace(/\/$/, '');
  }

  async list(): Promise<readonly ServedExperiment[]> {
    return (await this.#request<{ items: ServedExperiment[] }>('GET', '/experiments')).items;
  }

  /** Null: there is none of this name. */
  async get(name: string): Promise<ServedExperiment | null> {
    try {
      return await this.#request<ServedExperiment>('GET', pathOf(name));
    } catch (error) {
      if (error instanceof ServiceRefusal && error.code === 'document_not_found') return null;
      throw error;
    }
  }

  /** Creates it as a draft (`resourceVersion` 0), or changes it; only over that version. */
  put(name: string, spec: ExperimentSpec, resourceVersion: number): Promise<ServedExperiment> {
    const body = { apiVersion: 'shortlist.dev/v1alpha1', kind: 'Experiment', metadata: { name }, spec };
    return this.#request('PUT', pathOf(name), { body, resourceVersion });
  }

  start(name: string, resourceVersion: number, reason: string): Promise<ServedExperiment> {
    return this.#request('POST', pathOf(name, '/start'), { body: { reason }, resourceVersion });
  }

  stop(name: string, resourceVersion: number, reason: string): Promise<ServedExperiment> {
    return this.#request('POST', pathOf(name, '/stop'), { body: { reason }, resourceVersion });
  }

  /** Of a draft. */
  async remove(name: string, resourceVersion: number): Promise<void> {
    await this.#request('DELETE', pathOf(name), { resourceVersion });
  }

  /** Oldest first. */
  async decisions(name: string): Promise<readonly ServedDecision[]> {
    return (await this.#request<{ decisions: ServedDecision[] }>('GET', pathOf(name, '/decisions'))).decisions;
  }

  results(name: string): Promise<ServedResults> {
    return this.#request('GET', pathOf(name, '/results'));
  }

  /** Who made its configuration versions, oldest first. */
  async actors(name: string): Promise<readonly string[]> {
    const { versions } = await this.#request<{ versions: { actor: string }[] }>('GET', pathOf(name, '/versions'));
    return versions.map(({ actor }) => actor);
  }

  async #request<T>(
    method: string,
    path: string,
    { body, resourceVersion }: { body?: object; resourceVersion?: number } = {},
  ): Promise<T> {
    const { fence, token } = this.#options;
    fence.check();
    const { response, text } = await this.#fetch(method, path, {
      headers: {
        'x-shortlist-actor': ACTOR,
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(resourceVersion === undefined ? {} : { 'if-match': `"${resourceVersion}"` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = parsed(text);
    if (response.ok && answer !== undefined) return answer as T;
    const { error } = (answer ?? {}) as { error?: { code: string; message: string; details?: { field?: unknown } } };
    // Without a code it was no refusal of the service, but a proxy's, or another program's.
    if (error === undefined || response.status >= 500 || response.status === 401) {
      const said = error === undefined ? `it answered ${response.status}` : `${error.code}: ${error.message}`;
      throw this.#unreachable(said, null);
    }
    const field = typeof error.details?.field === 'string' ? error.details.field : null;
    throw new ServiceRefusal(error.code, response.status, error.message, field);
  }

  async #fetch(method: string, path: string, init: RequestInit): Promise<{ response: Response; text: string }> {
    const { fence, timeoutMs = TIMEOUT_MS } = this.#options;
    const cut = new AbortController();
    const abort = () => cut.abort();
    const timer = setTimeout(abort, timeoutMs);
    fence.signal.addEventListener('abort', abort);
    try {
      const response = await fetch(this.#url + path, { ...init, method, signal: cut.signal });
      return { response, text: await response.text() };
    } catch (cause) {
      if (fence.signal.aborted) throw new TermEnded();
      const { message, cause: deeper } = cause as Error;
      const said = deeper instanceof Error && deeper.message !== '' ? deeper.message : message;
      throw this.#unreachable(cut.signal.aborted ? `no answer within ${timeoutMs} ms` : said, cause);
    } finally {
      clearTimeout(timer);
      fence.signal.removeEventListener('abort', abort);
    }
  }

  #unreachable(reason: string, cause: unknown): ShortlistError {
    const hint = 'It is tried again.';
    return new ShortlistError('experiments_unreachable', { url: this.#url, reason, hint }, { cause });
  }
}

const pathOf = (name: string, rest = ''): string => `/experiments/${encodeURIComponent(name)}${rest}`;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
