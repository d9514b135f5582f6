import { describe, expect, it } from 'vitest';
import { LiveRecommender } from '../../src/live/live-recommender.ts';
import { RecommenderDouble } from '../recommender-double.ts';

function recommender(late: boolean) {
  const served: (readonly string[])[] = [];
  return {
    served,
    recommender: new LiveRecommender(new RecommenderDouble(), { late, served: (ids) => served.push(ids()) }),
  };
}

describe('a recommender that follows the live state', () => {
  it('declares that the live state is late beside whatever else is', async () => {
    const ask = { user_id: 'degraded', num_items: 1 };
    expect((await recommender(true).recommender.recommend(ask, 'r')).degraded).toEqual(['rank', 'live']);
    expect((await recommender(false).recommender.recommend(ask, 'r')).degraded).toEqual(['rank']);
  });

  it('hands every list of items to the leak check', async () => {
    const { served, recommender: asked } = recommender(false);
    await asked.recommend({ user_id: 'u', num_items: 2 }, 'r');
    await asked.similar('p', 1);
    await asked.trending(undefined, 3);
    expect(served.map(({ length }) => length)).toEqual([2, 1, 3]);
    expect(served[0]).toEqual(['item-0', 'item-1']);
  });
});
