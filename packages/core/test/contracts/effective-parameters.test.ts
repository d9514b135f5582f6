import { describe, expect, it } from 'vitest';
import {
  DEFAULT_PARAMETERS,
  effectiveParameters,
  type ParametersPatch,
} from '../../src/contracts/effective-parameters.ts';

describe('effective parameters', () => {
  it('are the defaults of the schema without a patch, nested ones included', () => {
    expect(effectiveParameters()).toEqual(DEFAULT_PARAMETERS);
    expect(DEFAULT_PARAMETERS).toMatchObject({
      candidatesMax: 500,
      sources: { two_tower: 200 },
      shares: { collaborative: 0.7, content: 0.3 },
      diversity: { lambda: 0.3, top: 100 },
    });
  });

  it('lay patches over each other, key by key, the last one winning, and leave the defaults alone', () => {
    const release: ParametersPatch = { candidatesMax: 300, sources: { popular: 7, trending: 8 } };
    const variant: ParametersPatch = { sources: { popular: 9 }, diversity: { lambda: 0 } };
    const merged = effectiveParameters(release, variant);
    expect(merged).toMatchObject({ candidatesMax: 300, sources: { popular: 9, trending: 8, two_tower: 200 } });
    expect(merged.diversity).toEqual({ lambda: 0, top: 100 });
    expect(effectiveParameters()).toEqual(DEFAULT_PARAMETERS);
    expect(DEFAULT_PARAMETERS.sources.popular).toBe(50);
  });

  it.each([
    ['{"unknown":1}', 'parameters.unknown'],
    ['{"sources":{"astrology":1}}', 'parameters.sources.astrology'],
    ['{"candidatesMax":9}', 'parameters.candidatesMax'],
    ['{"candidatesMax":"many"}', 'parameters.candidatesMax'],
    ['{"sources":3}', 'parameters.sources'],
    ['{"precision":"fp16"}', 'parameters.precision'],
    ['{"__proto__":{"candidatesMax":10}}', 'parameters.__proto__'],
    ['{"sources":{"__proto__":{"popular":1}}}', 'parameters.sources.__proto__'],
  ])('refuse %s and name the key', (patch, field) => {
    expect(() => effectiveParameters(JSON.parse(patch) as ParametersPatch)).toThrowError(
      expect.objectContaining({ code: 'field_invalid', details: expect.objectContaining({ field }) as unknown }),
    );
    expect(({} as { candidatesMax?: number }).candidatesMax).toBeUndefined();
  });
});
