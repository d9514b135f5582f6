import type { ParametersPatch } from '@shortlist/core/contracts/effective-parameters.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import type { ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import type { Admission } from './admission/admission.ts';
import type { ProfileOptions } from './create-profiles.ts';
import type { AssignmentBook } from './experiments/assignment-book.ts';
import type { RecorderLimits, RecordSink, StageServices } from './pipeline.ts';
import type { PipelineObserver } from './recommender.ts';
import type { RedisOptions } from './redis-side.ts';
import type { HeldStatus } from './release-holder.ts';
import type { RuleBook } from './rules/rule-book.ts';

/** Limits of one pipeline; every one has its meaning and default in config.ts. */
export interface PipelineLimits {
  readonly deadlineMs: number;
  /** Most that a request may ask for; `deadlineMs` where it is absent or less. */
  readonly deadlineMaxMs?: number;
  readonly batchRequestsMax: number;
  readonly batchRowsMax: number;
  readonly batchWaitMs: number;
  readonly queueMax: number;
}

export interface RecommenderOptions {
  /** `current` throws `not_ready` while there is none; `loaded` finds those that are held for experiments. */
  readonly releases: {
    readonly current: LoadedRelease;
    readonly chosenAtS?: number;
    loaded?(id: string): LoadedRelease | null;
    heldStatus?(): readonly HeldStatus[];
  };
  /** The experiments in force; none where it is absent. */
  readonly assignments?: AssignmentBook;
  /** Null: no stored profiles, so only `context.recent_items` makes an answer personal. */
  readonly profiles: ProfileStore | null;
  readonly limits: PipelineLimits;
  /** Decides which requests are worked on; without one, all that the queue holds. */
  readonly admission?: Admission;
  readonly rules?: RuleBook;
  /** Where answers and exposures are recorded; none are when it is absent. */
  readonly records?: { readonly sink: RecordSink; readonly limits: RecorderLimits };
  readonly observer?: PipelineObserver;
  /** Told of every failure that an answer survived, for the log. */
  readonly onFailure?: StageServices['onFailure'];
  /** Laid over the release's parameters. */
  readonly parameters?: ParametersPatch;
  /** How profiles are kept. */
  readonly profileCache?: Omit<ProfileOptions, 'store' | 'redis' | 'onRead'>;
  /** Redis: profiles between memory and store, ready answers. */
  readonly redis?: RedisOptions;
  /** Unix seconds. */
  readonly nowS?: () => number;
}
