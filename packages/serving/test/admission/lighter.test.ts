import { describe, expect, it } from 'vitest';
import { effectiveParameters } from '@shortlist/core/contracts/effective-parameters.ts';
import { LADDER } from '@shortlist/serving/admission/load-ladder.ts';
import { lighter } from '@shortlist/serving/admission/lighter.ts';

const sum = (sources: Readonly<Record<string, number>>): number => Object.values(sources).reduce((a, b) => a + b, 0);

describe('a lighter request', () => {
  const parameters = effectiveParameters();
  const levels = LADDER.map((_, level) => lighter(parameters, level));

  it('is the request itself at level 0', () => {
    expect(levels[0]).toBe(parameters);
  });

  it('has no more candidates, sources or model than one level below, and stays valid', () => {
    for (let level = 1; level < LADDER.length; level++) {
      const [heavier, light] = [levels[level - 1]!, levels[level]!];
      expect(light.candidatesMax).toBeLessThanOrEqual(heavier.candidatesMax);
      expect(sum(light.sources)).toBeLessThanOrEqual(sum(heavier.sources));
      expect(effectiveParameters(light)).toEqual(light);
    }
    expect(levels.map(({ precision }) => precision)).toEqual(['int8', 'int8', 'none', 'none']);
  });

  it('asks lists alone at the last level', () => {
    const asked = Object.entries(levels[3]!.sources).filter(([, k]) => k > 0);
    expect(asked.map(([name]) => name).sort()).toEqual(['category', 'new_items', 'popular', 'trending']);
  });

  it('never asks more than an experiment asked for', () => {
    const modest = effectiveParameters({ candidatesMax: 20, precision: 'none', sources: { trending: 0 } });
    const light = lighter(modest, 3);
    expect(light).toMatchObject({ candidatesMax: 20, precision: 'none' });
    expect(light.sources.trending).toBe(0);
  });

  it('is made once for the same parameters', () => {
    expect(lighter(parameters, 2)).toBe(levels[2]);
  });
});
