import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import {
  ExposureSchema,
  SlateRecordSchema,
  type Exposure as ExposureRecord,
  type SlateRecord,
} from '@shortlist/core/contracts/serving-records.ts';
import type { Exposure } from '@shortlist/core/stores/exposure-store.ts';
import type { RecordedSlate } from '@shortlist/core/stores/impression-store.ts';
import { compileValidator } from '@shortlist/service/http/validation.ts';

/** What a line of `POST /records` holds. */
export type AcceptedRecord = { readonly slate: RecordedSlate } | { readonly exposure: Exposure };

export interface AcceptRecordOptions {
  /** How old and how far ahead a record may be, seconds. */
  readonly pastSMax: number;
  readonly futureSMax: number;
  /** Unix seconds. */
  readonly nowS: () => number;
}

const DAY_S = 86_400;
const validateExposure = compileValidator(ExposureSchema, 'exposure');
const validateSlate = compileValidator(SlateRecordSchema, 'slate');

/** Turns what a pod sent into what is stored, or throws the coded reason why not. */
export function createRecordAcceptor(options: AcceptRecordOptions) {
  return (value: unknown): AcceptedRecord => {
    const kind = typeof value === 'object' && value !== null ? (value as { kind?: unknown }).kind : undefined;
    if (kind === 'exposure') return { exposure: exposureOf(validateExposure(value), options) };
    if (kind === 'slate') return { slate: slateOf(validateSlate(value), options) };
    throw invalid('kind', 'must be one of exposure, slate');
  };
}

function exposureOf(record: ExposureRecord, options: AcceptRecordOptions): Exposure {
  checkTime(record.timestamp, options);
  const { experiment, version, unit, assigned, served, reason, release, phase } = record;
  if (!/^[us]:./su.test(unit)) throw invalid('unit', 'must be u:<user id> or s:<session id>');
  return {
    ...{ experiment, version, unit, assigned, served, reason, release, phase },
    exposedAtS: record.timestamp,
    requestId: record.request_id,
  };
}

function slateOf(record: SlateRecord, options: AcceptRecordOptions): RecordedSlate {
  checkTime(record.timestamp, options);
  checkTogether(record);
  return {
    requestId: record.request_id,
    userId: record.user_id,
    sessionId: record.session_id,
    occurredAtS: record.timestamp,
    surface: record.surface,
    device: record.device,
    category: record.category,
    itemIds: record.items,
    propensities: Float32Array.from(record.propensities),
    sources: record.sources,
    teams: record.teams,
    release: record.release,
    tier: record.tier,
    degraded: record.degraded,
    latencyMs: record.latency_ms,
    error: record.error,
    sampled: record.sampled,
    experiments: record.experiments,
  };
}

/** What a JSON schema cannot say of one field alone. */
function checkTogether({ user_id: userId, session_id: sessionId, ...slate }: SlateRecord): void {
  if (userId === null && sessionId === null) throw invalid('user_id', 'null; session_id then must not be');
  const { length } = slate.items;
  if (slate.propensities.length !== length) throw invalid('propensities', 'not as many as items');
  if (slate.error !== null && length > 0) throw invalid('items', 'an answer that was an error shows none');
  for (const field of ['sources', 'teams'] as const)
    if (slate[field].length !== length && slate[field].length !== 0) throw invalid(field, 'not as many as items');
  if (new Set(slate.experiments.map(({ experiment }) => experiment)).size < slate.experiments.length)
    throw invalid('experiments', 'names one of them twice');
}

function checkTime(timeS: number, { nowS, pastSMax, futureSMax }: AcceptRecordOptions): void {
  const timestamp = String(timeS);
  if (timeS > nowS() + futureSMax) throw new ShortlistError('event_in_future', { timestamp, aheadSMax: futureSMax });
  if (timeS < Math.max(0, nowS() - pastSMax))
    throw new ShortlistError('event_too_old', { timestamp, daysMax: Math.round(pastSMax / DAY_S) });
}

const invalid = (field: string, reason: string) => new ShortlistError('field_invalid', { field, reason });
