import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { RankRequestSchema } from '@shortlist/core/contracts/rank.ts';
import { compileValidator } from '../../src/http/validation.ts';

describe('a request that names items', () => {
  const validate = compileValidator(RankRequestSchema, 'body');
  const refusal = (items: unknown) => {
    try {
      return validate({ user_id: 'ann', items });
    } catch (error) {
      return (error as { details: unknown }).details;
    }
  };

  it('may name each once, whatever it is called', () => {
    const items = ['a', 'A', '__proto__', 'constructor', '1'];
    expect(refusal(items)).toEqual({ user_id: 'ann', items });
  });

  it('is told which one it names twice', () => {
    const reason = 'must not name anything twice, as item 2 does (["a","b","a"])';
    expect(refusal(['a', 'b', 'a'])).toEqual({ field: 'items', reason });
    expect(refusal(['__proto__', '__proto__'])).toMatchObject({ field: 'items' });
  });

  it('is told of other faults as before', () => {
    expect(refusal([1, 1])).toMatchObject({ field: expect.stringMatching(/^items/) as string });
    expect(refusal([])).toMatchObject({ field: 'items' });
  });

  it('may name some twice where that is not forbidden', () => {
    const list = compileValidator(Type.Array(Type.String(), { uniqueItems: false }), 'body');
    expect(list(['a', 'a'])).toEqual(['a', 'a']);
  });
});
