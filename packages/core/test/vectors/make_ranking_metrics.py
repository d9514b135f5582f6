"""Writes ranking-metrics.json: metrics by their textbook definitions, for the TypeScript implementation to match.

Run: python packages/core/test/vectors/make_ranking_metrics.py > packages/core/test/vectors/ranking-metrics.json
"""

import json
import math
import random

rng = random.Random(7)
cases = []
for _ in range(40):
    ranked = rng.sample(range(60), rng.choice([0, 3, 10, 20, 40]))
    truth = rng.sample(range(60), rng.randint(1, 30))
    expected = {}
    for k in (5, 10, 20):
        top = ranked[:k]
        hits = [item for item in top if item in truth]
        dcg = sum(1 / math.log2(rank + 1) for rank, item in enumerate(top, start=1) if item in truth)
        ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(truth)) + 1))
        expected[str(k)] = {
            "recall": len(hits) / len(truth),
            "precision": len(hits) / k,
            "hit_rate": float(len(hits) > 0),
            "ndcg": dcg / ideal,
        }
    cases.append({"ranked": ranked, "truth": truth, "expected": expected})
print(json.dumps(cases, indent=1))
