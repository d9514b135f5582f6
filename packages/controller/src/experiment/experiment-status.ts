import type { Condition } from '@shortlist/core/contracts/resource-status.ts';
import type { ExperimentStatus } from '@shortlist/core/contracts/experiment-resource.ts';
import { withCondition, type NewCondition } from '../runtime/conditions.ts';
import type { ExperimentState, ServedDecision, ServedExperiment, ServedResults } from './experiments-service.ts';

/** What was found of an experiment this time. */
export interface Observed {
  /** Null: there is none of this resource's, since the service refused it from the first. */
  readonly served: ServedExperiment | null;
  /** Absent: not asked for this time; what is known stays. */
  readonly decisions?: readonly ServedDecision[];
  readonly results?: ServedResults;
  readonly refusal: { readonly code: string; readonly field: string | null; readonly message: string } | null;
}

interface Moment {
  /** Of the spec that was looked at. */
  readonly generation: number;
  /** Unix ms. */
  readonly now: number;
}

const DECISIONS_MAX = 10;
const REASON_MAX = 1_000;
const TEXT_MAX = 4_000;
const METRICS_MAX = 100;
/** Digits of a lift: what changes beyond them is no news. */
const DIGITS = 6;

/** The status of a resource after its experiment was seen in the service. Pure. */
export function statusOf(before: ExperimentStatus, observed: Observed, moment: Moment): ExperimentStatus {
  const { served } = observed;
  const numbers = { ...decisionsOf(before, observed.decisions), ...numbersOf(before, observed.results) };
  const state = served?.status.state;
  const conditions = [acceptedOf(observed), decidedOf(state, numbers.decision), readyOf(observed)].reduce(
    (all, one) => withCondition(all, one, moment),
    (before.conditions ?? []) as readonly Condition[],
  );
  const isSame = before.state === state && before.since !== undefined;
  return withoutAbsent({
    observedGeneration: moment.generation,
    ...(served === null ? {} : servedFields(served)),
    ...(served === null ? {} : { since: isSame ? before.since : isoOf(moment.now) }),
    ...numbers,
    conditions: [...conditions],
  });
}

/** The status while the service does not answer: what was known stays, and Ready says why it is old. */
export function unavailableStatus(
  before: ExperimentStatus,
  { message, isDeleting }: { readonly message: string; readonly isDeleting: boolean },
  moment: Moment,
): ExperimentStatus {
  const waiting = isDeleting ? 'The deletion waits until the experiment can be ended. ' : '';
  const ready: NewCondition = {
    ...{ type: 'Ready', status: 'False', reason: SERVICE_UNAVAILABLE },
    message: `${waiting}${message}`,
  };
  return { ...before, conditions: [...withCondition(before.conditions ?? [], ready, moment)] };
}

export const SERVICE_UNAVAILABLE = 'ServiceUnavailable';

function servedFields({ metadata: { resourceVersion }, status }: ServedExperiment): Partial<ExperimentStatus> {
  const { state, version, phase, startedAt, versionStartedAt, endedAt, promoted, allocated, exposed } = status;
  return {
    ...{ state, version, phase, resourceVersion, allocated, exposed },
    ...(startedAt === null ? {} : { startedAt }),
    ...(versionStartedAt === null ? {} : { versionStartedAt }),
    ...(endedAt === null ? {} : { endedAt }),
    ...(promoted === null ? {} : { promoted }),
  };
}

function decisionsOf(
  { decision, decisions }: ExperimentStatus,
  found: readonly ServedDecision[] | undefined,
): Pick<ExperimentStatus, 'decision' | 'decisions'> {
  if (found === undefined) return withoutAbsent({ decision, decisions });
  const last = found.findLast((one) => one.action !== 'look');
  return withoutAbsent({
    decision: last === undefined ? undefined : textOf(last).slice(0, TEXT_MAX),
    decisions: found.slice(-DECISIONS_MAX).map(({ id, action, variant, reason, actor, dryRun, decidedAt }) => ({
      ...{ id, action, at: decidedAt, actor, reason: reason.slice(0, REASON_MAX) },
      ...(variant === null ? {} : { variant }),
      ...(dryRun ? { dryRun } : {}),
    })),
  });
}

/** `roll_back treatment: click-through-rate of treatment changed by ...` */
export const textOf = ({ action, variant, reason, dryRun }: Omit<ServedDecision, 'id'>): string =>
  `${dryRun ? 'would ' : ''}${action}${variant === null ? '' : ` ${variant}`}: ${reason}`;

function numbersOf(
  { units, variants, metrics, resultsAt }: ExperimentStatus,
  results: ServedResults | undefined,
): Pick<ExperimentStatus, 'units' | 'variants' | 'metrics' | 'resultsAt'> {
  if (results === undefined) return withoutAbsent({ units, variants, metrics, resultsAt });
  const { arms, computedAtS, metrics: found } = results.evidence;
  return {
    units: arms.reduce((sum, arm) => sum + arm.units, 0),
    variants: arms.map((arm) => ({ name: arm.variant, units: arm.units })),
    metrics: found
      .flatMap(({ metric, role, comparisons }) =>
        comparisons.map(({ variant, lift, always }) => ({
          ...{ metric, role, variant },
          ...(isNumber(lift) ? { lift: rounded(lift) } : {}),
          ...(isNumber(always?.low) ? { low: rounded(always.low) } : {}),
          ...(isNumber(always?.high) ? { high: rounded(always.high) } : {}),
        })),
      )
      .slice(0, METRICS_MAX),
    resultsAt: isoOf(computedAtS * 1000),
  };
}

function acceptedOf({ served, refusal }: Observed): NewCondition {
  const type = 'Accepted';
  if (refusal !== null) {
    const at = refusal.field === null ? '' : ` at ${refusal.field}`;
    const message = `${refusal.code}${at}: ${refusal.message}`;
    return { type, status: 'False', reason: camelCase(refusal.code), message };
  }
  const message = `Configuration version ${served?.status.version ?? 0} holds in the experiments service.`;
  return { type, status: 'True', reason: 'Applied', message };
}

const ENDS: ReadonlySet<ExperimentState | undefined> = new Set(['promoted', 'rolled_back', 'stopped'] as const);

function decidedOf(state: ExperimentState | undefined, decision: string | undefined): NewCondition {
  const reason = state === undefined ? 'Unknown' : camelCase(state);
  const isDecided = ENDS.has(state);
  const message = isDecided || state === 'needs_attention' ? (decision ?? '') : 'Nothing is decided yet.';
  return { type: 'Decided', status: isDecided ? 'True' : 'False', reason, message };
}

function readyOf({ served, refusal }: Observed): NewCondition {
  const type = 'Ready';
  if (refusal !== null) {
    const message = 'The experiments service refuses this spec: see condition Accepted.';
    return { type, status: 'False', reason: 'NotAccepted', message };
  }
  const state = served?.status.state ?? 'draft';
  const message = state === 'draft' ? 'It is a draft: nobody is in it.' : `It is ${state} in the experiments service.`;
  return { type, status: 'True', reason: camelCase(state), message };
}

/** `rolled_back` -> `RolledBack`. */
export const camelCase = (code: string): string =>
  code
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

const isoOf = (ms: number): string => new Date(Math.floor(ms / 1000) * 1000).toISOString();
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const rounded = (value: number): number => Number(value.toFixed(DIGITS));

/** A field that is `undefined` is no field of JSON, but makes a difference to a comparison. */
function withoutAbsent<T extends object>(object: { [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
