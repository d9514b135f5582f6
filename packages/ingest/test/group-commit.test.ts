import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { GroupCommit } from '@shortlist/ingest/group-commit.ts';

const later = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a group commit', () => {
  it('gives every submission its own results, in groups no larger than allowed and none twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer(), { maxLength: 5 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        async (submissions, lanes) => {
          const groups: number[][] = [];
          let running = 0;
          const commit = async (entries: readonly number[]) => {
            running += 1;
            expect(running).toBeLessThanOrEqual(lanes);
            groups.push([...entries]);
            await later();
            running -= 1;
            return entries.map((entry) => entry * 2);
          };
          const commits = new GroupCommit<number, number>({
            commits: Array.from({ length: lanes }, () => commit),
            entriesMax: 6,
            queueMax: 1_000,
          });
          const results = await Promise.all(submissions.map((entries) => commits.submit(entries)));
          expect(results).toEqual(submissions.map((entries) => entries.map((entry) => entry * 2)));
          for (const group of groups) expect(group.length).toBeLessThanOrEqual(6);
          expect(groups.flat().sort()).toEqual(submissions.flat().sort());
          expect(commits.depth).toBe(0);
          await commits.drained();
        },
      ),
      { numRuns: 50 },
    );
  });

  it('lets what arrives during a commit share the next one', async () => {
    const sizes: number[] = [];
    let finish: () => void = () => expect.unreachable();
    const commits = new GroupCommit<string, string>({
      commits: [
        async (entries) => {
          sizes.push(entries.length);
          if (sizes.length === 1) await new Promise<void>((resolve) => (finish = resolve));
          return entries;
        },
      ],
      entriesMax: 100,
      queueMax: 100,
    });
    const first = commits.submit(['a']);
    await later();
    const others = ['b', 'c', 'd'].map((entry) => commits.submit([entry]));
    finish();
    await Promise.all([first, ...others]);
    expect(sizes).toEqual([1, 3]);
  });

  it('refuses at once what would not fit the queue, and takes again when there is room', async () => {
    let finish: () => void = () => expect.unreachable();
    const commits = new GroupCommit<number, number>({
      commits: [
        async (entries) => {
          await new Promise<void>((resolve) => (finish = resolve));
          return entries;
        },
      ],
      entriesMax: 2,
      queueMax: 3,
    });
    const first = commits.submit([1, 2]);
    await later();
    const second = commits.submit([3, 4]);
    await expect(commits.submit([5, 6])).rejects.toMatchObject({ code: 'overloaded' });
    finish();
    await first;
    await later();
    const third = commits.submit([7, 8]);
    while (commits.depth > 0) {
      finish();
      await later();
    }
    finish();
    await Promise.all([second, third]);
  });

  it('tells every sender of a failed commit, and goes on', async () => {
    let calls = 0;
    const commits = new GroupCommit<number, number>({
      commits: [
        (entries) =>
          calls++ === 0 ? Promise.reject(new ShortlistError('database_unreachable')) : Promise.resolve(entries),
      ],
      entriesMax: 10,
      queueMax: 10,
    });
    const lost = await Promise.allSettled([commits.submit([1]), commits.submit([2])]);
    expect(lost.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await commits.submit([3])).toEqual([3]);
  });
});
