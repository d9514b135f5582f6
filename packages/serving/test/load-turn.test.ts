import { expect, test } from 'vitest';
import { LoadTurn, TURN_DONE, TURN_GIVEN, TURN_WANTED } from '@shortlist/serving/load-turn.ts';

function parent() {
  const said: string[] = [];
  let hear: (message: unknown) => void = () => undefined;
  const channel = {
    send: (message: string) => void said.push(message),
    listen: (heard: typeof hear) => (hear = heard),
  };
  return { said, channel, give: () => hear(TURN_GIVEN) };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('a pod of several loads when it is given its turn, and gives it back, also when the load fails', async () => {
  const { said, channel, give } = parent();
  const turn = new LoadTurn(channel);
  for (const fails of [false, true]) {
    said.length = 0;
    let loads = 0;
    const load = turn.run(
      () => ((loads += 1), fails ? Promise.reject(new Error('broken')) : Promise.resolve('loaded')),
    );
    const outcome = load.catch((error: Error) => error.message);
    await settle();
    expect(said).toEqual([TURN_WANTED]);
    expect(loads).toBe(0);
    give();
    expect(await outcome).toBe(fails ? 'broken' : 'loaded');
    expect(said).toEqual([TURN_WANTED, TURN_DONE]);
  }
});

test('a pod of its own loads at once', async () => {
  expect(await new LoadTurn(null).run(() => Promise.resolve('loaded'))).toBe('loaded');
});
