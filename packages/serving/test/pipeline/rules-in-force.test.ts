import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { RuleBook } from '../../src/rules/rule-book.ts';
import { openTinyRelease, recommenderOf } from './tiny-serving.ts';

let release: LoadedRelease;
let folder: string;
beforeAll(async () => {
  release = await openTinyRelease();
  folder = await mkdtemp(join(tmpdir(), 'rules-in-force-'));
});
afterAll(async () => {
  await release.close();
  await rm(folder, { recursive: true });
});

async function answerUnder(yaml: string, request: object = {}) {
  const file = join(folder, 'rules.yaml');
  await writeFile(file, `rules:\n${yaml}`);
  const recommender = recommenderOf(release, {
    rules: await RuleBook.open(file),
    parameters: { diversity: { lambda: 0 } },
  });
  const answer = await recommender.recommend({ session_id: 's', num_items: 10, explain: true, ...request }, 'r');
  await recommender.close();
  return { ids: answer.recommendations.map(({ item_id }) => item_id), answer };
}

describe('rules on the request path', () => {
  it('pin an item to a slot, also one that no source found; filters win over pins', async () => {
    const pin = '  - name: banner\n    pin: { item: item-59, slot: 3 }\n';
    const { ids, answer } = await answerUnder(pin);
    expect(ids[2]).toBe('item-59');
    expect(answer.recommendations[2]!.explanation!.rules).toEqual([{ rule: 'banner', effect: 'pinned to slot 3' }]);
    expect((await answerUnder(pin, { context: { exclude: ['item-59'] } })).ids).not.toContain('item-59');
  });
  it('boost and bury, and say from where to where', async () => {
    const plain = (await answerUnder('  []')).ids;
    const last = plain[9]!;
    const { ids, answer } = await answerUnder(
      `  - name: push\n    boost: { match: { item: [${last}] }, factor: 1000 }\n` +
        `  - name: sink\n    bury: { match: { item: [${plain[0]!}] }, factor: 0 }\n`,
    );
    expect(ids[0]).toBe(last);
    expect(ids).not.toContain(plain[0]);
    expect(answer.recommendations[0]!.explanation!.rules).toEqual([{ rule: 'push', effect: 'x 1000: rank 10 to 1' }]);
  });
  it('cap a brand, and why_not names the cap', async () => {
    const cap = '  - name: few of a brand\n    cap: { per: brand, max: 1 }\n';
    const { ids, answer } = await answerUnder(cap, { why_not: ['item-0', 'item-5'] });
    expect(ids).toHaveLength(5);
    expect(new Set(ids.map((id) => Number(id.slice(5)) % 5)).size).toBe(5);
    expect(answer.why_not!.some(({ stage, reason }) => stage === 'rerank' && reason.includes('few of a brand'))).toBe(
      true,
    );
  });
  it('keep a minimum share', async () => {
    const { ids } = await answerUnder(
      '  - name: games too\n    min_share: { match: { category: [games] }, share: 0.9 }\n',
    );
    expect(ids.filter((id) => Number(id.slice(5)) % 2 === 1).length).toBeGreaterThanOrEqual(9);
  });
  it('hold a price band, filling up within it', async () => {
    const { ids } = await answerUnder('  - name: cheap\n    price_band: { max: 8 }\n');
    expect([...ids].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((row) => `item-${row}`));
  });
  it('hold only where their conditions do', async () => {
    const rule = (when: string) => `  - name: banner\n    when: { ${when} }\n    pin: { item: item-59, slot: 1 }\n`;
    const first = async (when: string, context: object) => (await answerUnder(rule(when), { context })).ids[0];
    expect(await first('surface: [home]', { surface: 'home' })).toBe('item-59');
    expect(await first('surface: [home]', { surface: 'cart' })).not.toBe('item-59');
    expect(await first('surface: [home]', {})).not.toBe('item-59');
    expect(await first('category: [games]', { category: 'games' })).toBe('item-59');
    // The tests' clock stands at 2023-11-14T22:13:20Z.
    expect(await first('from: 2023-11-14, until: 2023-11-15', {})).toBe('item-59');
    expect(await first('until: 2023-11-14', {})).not.toBe('item-59');
  });
});
