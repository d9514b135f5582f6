import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

export const ROOT = resolve(import.meta.dirname, '../..');
export const PROMETHEUS = join(ROOT, 'deploy/prometheus');

interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (AlertRule | RecordingRule)[];
}
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const groups = readdirSync(join(PROMETHEUS, 'rules')).flatMap(
  (file) => (parse(readFileSync(join(PROMETHEUS, 'rules', file), 'utf8')) as { groups: RuleGroup[] }).groups,
);
const rules = groups.flatMap((group) => group.rules);

export const ALERTS: readonly AlertRule[] = rules.filter((rule) => 'alert' in rule);
export const RECORDINGS: readonly RecordingRule[] = rules.filter((rule) => 'record' in rule);
export const GROUP_NAMES: readonly string[] = groups.map(({ name }) => name);

export const RUNBOOKS = 'https://github.com/shortlist-ranking/shortlist/blob/main/docs/runbooks/';
/** File in docs/runbooks that an alert points to. */
export const runbookOf = ({ annotations }: AlertRule): string => annotations.runbook_url?.replace(RUNBOOKS, '') ?? '';
