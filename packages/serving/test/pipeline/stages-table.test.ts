import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AFTER_BATCH, BEFORE_BATCH, IN_BATCH, STAGES } from '../../src/pipeline.ts';

describe('STAGES', () => {
  it('has the order of the folders under stages/', () => {
    const folders = readdirSync(new URL('../../src/stages/', import.meta.url)).sort();
    expect(STAGES.map(({ name }, i) => `${i + 1}-${name}`)).toEqual(folders);
  });
  it('has one run of batch stages, so that a request joins a batch once', () => {
    expect([...BEFORE_BATCH, ...IN_BATCH, ...AFTER_BATCH]).toEqual(STAGES);
  });
  it('never lets the filter degrade: what may not be shown is not shown', () => {
    expect(STAGES.find(({ name }) => name === 'filter')!.onFailure).toBe('fail');
  });
  it('gives every stage that degrades and decides an order something to go on with', () => {
    for (const { name, onFailure, instead } of STAGES)
      if (onFailure === 'degrade' && name !== 'record') expect(instead, name).toBeDefined();
  });
});
