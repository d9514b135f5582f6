import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Phase, Readiness } from '@shortlist/service/routing/health.ts';
import type { CachedAnswers } from './cached-answers.ts';
import type { PipelineFacts, Recommender, ReleaseControl, ReleaseStatus } from './recommender.ts';

/** What a pod serves once it has loaded. */
export interface Served {
  readonly recommender: Recommender;
  readonly releases: ReleaseControl;
  readonly live: LiveFacts;
  /** Ready answers; null without Redis. */
  readonly answers?: CachedAnswers | null;
  /** Null where nothing is recorded. */
  readonly records?: RecordFacts | null;
  /** The assignment snapshot in force. */
  readonly assignments?: AssignmentFacts;
  /** Null without a database. */
  readonly database?: DatabaseFacts | null;
}

/** Connections to PostgreSQL, and who waits for one. */
export interface DatabaseFacts {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** Which assignment snapshot is in force. */
export interface AssignmentFacts {
  status(): { readonly version: number | null; readonly age_s: number | null };
}

/** What became of the records of answers, in records since the process started. */
export interface RecordFacts {
  status(): {
    readonly offered: number;
    readonly dropped: number;
    readonly sent: number;
    readonly rejected: number;
    readonly spooled: number;
    readonly adopted: number;
    readonly damaged: number;
    readonly waiting: number;
    readonly spool_bytes: number;
  };
}

/** How the pod follows what happens since its release; live/open-live.ts stands behind it. */
export interface LiveFacts {
  /** Age of the live state in seconds; null for a pod that follows none. */
  readonly lagS: number | null;
  /** Items that were served although they had been out of stock. */
  readonly leaks: number;
  /** Whatever `/status` should say; JSON-safe. */
  status(): object;
}

/**
 * starting -> serving -> draining. The server listens from the start, so that liveness can be asked while a release
 * loads; readiness turns true only with a recommender that has loaded, passed its golden check and warmed up, and turns
 * false before the port closes.
 */
export class Lifecycle {
  #served: Served | undefined;
  #draining = false;

  /** Throws `not_ready` while nothing is loaded. Keeps answering while draining. */
  get recommender(): Recommender {
    return this.#orNotReady().recommender;
  }

  /** Throws `not_ready` while nothing is loaded. */
  get releases(): ReleaseControl {
    return this.#orNotReady().releases;
  }

  get releaseStatus(): ReleaseStatus {
    return this.#served?.releases.status() ?? NO_RELEASE;
  }

  /** Empty while nothing is loaded. */
  get pipelineStatus(): Readonly<Record<string, unknown>> {
    return this.#served?.recommender.status() ?? {};
  }

  /** What metrics say of the pipeline; null while nothing is loaded. */
  get pipelineFacts(): PipelineFacts | null {
    return this.#served?.recommender.facts?.() ?? null;
  }

  /** Null while nothing is loaded. */
  get releaseControl(): ReleaseControl | null {
    return this.#served?.releases ?? null;
  }

  /** Connections to PostgreSQL; null without, and while nothing is loaded. */
  get database(): DatabaseFacts | null {
    return this.#served?.database ?? null;
  }

  /** Null while nothing is loaded. */
  get records(): RecordFacts | null {
    return this.#served?.records ?? null;
  }

  /** Null without Redis, and while nothing is loaded. */
  get answers(): CachedAnswers | null {
    return this.#served?.answers ?? null;
  }

  /** Null while nothing is loaded. */
  get assignments(): AssignmentFacts | null {
    return this.#served?.assignments ?? null;
  }

  /** Null while nothing is loaded. */
  get live(): LiveFacts | null {
    return this.#served?.live ?? null;
  }

  get phase(): Phase {
    if (this.#draining) return 'draining';
    return this.#served === undefined ? 'starting' : 'serving';
  }

  ready(): Readiness {
    if (this.#draining) return { ready: false, reason: 'the process is draining' };
    return this.#served?.recommender.ready() ?? { ready: false, reason: STARTING };
  }

  serve(served: Served): void {
    this.#served = served;
  }

  drain(): void {
    this.#draining = true;
  }

  #orNotReady(): Served {
    if (this.#served === undefined) throw new ShortlistError('not_ready', { reason: STARTING });
    return this.#served;
  }
}

const STARTING = 'a release is being loaded, checked and warmed up';
const NO_RELEASE: ReleaseStatus = { active: null, previous: null, last_refusal: null };
