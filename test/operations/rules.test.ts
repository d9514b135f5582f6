import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ALERTS, GROUP_NAMES, PROMETHEUS } from './alert-rules.ts';
import { failureOf, findTool } from './tool.ts';

const promtool = findTool('promtool');
const TESTS = readdirSync(join(PROMETHEUS, 'tests'));
/** Of one file; the long windows take the most. */
const TEST_TIMEOUT_MS = 180_000;

interface TestFile {
  readonly group_eval_order: readonly string[];
  readonly tests: readonly {
    readonly name: string;
    readonly input_series: readonly { readonly series: string }[];
    readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
  }[];
}
const cases = TESTS.flatMap(
  (file) => (parse(readFileSync(join(PROMETHEUS, 'tests', file), 'utf8'), { merge: true }) as TestFile).tests,
);

describe(`rules of Prometheus ${promtool.absent}`, () => {
  it.skipIf(promtool.absent)('are sound, and so is the configuration that loads them', () => {
    expect(failureOf(promtool.run('check', 'config', join(PROMETHEUS, 'prometheus.yaml')))).toBe('');
  });

  it.skipIf(promtool.absent).each(TESTS)(
    'do what %s says',
    (file) => expect(failureOf(promtool.run('test', 'rules', join(PROMETHEUS, 'tests', file)))).toBe(''),
    TEST_TIMEOUT_MS,
  );

  it.skipIf(promtool.absent).each(['0.93', '0.87'])(
    'are held by their tests: a threshold moved to %s is found',
    (to) => {
      const copy = mkdtempSync(join(tmpdir(), 'shortlist-rules-'));
      cpSync(PROMETHEUS, copy, { recursive: true });
      const path = join(copy, 'rules/processes.yaml');
      const rule = 'shortlist_heap_limit_bytes > ';
      writeFileSync(path, readFileSync(path, 'utf8').replace(`${rule}0.9`, `${rule}${to}`));
      expect(failureOf(promtool.run('test', 'rules', join(copy, 'tests/processes.test.yaml')))).toContain(
        'HeapNearLimit',
      );
      rmSync(copy, { recursive: true });
    },
  );
});

describe('every alert', () => {
  const outcomesOf = (alert: string, situation: string): number[] | undefined =>
    cases
      .find(({ name }) => name === `${alert}: ${situation}`)
      ?.alert_rule_test?.filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts: expected }) => expected.length);
  const seriesOf = (alert: string, situation: string): string[] =>
    cases
      .find(({ name }) => name === `${alert}: ${situation}`)!
      .input_series.map(({ series }) => series.replace(/[{].*/, ''))
      .sort();

  it.each(ALERTS.map(({ alert }) => alert))(
    '%s has a firing, a just-below, a recovered and a low-traffic case',
    (alert) => {
      expect(outcomesOf(alert, 'firing')).toEqual([1]);
      expect(outcomesOf(alert, 'just below')).toEqual([0]);
      expect(outcomesOf(alert, 'recovered')).toEqual([1, 0]);
      expect(outcomesOf(alert, 'low traffic')).toEqual([0]);
      // A case without the metric is silent for the wrong reason.
      for (const name of new Set(seriesOf(alert, 'firing'))) expect(seriesOf(alert, 'just below')).toContain(name);
    },
  );

  it.each(ALERTS.map((rule) => [rule.alert, rule] as const))('%s says how bad it is, whose, and what', (_, rule) => {
    expect(['page', 'ticket']).toContain(rule.labels.severity);
    expect(['serving', 'data', 'experiments', 'platform']).toContain(rule.labels.team);
    expect(rule.annotations.summary).toMatch(/^[A-Z]/);
    expect(rule.annotations.description).toMatch(/\.$/);
  });

  it('has a name of its own, and no group has that of another', () => {
    expect(new Set(ALERTS.map(({ alert }) => alert)).size).toBe(ALERTS.length);
    expect(new Set(GROUP_NAMES).size).toBe(GROUP_NAMES.length);
  });

  it('wakes somebody only for what shoppers or senders feel', () => {
    expect(ALERTS.filter(({ labels }) => labels.severity === 'page').map(({ alert }) => alert)).toEqual(
      expect.arrayContaining(['SlatesSlow1h', 'SlatesFailing1h', 'PodsAbsent', 'IngestAbsent']),
    );
    expect(ALERTS.filter(({ labels }) => labels.severity === 'page').length).toBeLessThanOrEqual(10);
  });
});
