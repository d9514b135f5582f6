import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DEPLOY } from '../overlays.ts';

const FORMULA =
  /clamp\((?<base>[\d.]+) \+ (?<perS>[\d.]+) \* dataset:shortlist_slate_seconds:p99_2m, (?<low>[\d.]+), (?<high>[\d.]+)\)/;

/** What Prometheus tells the autoscaler of a p99 in milliseconds: the formula of the shipped recording rule, as a quantity. */
export function pressureOf(p99Ms: number): string {
  const text = readFileSync(join(DEPLOY, 'prometheus/rules/recording.yaml'), 'utf8');
  const { groups } = parse(text) as { groups: { rules: { record?: string; expr: string }[] }[] };
  const rule = groups.flatMap(({ rules }) => rules).find(({ record }) => record === 'ranking_p99_pressure');
  const found = FORMULA.exec(rule?.expr ?? '')?.groups;
  if (found === undefined) throw new Error(`ranking_p99_pressure is no clamp of the p99 any more: ${rule?.expr}`);
  const { base, perS, low, high } = found as Record<'base' | 'perS' | 'low' | 'high', string>;
  const pressure = Math.min(Math.max(Number(base) + (Number(perS) * p99Ms) / 1000, Number(low)), Number(high));
  // Prometheus adapters round to thousandths.
  return `${Math.round(pressure * 1000)}m`;
}
