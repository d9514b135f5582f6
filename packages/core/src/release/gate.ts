import type { OfflineMetric, ReleaseManifest } from '../contracts/release-manifest.ts';

/** What a new release must keep to before it may serve. */
export interface GateThresholds {
  /** NDCG@10 of the int8 ranker may be lower than that of fp32 by this share. */
  readonly quantizationLossMax: number;
  /** Least mean overlap of the top 10 under int8 and fp32. */
  readonly overlapMin: number;
  /** Served NDCG@10 may lie below the lower end of the current release's interval by this share. */
  readonly inferiorityMax: number;
}

export const GATE_THRESHOLDS: GateThresholds = { quantizationLossMax: 0.003, overlapMin: 0.95, inferiorityMax: 0 };

export interface GateCheck {
  readonly name: 'quantization' | 'overlap' | 'quality';
  readonly pass: boolean;
  /** A sentence with the figures, also when it passes. */
  readonly reason: string;
}

export interface GateDecision {
  readonly pass: boolean;
  readonly checks: readonly GateCheck[];
}

type Judged = Pick<ReleaseManifest, 'offlineMetrics' | 'model'>;

/**
 * Decides whether `candidate` may take over from `current` (null: nothing serves yet), from the offline metrics in
 * their manifests. A missing metric fails: what was not measured has not passed.
 */
export function gateRelease(
  candidate: Judged,
  current: Judged | null,
  thresholds: GateThresholds = GATE_THRESHOLDS,
): GateDecision {
  const checks = [quality(candidate, current, thresholds)];
  if (candidate.model !== null) checks.unshift(quantization(candidate, thresholds), overlap(candidate, thresholds));
  return { pass: checks.every((check) => check.pass), checks };
}

function quantization(candidate: Judged, { quantizationLossMax }: GateThresholds): GateCheck {
  const int8 = metricOf(candidate, 'served', 'ndcg');
  const fp32 = metricOf(candidate, 'served_fp32', 'ndcg');
  if (!int8 || !fp32) return missing('quantization', int8 ? 'NDCG@10 of served_fp32' : 'NDCG@10 of served');
  const change = fp32.value === 0 ? 0 : int8.value / fp32.value - 1;
  return {
    name: 'quantization',
    pass: change >= -quantizationLossMax,
    reason: `NDCG@10 int8 ${fraction(int8.value)} against fp32 ${fraction(fp32.value)}: ${percent(change)}, allowed ${percent(-quantizationLossMax)}`,
  };
}

function overlap(candidate: Judged, { overlapMin }: GateThresholds): GateCheck {
  const found = metricOf(candidate, 'served', 'overlap');
  if (!found) return missing('overlap', 'top-10 overlap of int8 and fp32');
  return {
    name: 'overlap',
    pass: found.value >= overlapMin,
    reason: `top-10 overlap of int8 and fp32 ${fraction(found.value)}, at least ${fraction(overlapMin)}`,
  };
}

function quality(candidate: Judged, current: Judged | null, { inferiorityMax }: GateThresholds): GateCheck {
  const found = metricOf(candidate, 'served', 'ndcg');
  if (!found) return missing('quality', 'NDCG@10 of served');
  const incumbent = current && metricOf(current, 'served', 'ndcg');
  if (!incumbent) {
    const why = current ? 'the current release has no NDCG@10 to compare with' : 'no release is active';
    return { name: 'quality', pass: true, reason: `served NDCG@10 ${fraction(found.value)}; ${why}` };
  }
  const least = incumbent.low * (1 - inferiorityMax);
  const interval = `[${fraction(incumbent.low)}, ${fraction(incumbent.high)}]`;
  return {
    name: 'quality',
    pass: found.value >= least,
    reason: `served NDCG@10 ${fraction(found.value)} against ${fraction(incumbent.value)} ${interval} of the current release, at least ${fraction(least)}`,
  };
}

/** Over everybody, at 10. */
function metricOf(release: Judged, system: string, metric: string): OfflineMetric | undefined {
  return release.offlineMetrics.find(
    (row) => row.system === system && row.metric === metric && row.k === 10 && (row.segment ?? 'all') === 'all',
  );
}

function missing(name: GateCheck['name'], what: string): GateCheck {
  return { name, pass: false, reason: `${what} was not measured` };
}

const fraction = (value: number): string => value.toFixed(4).replace(/^0/, '');
const percent = (value: number): string => `${(value * 100).toFixed(2)} %`;
