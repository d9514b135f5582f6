import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, type DecisionInput } from '@shortlist/experiments/decisions/decide.ts';
import type { Comparison, Evidence, MetricEvidence } from '@shortlist/experiments/decisions/evidence.ts';
import type { TakenLook } from '@shortlist/experiments/decisions/look.ts';
import { experimentOf } from '../experiment-document.ts';
import { comparison, DAY_S, evidence, guardrail, STARTED_S, success, withPlan } from './evidence-of.ts';

const { spec } = experimentOf('more-diversity');
const NOW_S = STARTED_S + 10 * DAY_S + 60;
const input = (changes: Partial<DecisionInput> = {}): DecisionInput => ({
  ...{ state: 'running', version: 1, spec, startedAtS: STARTED_S, evidence: evidence(), looks: [] },
  ...{ staleAfterS: 3_600, ...changes },
});
const actionOf = (changes: Partial<DecisionInput>, nowS = NOW_S) => decide(input(changes), nowS).action;
const lost = (metric: MetricEvidence): MetricEvidence => ({
  ...metric,
  comparisons: metric.comparisons.map((one) => ({ ...one, always: { low: -0.5, high: -0.1 } })),
});

describe('promotion', () => {
  it('needs a superior success metric, non-inferior guardrails, size, days and a sample ratio that holds', () => {
    const decision = decide(input(), NOW_S);
    expect(decision).toMatchObject({ action: 'promote', variant: 'diverse' });
    expect(decision.look).toEqual({
      ...{ index: 1, fraction: 1, level: expect.closeTo(0.05, 6) as number, inferior: [] },
      tested: ['click-through-rate', 'error-rate'].map((metric) => ({ metric, variant: 'diverse', information: 1 })),
      superior: [{ metric: 'click-through-rate', variant: 'diverse' }],
      nonInferior: [{ metric: 'error-rate', variant: 'diverse' }],
    });
  });

  it.each([
    ['before its least days', {}, STARTED_S + 6.9 * DAY_S],
    ['below the floor of units', { spec: withPlan(spec, { unitsMin: 20_001 }) }, NOW_S],
    [
      'before the required size',
      { evidence: evidence({ metrics: [success({ requiredUnits: 20_001 }), guardrail()] }) },
      NOW_S,
    ],
    [
      'while the required size is not known',
      { evidence: evidence({ metrics: [success({ requiredUnits: null }), guardrail()] }) },
      NOW_S,
    ],
    ['by numbers of another version', { version: 2 }, NOW_S],
    ['by old data', {}, NOW_S + 3_600],
    ['without numbers', { evidence: null }, NOW_S],
    [
      'without a sample-ratio check',
      { evidence: evidence({ sampleRatio: { chiSquaredP: null, sequentialP: null } }) },
      NOW_S,
    ],
    [
      'while a guardrail is not shown to hold',
      { evidence: evidence({ metrics: [success(), guardrail({ nonInferiorityP: 0.3 })] }) },
      NOW_S,
    ],
    [
      'while a guardrail has no number',
      { evidence: evidence({ metrics: [success(), guardrail({ lift: null, nonInferiorityP: 0.001 })] }) },
      NOW_S,
    ],
    [
      'while a guardrail has no comparison',
      { evidence: evidence({ metrics: [success(), guardrail({}, { comparisons: [] })] }) },
      NOW_S,
    ],
  ])('does not come %s', (_, changes, nowS) => {
    expect(actionOf(changes, nowS)).toBe('hold');
  });

  it('does not come when a success metric that is not the winning one gets worse for sure', () => {
    const worse = lost(success({ metric: 'items-per-slate' }));
    expect(actionOf({ evidence: evidence({ metrics: [success(), worse, guardrail()] }) })).toBe('hold');
  });

  it('comes later when a guardrail is shown to hold after the look', () => {
    const first = decide(
      input({ evidence: evidence({ metrics: [success(), guardrail({ nonInferiorityP: 0.3 })] }) }),
      NOW_S,
    );
    expect(first.action).toBe('hold');
    const look = first.look!;
    expect(look.superior).toHaveLength(1);
    const calm = guardrail({ nonInferiorityP: 0.3, always: { low: -0.01, high: 0.01 } });
    const fading = success({ comparisons: [comparison({ pValue: 0.9 })] });
    const later = decide(input({ looks: [look], evidence: evidence({ metrics: [fading, calm] }) }), NOW_S);
    expect(later).toMatchObject({ action: 'promote', variant: 'diverse', look: null });
  });

  it('looks once: what the only look did not find is not found by looking again', () => {
    const weak = evidence({ metrics: [success({ comparisons: [comparison({ pValue: 0.051 })] }), guardrail()] });
    const first = decide(input({ evidence: weak }), NOW_S);
    expect(first).toMatchObject({ action: 'needs_attention', look: { superior: [] } });
    const again = decide(input({ looks: [first.look!] }), NOW_S + 60);
    expect(again).toMatchObject({ action: 'needs_attention', look: null });
  });

  it('is judged by Holm over all treatments and success metrics', () => {
    const arms = ['control', 'diverse', 'other'].map((variant) => ({
      variant,
      weight: 1 / 3,
      units: 20_000,
      fallbackUnits: 0,
    }));
    const of = (diverse: number, other: number) => {
      const comparisons = [comparison({ pValue: diverse }), comparison({ variant: 'other', pValue: other, lift: 0.2 })];
      return evidence({ arms, metrics: [success({ comparisons })] });
    };
    expect(actionOf({ evidence: of(0.03, 0.2) })).toBe('needs_attention');
    expect(decide(input({ evidence: of(0.02, 0.2) }), NOW_S).variant).toBe('diverse');
    expect(decide(input({ evidence: of(0.02, 0.04) }), NOW_S)).toMatchObject({ action: 'promote', variant: 'other' });
  });
});

describe('several looks', () => {
  const planned = withPlan(spec, { looks: 5, unitsMin: 100 });
  const at = (units: number, pValue: number, information = units) =>
    evidence({
      arms: ['control', 'diverse'].map((variant) => ({ variant, weight: 0.5, units, fallbackUnits: 0 })),
      metrics: [success({ requiredUnits: 10_000, comparisons: [comparison({ pValue, information })] }), guardrail()],
    });

  it('spend alpha by O’Brien-Fleming: early ones need much, the last one little more than a single one', () => {
    const looks: TakenLook[] = [];
    const bounds = [1.0775e-6, 7.88e-4, 0.00736, 0.02203, 0.04225];
    for (const [i, bound] of bounds.entries()) {
      const decision = decide(input({ spec: planned, looks: [...looks], evidence: at(2_000 * (i + 1), 0.5) }), NOW_S);
      expect(decision.look?.index).toBe(i + 1);
      expect(decision.look!.level / bound).toBeCloseTo(1, 1);
      looks.push(decision.look!);
      expect(decision.action).toBe(i === 4 ? 'needs_attention' : 'hold');
    }
  });

  it('are skipped when nobody looked in time, and never made twice', () => {
    const late = decide(input({ spec: planned, evidence: at(6_500, 0.5) }), NOW_S);
    expect(late.look).toMatchObject({ index: 3, fraction: 0.65 });
    expect(decide(input({ spec: planned, looks: [late.look!], evidence: at(6_600, 1e-9) }), NOW_S).look).toBeNull();
    expect(decide(input({ spec: planned, looks: [late.look!], evidence: at(8_000, 1e-9) }), NOW_S).action).toBe(
      'promote',
    );
  });

  it('hang together by what is in, not by who has come: units that have not finished buying make later bounds higher', () => {
    const levelsAt = (information: readonly number[]) => {
      const looks: TakenLook[] = [];
      information.forEach((total, i) =>
        looks.push(
          decide(input({ spec: planned, looks: [...looks], evidence: at(2_000 * (i + 1), 0.5, total) }), NOW_S).look!,
        ),
      );
      return looks.map(({ level }) => level);
    };
    const finished = levelsAt([1, 2, 3, 4, 5]);
    expect(levelsAt([10, 20, 30, 40, 50])).toEqual(finished.map((level) => expect.closeTo(level, 9) as number));
    const unfinished = levelsAt([1, 4, 9, 16, 25]);
    expect(unfinished[0]).toBeCloseTo(finished[0]!, 9);
    for (const [i, level] of unfinished.entries()) if (i > 0) expect(level).toBeLessThan(finished[i]!);
  });

  it('are not made while nothing new is in', () => {
    const first = decide(input({ spec: planned, evidence: at(2_000, 0.5, 7) }), NOW_S).look!;
    for (const information of [7, 6.9, null, NaN]) {
      const again = decide(input({ spec: planned, looks: [first], evidence: at(4_000, 1e-9, information!) }), NOW_S);
      expect(again).toMatchObject({ action: 'hold', look: null, reason: 'a look is due, and nothing new is in' });
    }
    expect(decide(input({ spec: planned, looks: [first], evidence: at(4_000, 1e-9, 7.1) }), NOW_S).look).toMatchObject({
      index: 2,
      superior: [{ metric: 'click-through-rate' }],
    });
  });

  it('test what has something new, and leave alpha of the rest for later', () => {
    const two = (units: number, [clicks, carts]: [number, number], p: number) => {
      const metrics = [
        success({ requiredUnits: 10_000, comparisons: [comparison({ pValue: 0.9, information: clicks })] }),
        success({
          metric: 'carts',
          requiredUnits: 10_000,
          comparisons: [comparison({ pValue: p, information: carts })],
        }),
        guardrail(),
      ];
      return { ...at(units, 0.9), metrics };
    };
    const first = decide(input({ spec: planned, evidence: two(4_000, [1, 1], 1e-9) }), NOW_S).look!;
    expect(first.superior).toEqual([{ metric: 'carts', variant: 'diverse' }]);
    const quiet = decide(input({ spec: planned, evidence: two(4_000, [1, 0], 1e-9) }), NOW_S).look!;
    expect(quiet.superior).toEqual([]);
    expect(quiet.tested.map(({ metric }) => metric)).toEqual(['click-through-rate', 'error-rate']);
  });
});

describe('rollback', () => {
  it('comes at any time when a guardrail is harmed beyond its margin, before and after anything else', () => {
    const harmed = evidence({ metrics: [success(), guardrail({ always: { low: 0.021, high: 0.5 } })] });
    expect(decide(input({ evidence: harmed }), STARTED_S + 60)).toMatchObject({
      action: 'roll_back',
      variant: 'diverse',
    });
    expect(actionOf({ evidence: harmed })).toBe('roll_back');
    expect(actionOf({ evidence: harmed, state: 'needs_attention' })).toBe('roll_back');
    expect(actionOf({ evidence: harmed }, NOW_S + 100 * DAY_S)).toBe('roll_back');
  });

  it('does not come for harm within the margin', () => {
    expect(
      actionOf({ evidence: evidence({ metrics: [success(), guardrail({ always: { low: 0.019, high: 0.5 } })] }) }),
    ).toBe('promote');
  });

  it('knows which way is harm', () => {
    const higher = guardrail({ always: { low: -0.5, high: -0.021 } }, { better: 'higher' });
    expect(actionOf({ evidence: evidence({ metrics: [success(), higher] }) })).toBe('roll_back');
    const better = guardrail({ always: { low: -0.5, high: -0.021 } });
    expect(actionOf({ evidence: evidence({ metrics: [success(), better] }) })).toBe('promote');
  });

  it('comes when the sample ratio fails: sequentially at any time, by chi-squared at a look', () => {
    const sequential = evidence({ sampleRatio: { chiSquaredP: 0.5, sequentialP: 0.0009 } });
    expect(actionOf({ evidence: sequential }, STARTED_S + 60)).toBe('roll_back');
    const chiSquared = evidence({ sampleRatio: { chiSquaredP: 0.0009, sequentialP: 0.5 } });
    expect(actionOf({ evidence: chiSquared }, STARTED_S + DAY_S)).toBe('hold');
    expect(actionOf({ evidence: chiSquared })).toBe('roll_back');
  });
});

describe('attention', () => {
  it('is asked for when its days are over undecided, and says when it was underpowered', () => {
    const small = evidence({
      metrics: [success({ requiredUnits: 1e6 }), guardrail()],
      dataUntilS: STARTED_S + 43 * DAY_S,
    });
    const decision = decide(input({ evidence: small }), STARTED_S + 43 * DAY_S);
    expect(decision.action).toBe('needs_attention');
    expect(decision.reason).toContain('underpowered');
    expect(actionOf({ evidence: small }, STARTED_S + 41 * DAY_S)).toBe('hold');
  });

  it('is asked for when it has ended, or its days are over without fresh data', () => {
    const ending = { ...spec, endsAt: new Date((STARTED_S + 2 * DAY_S) * 1000).toISOString() };
    const young = evidence({ dataUntilS: STARTED_S + 2 * DAY_S });
    expect(actionOf({ spec: ending, evidence: young }, STARTED_S + 2 * DAY_S)).toBe('needs_attention');
    expect(actionOf({}, STARTED_S + 43 * DAY_S)).toBe('needs_attention');
    expect(actionOf({ evidence: null }, STARTED_S + 43 * DAY_S)).toBe('needs_attention');
  });

  it('is asked for once', () => {
    expect(actionOf({ state: 'needs_attention' }, STARTED_S + 43 * DAY_S)).toBe('hold');
  });

  it('is what interleaving ends in: a preference is no promotion', () => {
    const interleaving = {
      control: 'control',
      treatment: 'diverse',
      controlWins: 4_000,
      treatmentWins: 6_000,
      ties: 10,
    };
    const screened = {
      spec: { ...spec, type: 'interleaving' as const },
      evidence: evidence({ interleaving: { ...interleaving, pValue: 1e-9 } }),
    };
    expect(decide(input(screened), NOW_S)).toMatchObject({ action: 'needs_attention', variant: 'diverse' });
    expect(actionOf({ ...screened, evidence: evidence({ interleaving: { ...interleaving, pValue: null } }) })).toBe(
      'hold',
    );
  });
});

const p = fc.oneof(fc.constant(null), fc.constant(NaN), fc.double({ min: 0, max: 1, noNaN: true }));
const number = fc.oneof(fc.constant(null), fc.constant(NaN), fc.double({ min: -1, max: 1, noNaN: true }));
const interval = fc.oneof(
  fc.constant(null),
  fc.tuple(fc.double({ min: -1, max: 1 }), fc.double({ min: -1, max: 1 })).map(([low, high]) => ({ low, high })),
);
const comparisons = fc
  .tuple(p, p, number, interval, interval)
  .map(([pValue, nonInferiorityP, lift, fixed, always]): readonly Comparison[] => [
    comparison({ pValue, nonInferiorityP, lift, fixed, always }),
  ]);
const anyEvidence = fc
  .record({
    success: comparisons,
    guardrail: comparisons,
    required: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 100_000 })),
    units: fc.integer({ min: 0, max: 100_000 }),
    chiSquaredP: p,
    sequentialP: p,
    dataUntilS: fc.oneof(fc.constant(null), fc.integer({ min: STARTED_S, max: NOW_S })),
  })
  .map((one): Evidence =>
    evidence({
      arms: ['control', 'diverse'].map((variant) => ({ variant, weight: 0.5, units: one.units, fallbackUnits: 0 })),
      metrics: [
        success({ requiredUnits: one.required, comparisons: one.success }),
        guardrail({}, { comparisons: one.guardrail }),
      ],
      sampleRatio: { chiSquaredP: one.chiSquaredP, sequentialP: one.sequentialP },
      dataUntilS: one.dataUntilS,
    }),
  );
const isNumber = (value: number | null) => value !== null && Number.isFinite(value);

describe('whatever the numbers are', () => {
  it('what is missing promotes nobody, and a promotion has everything that it needs', () => {
    fc.assert(
      fc.property(anyEvidence, fc.integer({ min: STARTED_S, max: STARTED_S + 60 * DAY_S }), (given, nowS) => {
        if (actionOf({ evidence: given }, nowS) !== 'promote') return;
        const [won, kept] = given.metrics.map(({ comparisons: [one] }) => one!);
        expect(isNumber(won!.pValue) && won!.pValue! <= 0.05 && won!.lift! > 0).toBe(true);
        expect(isNumber(kept!.lift)).toBe(true);
        const isInside = kept!.always !== null && kept!.always.high < 0.02;
        expect((isNumber(kept!.nonInferiorityP) && kept!.nonInferiorityP! <= 0.05) || isInside).toBe(true);
        expect(isNumber(given.sampleRatio.chiSquaredP) && given.sampleRatio.chiSquaredP! >= 0.001).toBe(true);
        expect(given.arms[0]!.units).toBeGreaterThanOrEqual(Math.max(10_000, given.metrics[0]!.requiredUnits!));
        expect(nowS - STARTED_S).toBeGreaterThanOrEqual(7 * DAY_S);
      }),
      { numRuns: 5_000 },
    );
  });

  it('harm wins over everything', () => {
    const harms = fc.oneof(
      fc
        .constant({ always: { low: 0.03, high: 0.9 } })
        .map((changes) => ({ metrics: [success(), guardrail(changes)] })),
      fc
        .double({ min: 0, max: 0.00099, noNaN: true })
        .map((sequentialP) => ({ sampleRatio: { chiSquaredP: 0.5, sequentialP } })),
    );
    fc.assert(
      fc.property(
        anyEvidence,
        harms,
        fc.integer({ min: STARTED_S, max: STARTED_S + 99 * DAY_S }),
        (given, harm, nowS) => {
          expect(actionOf({ evidence: { ...given, ...harm } }, nowS)).toBe('roll_back');
          expect(actionOf({ evidence: { ...given, ...harm }, state: 'needs_attention' }, nowS)).toBe('roll_back');
        },
      ),
    );
  });

  it('a number taken away never turns anything but a rollback into a promotion', () => {
    const paths = ['pValue', 'nonInferiorityP', 'lift', 'fixed', 'always'] as const;
    fc.assert(
      fc.property(anyEvidence, fc.constantFrom(0, 1), fc.constantFrom(...paths), (given, at, path) => {
        const metrics = given.metrics.map((metric, i) =>
          i === at ? { ...metric, comparisons: metric.comparisons.map((one) => ({ ...one, [path]: null })) } : metric,
        );
        const [before, after] = [actionOf({ evidence: given }), actionOf({ evidence: { ...given, metrics } })];
        // A confidence sequence may be what speaks against a treatment.
        if (after === 'promote') expect(path === 'always' || before === 'promote').toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
