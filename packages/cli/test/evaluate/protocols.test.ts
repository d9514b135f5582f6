import { expect, it } from 'vitest';
import { protocolOf } from '../../src/evaluate/protocols.ts';

it('online-retail has the published split, any other dataset its last week of purchases', () => {
  expect(protocolOf('online-retail')).toEqual({ trainUntil: '2011-11-09T00:00:00Z', label: 'purchase' });
  expect(protocolOf('my-shop')).toEqual({ trainUntil: { daysBeforeEnd: 7 }, label: 'purchase' });
});
