/** What a load test found: `result.json`, and all that the text and the HTML report show. */

export const TIERS = ['personalized', 'session', 'cold_start_category', 'trending'] as const;

/** Of a phase or a part of the time. Milliseconds count from when a request was due; of accepted answers only. */
export interface Figures {
  readonly requests: number;
  readonly accepted: number;
  readonly shed: number;
  readonly failed: number;
  /** Of the accepted. */
  readonly degraded: number;
  /** Null where nothing was accepted. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly p999Ms: number | null;
  readonly maxMs: number | null;
}

interface PhaseResult extends Figures {
  readonly name: string;
  /** Requests per second that were due (at its end, for a ramp). */
  readonly rate: number;
  readonly shape: 'hold' | 'ramp';
  readonly fromS: number;
  readonly seconds: number;
  readonly judged: boolean;
  /** Of refusals. */
  readonly refusedP99Ms: number | null;
}

export interface Part extends Figures {
  readonly fromS: number;
  readonly seconds: number;
}

export interface PromiseResult {
  readonly what: string;
  readonly measured: number | null;
  readonly unit: 'ms' | 'share' | 'count';
  readonly kept: boolean;
}

/** What was done to the platform, and when it showed. */
export interface FaultResult {
  readonly what: string;
  readonly atS: number;
  /** Seconds until it had its effect, e.g. until the pod served the other release. */
  readonly tookS: number | null;
  readonly problem?: string;
}

/** What the pod says of itself, and what Linux says of it. */
export interface PodFacts {
  readonly url: string;
  readonly release: string;
  /** Between the first and the last look: of the pod's process, per answered request. */
  readonly cpuUsPerRequest: number | null;
  readonly samples: readonly PodSample[];
  /** Line through the samples of the judged time; null for less than two minutes. */
  readonly rssSlopeMiBPerHour: number | null;
  readonly descriptorsSlopePerHour: number | null;
  /** Answers by what they were made without, as the pod counts. */
  readonly degradedBy: Readonly<Record<string, number>>;
  /** Upper bounds from the pod's own histogram: from the complete request to its answer. */
  readonly serverP50Ms: number | null;
  readonly serverP99Ms: number | null;
}

export interface PodSample {
  readonly atS: number;
  readonly rssMiB: number;
  readonly descriptors: number;
  readonly cpuS: number;
}

export interface Generator {
  readonly program: string;
  readonly cpuS: number;
  /** Of the cores that it could use, while it ran. Above .8 its own waiting shows in the figures. */
  readonly cpuShare: number;
}

export interface Side {
  readonly tool: string;
  readonly requests: number;
  readonly perSecond: number;
  readonly notAccepted: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** k6 beside another tool at the same rate. */
export interface Comparison {
  readonly verdict: 'agree' | 'disagree' | 'too noisy';
  readonly why: string;
  readonly rate: number;
  readonly seconds: number;
  readonly rounds: readonly { readonly k6: Side; readonly other: Side }[];
}

export interface Result {
  readonly scenario: string;
  readonly purpose: string;
  readonly target: string;
  readonly startedAt: string;
  readonly rate: number;
  readonly p99LimitMs: number;
  readonly planned: number;
  readonly dropped: number;
  /** Every promise kept. */
  readonly passed: boolean;
  readonly promises: readonly PromiseResult[];
  readonly all: Figures;
  /** As k6 counts, from when a request was sent. */
  readonly fromSent: { readonly p50Ms: number | null; readonly p99Ms: number | null };
  readonly phases: readonly PhaseResult[];
  readonly parts: readonly Part[];
  readonly tiers: Readonly<Record<string, number>>;
  readonly lateP99Ms: number | null;
  readonly machine?: string;
  readonly commit?: string;
  readonly command?: string;
  readonly traffic?: string;
  readonly pod?: PodFacts;
  readonly generator?: Generator;
  readonly faults?: readonly FaultResult[];
  readonly comparison?: Comparison;
}
