import type { NamedRelease } from './model-release.ts';

/** What a pod's admin port says of its releases (`GET /admin/release` of packages/serving). */
export interface PodReleases {
  readonly active: string | null;
  readonly pinned: NamedRelease | null;
  readonly prepared:
    (NamedRelease & { readonly state: 'loading' | 'loaded' | 'refused'; readonly reason: string | null }) | null;
}

export interface PodSight {
  readonly name: string;
  /** Of its admin port; null: it has no address yet. */
  readonly url: string | null;
  /** Condition Ready of the pod. */
  readonly isReady: boolean;
  /** Release that its own template names. */
  readonly named: string | null;
  /** Null: it could not be asked, or was not. */
  readonly releases: PodReleases | null;
  /** Why it could not be asked. */
  readonly problem: string | null;
}

/** Where a rolling update is; null: there is no such deployment. */
export type Rollout = { readonly state: 'complete' | 'progressing' | 'stuck'; readonly words: string } | null;

export interface ExperimentSight {
  readonly state: string | null;
  /** The last decision in words. */
  readonly decision: string | null;
  /** That its variants name. */
  readonly releases: readonly string[];
  /** Of the variant that was promoted. */
  readonly promotedRelease: string | null;
}

/** Everything outside of a ModelRelease that decides what becomes of it. */
export interface Observation {
  /** Unix ms. */
  readonly nowMs: number;
  readonly rollout: Rollout;
  /** What the pod template names; null: nothing. */
  readonly template: NamedRelease | null;
  /** Those that are not ending, oldest first. */
  readonly pods: readonly PodSight[];
  /** The guard experiment; null: it is not there, or none is named. */
  readonly experiment: ExperimentSight | null;
  readonly waitsFor: string | null;
}
