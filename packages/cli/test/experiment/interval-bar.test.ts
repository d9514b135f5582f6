import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalBar, scaleOf } from '../../src/experiment/interval-bar.ts';
import { powerReport } from '../../src/experiment/power.ts';

const options = { width: 21, scale: 0.1 };

describe('an interval, drawn', () => {
  it('lies where its numbers are, with zero, margin and estimate', () => {
    expect(intervalBar({ low: 0.02, high: 0.08, value: 0.05 }, options)).toBe('          │ ├──●──┤  ');
    expect(intervalBar({ low: -0.03, high: 0.03, value: 0.01 }, options)).toBe('       ├──┼●─┤       ');
    expect(intervalBar({ low: -0.5, high: 0.5, value: 0.05 }, options)).toBe('◀─────────┼────●────▶');
    expect(intervalBar({ low: 0.05, high: 0.09, value: 0.07 }, { ...options, margin: 0.02 })).toBe(
      '        ┊ │ ┊  ├─●─┤ ',
    );
  });

  it('is as wide as it should be, whatever the numbers', () => {
    const lift = fc.double({ min: -10, max: 10, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(lift, lift, lift), (lifts) => {
        const [low, value, high] = lifts.sort((a, b) => a - b);
        const bar = intervalBar({ low, value, high }, { width: 31, scale: scaleOf([{ low, high }]), margin: 0.02 });
        expect([...bar]).toHaveLength(31);
        expect(bar).toContain('●');
      }),
    );
  });
});

describe('power', () => {
  const plan = { cv: null, effect: 0.05, alpha: 0.05, power: 0.8, treatments: 1, guardrails: 0, unitsPerDay: null };

  it('asks for many units where little happens, and never for less than the floor', () => {
    const [rare, often] = [powerReport({ ...plan, baseline: 0.02 }), powerReport({ ...plan, baseline: 0.9 })];
    expect(rare.unitsPerVariant).toBeGreaterThan(300_000);
    expect(often.unitsPerVariant).toBe(10_000);
    expect(rare.detectableAtFloor).toBeGreaterThan(0.2);
  });

  it('counts days by the pace', () => {
    const { unitsTotal, days } = powerReport({ ...plan, baseline: 0.1, unitsPerDay: 10_000 });
    expect(days).toBe(Math.ceil(unitsTotal / 10_000));
  });

  it('refuses a share that is none', () => {
    expect(() => powerReport({ ...plan, baseline: 20 })).toThrow(expect.objectContaining({ code: 'field_invalid' }));
    expect(powerReport({ ...plan, baseline: 20, cv: 2 }).unitsPerVariant).toBeGreaterThan(20_000);
  });
});
