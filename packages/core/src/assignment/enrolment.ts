/** That a unit is in an experiment, as one request met it. */
export interface Enrolment {
  readonly experiment: string;
  /** Configuration version. */
  readonly version: number;
  /** `u:<user id>` or `s:<session id>`, by the kind of unit of the experiment's layer. */
  readonly unit: string;
  /** Variant that the hash chose. */
  readonly assigned: string;
  /** Variant that answers: control where the assigned one cannot. */
  readonly served: string;
  /** Why they differ; null when they do not. */
  readonly reason: string | null;
  /** Ramp step that holds, from 0. */
  readonly phase: number;
  /** Whether the other variant's slate is another one; null when that was not computed. */
  readonly differs: boolean | null;
}
