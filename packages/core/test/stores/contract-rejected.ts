import { expect, test } from 'vitest';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';

const one = (payload: string, changes: object = {}) => ({
  ...{
    source: 'api',
    stage: 'validate',
    code: 'field_invalid',
    reason: 'type: unknown',
    payload: Buffer.from(payload),
  },
  ...changes,
});

export function testRejected(stores: () => TransactionalStores): void {
  test('what was rejected is kept byte for byte, found by stage and code, and told apart once it was replayed', async () => {
    const { rejected } = stores();
    const bytes = Buffer.from([0, 255, 0xc3, 0x28]);
    await rejected.add([
      one('first'),
      one('', { stage: 'parse', code: 'body_malformed', payload: bytes }),
      one('third'),
    ]);
    await rejected.add([]);
    expect(await rejected.count()).toBe(3);
    const [malformed] = await rejected.list({ stage: 'parse' }, 0, 10);
    expect(Buffer.from(malformed!.payload)).toEqual(bytes);
    expect(malformed).toMatchObject({ source: 'api', code: 'body_malformed', replayedAtS: null });
    const [first] = await rejected.list({}, 0, 1);
    const later = await rejected.list({}, first!.id, 10);
    expect(later.map(({ payload }) => Buffer.from(payload).toString('latin1'))).toEqual([
      bytes.toString('latin1'),
      'third',
    ]);
    await rejected.markReplayed([first!.id]);
    expect(await rejected.count()).toBe(2);
    expect(await rejected.count({ replayed: true, code: 'field_invalid' })).toBe(2);
    expect((await rejected.list({ replayed: true }, 0, 1))[0]!.replayedAtS).toBeGreaterThan(0);
  });

  test('a payload is cut off where it becomes too long, a reason may hold anything, and old ones are forgotten', async () => {
    const { rejected } = stores();
    await rejected.add([one('x'.repeat(100_000), { reason: 'a \0 in it' })]);
    const [long] = await rejected.list({}, 0, 1);
    expect(long!.payload).toHaveLength(65_536);
    expect(long!.reason).toBe('a \ufffd in it');
    expect(await rejected.prune(long!.receivedAtS - 1)).toBe(0);
    expect(await rejected.prune(long!.receivedAtS + 1)).toBe(1);
    expect(await rejected.count({ replayed: true })).toBe(0);
  });
}
