import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Evidence } from '@shortlist/experiments/decisions/evidence.ts';
import { ExperimentWatch } from '@shortlist/experiments/observe/experiment-watch.ts';

const evidence = (sequentialP: number | null): Evidence =>
  ({ sampleRatio: { sequentialP, chiSquaredP: null }, interleaving: null }) as unknown as Evidence;

let nowMs: number;
let isLeading: boolean;
let registry: Registry;
let watch: ExperimentWatch;
beforeEach(() => {
  nowMs = 0;
  isLeading = true;
  registry = new Registry();
  watch = new ExperimentWatch(
    registry,
    () => isLeading,
    () => nowMs,
  );
});

const lines = async (): Promise<string[]> => (await registry.metrics()).split('\n');
const ALL = [
  { name: 'first', state: 'running' },
  { name: 'second', state: 'running' },
  { name: 'old', state: 'stopped' },
] as const;

describe('what the leading instance tells of experiments', () => {
  it('counts them by state, without their names', async () => {
    watch.round(ALL, new Set(['first', 'second']));
    const said = await lines();
    expect(said).toContain('shortlist_experiments{state="running"} 2');
    expect(said).toContain('shortlist_experiments{state="stopped"} 1');
    expect(said).toContain('shortlist_experiments{state="draft"} 0');
    expect(said.join()).not.toContain('first');
  });

  it('says how long the experiment waits whose analysis fails, not those that have their numbers', async () => {
    watch.round(ALL, new Set(['first', 'second']));
    nowMs = 60_000;
    watch.analysed('first', evidence(0.5));
    watch.analysed('second', null);
    nowMs = 90_000;
    expect(await lines()).toContain('shortlist_experiments_analysis_age_seconds 90');
    watch.analysed('second', evidence(0.5));
    expect(await lines()).toContain('shortlist_experiments_analysis_age_seconds 30');
  });

  it('forgets an experiment that is not split any more', async () => {
    watch.round(ALL, new Set(['first']));
    nowMs = 90_000;
    watch.round(ALL, new Set());
    expect(await lines()).toContain('shortlist_experiments_analysis_age_seconds 0');
  });

  it('counts a sample-ratio mismatch once, when it begins', async () => {
    watch.round(ALL, new Set(['first', 'second']));
    for (const p of [0.5, 0.0009, 0.0001, 0.0001]) watch.analysed('first', evidence(p));
    watch.analysed('second', evidence(null));
    expect(await lines()).toContain('shortlist_experiments_sample_ratio_mismatches_total 1');
  });

  it('says nothing where it does not lead', async () => {
    watch.round(ALL, new Set(['first']));
    isLeading = false;
    const said = (await lines()).filter((line) => !line.startsWith('#')).join('\n');
    expect(said).not.toContain('shortlist_experiments{');
    expect(said).not.toContain('analysis_age');
  });
});
