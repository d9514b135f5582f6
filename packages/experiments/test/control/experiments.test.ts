import { beforeEach, describe, expect, it } from 'vitest';
import type { ExperimentsDocument } from '@shortlist/core/contracts/experiment.ts';
import type { Announcement } from '@shortlist/experiments/announcements/announcement.ts';
import { readDocument } from '@shortlist/experiments/documents/read-documents.ts';
import { countBuckets } from '@shortlist/experiments/publisher/allocate.ts';
import { experimentOf } from '../experiment-document.ts';
import { evidence, guardrail, success } from '../decisions/evidence-of.ts';
import { controlBench } from './control-bench.ts';

const other = (parameters: object) => ({
  variants: [
    { name: 'control', weight: 0.5 },
    { name: 'b', weight: 0.5, parameters },
  ],
});
const layer = (name: string, spec: object = {}): ExperimentsDocument =>
  readDocument({ apiVersion: 'shortlist.dev/v1alpha1', kind: 'Layer', metadata: { name }, spec });
const metric = (name: string, event = 'add_to_cart'): ExperimentsDocument =>
  readDocument({
    ...{ apiVersion: 'shortlist.dev/v1alpha1', kind: 'Metric', metadata: { name } },
    spec: { description: 'd', numerator: { event } },
  });
const coded = (code: string, details: object = {}) =>
  expect.objectContaining({ code, details: expect.objectContaining(details) as object }) as Error;

let bench: ReturnType<typeof controlBench>;
beforeEach(() => {
  bench = controlBench();
});

describe('applying documents', () => {
  it('creates drafts that split nothing, and says so when nothing changed', async () => {
    expect(await bench.draft('a')).toMatchObject([
      { outcome: 'created', resourceVersion: 1, version: 1, warnings: [] },
    ]);
    expect(await bench.draft('a')).toMatchObject([{ outcome: 'unchanged', resourceVersion: 1, version: 1 }]);
    expect(await bench.draft('a', { owner: 'bob' })).toMatchObject([
      { outcome: 'updated', resourceVersion: 2, version: 2 },
    ]);
    expect(bench.inSnapshot('a')).toBeUndefined();
    expect((await bench.store.versions('a')).map(({ spec }) => spec.owner)).toEqual([undefined, 'bob']);
  });

  it('takes what a document names from the same file, whatever the order', async () => {
    const named = experimentOf('a', { layer: 'search', metrics: { success: ['carts'] } });
    const applied = await bench.apply(named, metric('carts'), layer('search', { unit: 'session' }));
    expect(applied.map(({ kind, outcome }) => [kind, outcome])).toEqual([
      ['Experiment', 'created'],
      ['Metric', 'created'],
      ['Layer', 'created'],
    ]);
  });

  it('keeps all or nothing', async () => {
    const wrong = experimentOf('b', { layer: 'cellar' });
    await expect(bench.apply(experimentOf('a'), layer('search'), wrong)).rejects.toThrow(
      coded('layer_unknown', { experiment: 'b' }),
    );
    expect([
      await bench.store.experiments(),
      await bench.store.layers(),
      await bench.store.log({}, { max: 9 }),
    ]).toMatchObject([[], [{ name: 'default' }], []]);
  });

  it('refuses to write over what the writer has not seen', async () => {
    await bench.draft('a');
    await bench.draft('a', { owner: 'bob' });
    const stale = experimentOf('a', { owner: 'eve' }, { resourceVersion: 1 });
    await expect(bench.apply(stale)).rejects.toThrow(coded('version_conflict', { expected: 1, found: 2 }));
    await expect(bench.apply(experimentOf('a', {}, { resourceVersion: 0 }))).rejects.toThrow(coded('version_conflict'));
    expect(await bench.apply(experimentOf('a', { owner: 'eve' }, { resourceVersion: 2 }))).toMatchObject([
      { version: 3 },
    ]);
    const move = bench.experiments.move('a', 'ann', { action: 'start', reason: 'go', resourceVersion: 2 });
    await expect(move).rejects.toThrow(coded('version_conflict'));
  });

  it('keeps who changed what from what to what', async () => {
    await bench.draft('a');
    await bench.experiments.apply([experimentOf('a', { owner: 'bob' })], 'bob');
    const log = await bench.store.log({ changes: true }, { max: 10 });
    expect(log.map(({ actor, action, name }) => `${actor} ${action} ${name}`)).toEqual([
      'ann created a',
      'bob updated a',
    ]);
    expect(log[1]).toMatchObject({ before: { layer: 'default' }, after: { owner: 'bob' } });
  });

  it('does not change or delete what running experiments rest on', async () => {
    await bench.apply(metric('carts'), layer('search'));
    await bench.run('a', { layer: 'search', metrics: { success: ['carts'] } });
    await expect(bench.apply(layer('search', { holdout: 0.1 }))).rejects.toThrow(
      coded('document_in_use', { kind: 'Layer' }),
    );
    await expect(bench.apply(metric('carts', 'click'))).rejects.toThrow(coded('document_in_use', { kind: 'Metric' }));
    await expect(bench.apply(metric('error-rate'))).rejects.toThrow(
      coded('document_in_use', { reason: 'it is built in' }),
    );
    for (const [kind, name] of [
      ['Layer', 'search'],
      ['Layer', 'default'],
      ['Metric', 'carts'],
      ['Metric', 'error-rate'],
      ['Experiment', 'a'],
    ] as const)
      await expect(bench.experiments.remove(kind, name, 'ann')).rejects.toThrow(coded('document_in_use', { name }));
    await expect(bench.experiments.remove('Metric', 'nothing', 'ann')).rejects.toThrow(coded('document_not_found'));
  });

  it('deletes drafts, and what nothing names', async () => {
    await bench.draft('a');
    await bench.experiments.remove('Experiment', 'a', 'ann');
    expect(await bench.store.experiment('a')).toBeUndefined();
  });

  it('refuses a salt that another experiment has', async () => {
    await bench.draft('a');
    await expect(bench.draft('b', { salt: 'a' })).rejects.toThrow(coded('experiment_invalid', { field: 'spec.salt' }));
  });
});

describe('validation', () => {
  it('says everything that is wrong, and changes nothing', async () => {
    const wrong = experimentOf('a', {
      layer: 'cellar',
      metrics: { success: ['happiness'] },
      variants: [
        { name: 'x', weight: 0.5 },
        { name: 'x', weight: 0.4 },
      ],
    });
    const [first, second] = await bench.experiments.validate([wrong, experimentOf('b')], 'ann');
    expect(first!.problems.map(({ code }) => code)).toEqual([
      'weights_invalid',
      'variant_repeated',
      'layer_unknown',
      'metric_unknown',
    ]);
    expect(second).toEqual({ kind: 'Experiment', name: 'b', problems: [] });
    expect(await bench.store.experiments()).toEqual([]);
    expect(await bench.store.latestSnapshot()).toBeUndefined();
  });

  it('warns of what would keep a draft from starting now', async () => {
    await bench.run('a', { allocation: 0.8 });
    const [result] = await bench.experiments.validate(
      [experimentOf('b', { allocation: 0.3, ...other({ diversity: { top: 50 } }) })],
      'ann',
    );
    expect(result!.problems).toMatchObject([
      { code: 'layer_over_allocated', severity: 'warning', field: 'spec.allocation' },
    ]);
  });
});

describe('a running experiment', () => {
  it('is in the snapshot with buckets, salt, targets, times and variants', async () => {
    await bench.run('a', { allocation: 0.25, targeting: [{ attribute: 'context.surface', in: ['home'] }] });
    expect(bench.inSnapshot('a')).toEqual({
      ...{ name: 'a', version: 1, type: 'ab', salt: 'a', allocation: [{ from: 0, to: 250_000 }] },
      targeting: [{ attribute: 'context.surface', in: ['home'] }],
      ...{ startsAtS: 1_800_000_000, endsAtS: null, ramp: [], triggered: false },
      variants: [
        { name: 'control', buckets: { from: 0, to: 500_000 }, release: null, parameters: {} },
        {
          name: 'diverse',
          buckets: { from: 500_000, to: 1_000_000 },
          release: null,
          parameters: { diversity: { lambda: 0.6 } },
        },
      ],
    });
  });

  it.each([
    ['its salt', { salt: 'other' }, 'salt_changed', 'spec.salt'],
    ['its type', { type: 'interleaving' }, 'running_change_refused', 'spec.type'],
    ['when it began', { startsAt: '2020-01-01' }, 'running_change_refused', 'spec.startsAt'],
    ['a smaller allocation', { allocation: 0.5 }, 'running_change_refused', 'spec.allocation'],
    ['a ramp that lets in fewer', { ramp: [{ at: '2020-01-01', share: 0.5 }] }, 'ramp_invalid', 'spec.ramp'],
  ])('does not change %s', async (_, changes, code, field) => {
    await bench.run('a');
    await expect(bench.draft('a', changes)).rejects.toThrow(coded(code, { field, experiment: 'a' }));
    expect((await bench.store.experiment('a'))!.current.version).toBe(1);
  });

  it('does not change its layer', async () => {
    await bench.apply(layer('search'));
    await bench.run('a');
    await expect(bench.draft('a', { layer: 'search' })).rejects.toThrow(
      coded('running_change_refused', { field: 'spec.layer' }),
    );
  });

  it('begins a new phase with new weights, under its old salt and buckets', async () => {
    await bench.run('a', { allocation: 0.5 });
    bench.clock.nowS += 100;
    const weights = {
      variants: [
        { name: 'control', weight: 0.9 },
        { name: 'diverse', weight: 0.1, parameters: { diversity: { lambda: 0.6 } } },
      ],
    };
    await bench.draft('a', { allocation: 0.5, ...weights });
    const { current, startedAtS } = (await bench.store.experiment('a'))!;
    expect([current.version, current.phase, current.startedAtS, startedAtS]).toEqual([
      2, 2, 1_800_000_100, 1_800_000_000,
    ]);
    expect(bench.inSnapshot('a')).toMatchObject({ version: 2, salt: 'a', allocation: [{ from: 0, to: 500_000 }] });
  });

  it('goes on with its phase when it only lets in more', async () => {
    await bench.run('a', { allocation: 0.3, ramp: [{ at: '2020-01-01', share: 0.1 }] });
    await bench.run('b', { allocation: 0.3, ...other({ diversity: { top: 50 } }) });
    await bench.draft('a', { allocation: 0.5, ramp: [{ at: '2020-01-01', share: 0.1 }] });
    const { current, buckets } = (await bench.store.experiment('a'))!;
    expect([current.version, current.phase]).toEqual([2, 1]);
    // What it had stays its own; the rest is beyond the neighbour.
    expect(buckets).toEqual([
      { from: 0, to: 300_000 },
      { from: 600_000, to: 800_000 },
    ]);
  });

  it('is ramped up, step by step, and never down', async () => {
    await bench.run('a', {
      ramp: [
        { at: '2020-01-01', share: 0.1 },
        { at: '2030-01-01', share: 0.3 },
      ],
    });
    bench.clock.nowS += 60;
    await bench.experiments.ramp('a', 'ann', { share: 0.2 });
    expect(bench.inSnapshot('a')!.ramp.map(({ atS, exposed }) => [atS, exposed])).toEqual([
      [1_577_836_800, 100_000],
      [1_800_000_060, 200_000],
      [1_893_456_000, 300_000],
    ]);
    expect((await bench.store.experiment('a'))!.current).toMatchObject({ version: 2, phase: 1 });
    await expect(bench.experiments.ramp('a', 'ann', { share: 0.1 })).rejects.toThrow(
      coded('ramp_invalid', { field: 'share' }),
    );
    await expect(bench.experiments.ramp('a', 'ann', { share: 0.5, atS: 1_700_000_000 })).rejects.toThrow(
      coded('ramp_invalid', { field: 'at' }),
    );
  });

  it('does not fit into a layer that is full', async () => {
    await bench.run('a', { allocation: 0.8 });
    await bench.draft('b', { allocation: 0.3, ...other({ diversity: { top: 50 } }) });
    await expect(bench.start('b')).rejects.toThrow(
      coded('layer_over_allocated', {
        experiment: 'b',
        field: 'spec.allocation',
        reason: expect.stringContaining('belongs to a') as string,
      }),
    );
    await bench.experiments.move('a', 'ann', { action: 'stop', reason: 'make room' });
    expect(countBuckets((await bench.start('b')).buckets)).toBe(300_000);
  });

  it('does not fight over a parameter with one of another layer', async () => {
    await bench.apply(layer('search'));
    await bench.run('a');
    await bench.draft('b', { layer: 'search', ...other({ diversity: { lambda: 0.1 } }) });
    await expect(bench.start('b')).rejects.toThrow(
      coded('experiment_parameter_conflict', { parameter: 'diversity.lambda' }),
    );
    expect((await bench.store.experiment('b'))!.state).toBe('draft');
    await bench.draft('b', { layer: 'search', ...other({ diversity: { top: 50 } }) });
    expect((await bench.start('b')).state).toBe('running');
  });

  it('does not start when its time is over, nor without what it names', async () => {
    await bench.draft('a', { endsAt: '2021-01-01' });
    await expect(bench.start('a')).rejects.toThrow(coded('dates_reversed', { field: 'spec.endsAt' }));
  });
});

describe('decisions', () => {
  const DAY_S = 86_400;
  const settle = (given = evidence()) => bench.experiments.settle('more-diversity', given, 3_600);
  beforeEach(async () => {
    await bench.run('more-diversity');
    bench.clock.nowS += 10 * DAY_S + 60;
  });
  const state = async () => (await bench.store.experiment('more-diversity'))!.state;
  const announced = async () =>
    (await bench.store.dueAnnouncements(bench.clock.nowS, 10)).map(({ channel }) => channel);

  it('promote: everybody gets the variant, from one transaction with the numbers, the snapshot and the announcements', async () => {
    expect(await settle()).toMatchObject({ action: 'promote', variant: 'diverse' });
    expect(await state()).toBe('promoted');
    const snapshot = bench.published.at(-1)!;
    expect(snapshot.promoted).toEqual([
      {
        promotedAtS: snapshot.publishedAtS,
        experiment: 'more-diversity',
        variant: 'diverse',
        release: null,
        parameters: { diversity: { lambda: 0.6 } },
      },
    ]);
    expect(snapshot.layers[0]!.experiments).toEqual([]);
    expect(await bench.store.decisions('more-diversity')).toMatchObject([
      {
        ...{ action: 'promote', variant: 'diverse', actor: 'service', from: 'running', to: 'promoted', dryRun: false },
        ...{ version: 1, phase: 1, codeVersion: '0.1.0 test', evidence: evidence(), look: { index: 1 } },
      },
    ]);
    expect(await announced()).toEqual(['webhook', 'slack']);
    expect(await settle()).toBeNull();
  });

  it('roll back: everybody gets control, and somebody is woken', async () => {
    const harmed = evidence({ metrics: [success(), guardrail({ always: { low: 0.5, high: 0.9 } })] });
    expect(await settle(harmed)).toMatchObject({ action: 'roll_back' });
    expect([await state(), bench.inSnapshot('more-diversity')]).toEqual(['rolled_back', undefined]);
    expect(await announced()).toEqual(['webhook', 'slack', 'pagerduty']);
  });

  it('close the page of a rollback when a person answers it, and no other', async () => {
    const pages = async () =>
      (await bench.store.dueAnnouncements(bench.clock.nowS, 50)).flatMap(({ channel, body }) => {
        const { action, decisionId, answers } = body as Announcement;
        return channel === 'pagerduty' ? [{ action, decisionId, answers }] : [];
      });
    const harmed = (version: number) =>
      evidence({ version, metrics: [success(), guardrail({ always: { low: 0.5, high: 0.9 } })] });
    await settle(harmed(1));
    const [page] = await pages();
    expect(page).toMatchObject({ action: 'roll_back', answers: null });
    const person = (action: 'resume' | 'needs_attention' | 'stop') =>
      bench.experiments.move('more-diversity', 'bob', { action, reason: 'the logging was broken' });
    await person('resume');
    expect((await pages()).at(-1)).toMatchObject({ action: 'resume', answers: page!.decisionId });
    await person('needs_attention');
    expect(await pages()).toHaveLength(2);
    await settle(harmed(2));
    expect((await pages()).at(-1)).toMatchObject({ action: 'roll_back', answers: null });
  });

  it('in a dry run are told once and change nothing', async () => {
    await bench.draft('more-diversity', { decisions: 'dry_run' });
    const given = evidence({ version: 2 });
    const before = bench.published.length;
    expect(await settle(given)).toMatchObject({ action: 'promote' });
    await settle(given);
    await settle(given);
    expect([await state(), (await announced()).length]).toEqual(['running', 2]);
    expect(await bench.store.decisions('more-diversity')).toMatchObject([
      { action: 'promote', dryRun: true, to: 'running' },
    ]);
    expect(bench.published.slice(before).every(({ promoted }) => promoted.length === 0)).toBe(true);
    const harmed = evidence({ version: 2, metrics: [success(), guardrail({ always: { low: 0.5, high: 0.9 } })] });
    await settle(harmed);
    expect(await state()).toBe('running');
    expect(await announced()).not.toContain('pagerduty');
  });

  it('keep each look, and make it once', async () => {
    const waiting = evidence({ metrics: [success(), guardrail({ nonInferiorityP: 0.5 })] });
    expect(await settle(waiting)).toMatchObject({ action: 'hold', look: { index: 1 } });
    expect(await settle(waiting)).toMatchObject({ action: 'hold', look: null });
    expect(await bench.store.decisions('more-diversity')).toMatchObject([
      { action: 'look', look: { superior: [{ variant: 'diverse' }] } },
    ]);
    expect(await announced()).toEqual([]);
    expect(
      await settle(evidence({ metrics: [success(), guardrail({ always: { low: -0.01, high: 0.01 } })] })),
    ).toMatchObject({ action: 'promote' });
  });

  it('begin anew with a phase: looks of the old one count no more', async () => {
    await settle(evidence({ metrics: [success(), guardrail({ nonInferiorityP: 0.5 })] }));
    await bench.draft('more-diversity', { analysis: { unitsMin: 9_000 } });
    const given = evidence({
      version: 2,
      startedAtS: bench.clock.nowS,
      metrics: [success(), guardrail({ always: { low: -0.01, high: 0.01 } })],
    });
    expect(await settle(given)).toMatchObject({ action: 'hold', look: null });
  });

  it('are overridden by a person with a reason', async () => {
    await settle(evidence({ sampleRatio: { chiSquaredP: 0.5, sequentialP: 1e-9 } }));
    expect(await state()).toBe('rolled_back');
    await bench.experiments.move('more-diversity', 'bob', {
      action: 'resume',
      reason: 'the logging was broken, not the split',
    });
    expect(await state()).toBe('running');
    expect(bench.inSnapshot('more-diversity')).toMatchObject({ version: 2, allocation: [{ from: 0, to: 1_000_000 }] });
    await bench.experiments.move('more-diversity', 'bob', {
      action: 'promote',
      variant: 'diverse',
      reason: 'the board wants it',
    });
    expect((await bench.store.decisions('more-diversity')).map(({ action, actor }) => `${actor} ${action}`)).toEqual([
      'service roll_back',
      'bob resume',
      'bob promote',
    ]);
    await bench.experiments.move('more-diversity', 'bob', {
      action: 'roll_back',
      reason: 'the board changed its mind',
    });
    expect(bench.published.at(-1)!.promoted).toEqual([]);
  });

  it('have versions of snapshots that grow with each change of the split, and only then', async () => {
    const { version } = bench.published.at(-1)!;
    await settle(evidence({ dataUntilS: null }));
    await bench.draft('unrelated', other({ diversity: { top: 50 } }));
    expect(bench.published.at(-1)!.version).toBe(version);
    await settle();
    expect(bench.published.at(-1)!.version).toBe(version + 1);
  });
});
