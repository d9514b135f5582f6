"""Writes slate-policies.json: synthetic slates of the Open Bandit Pipeline and what its slate estimators make of them.

Run in an environment of its own (obp pins old dependencies), with obp==0.4.1 installed without them beside numpy,
scipy, scikit-learn, pandas, torch, pyyaml, tqdm and mypy_extensions; matplotlib and seaborn are not needed:
    python packages/core/test/vectors/make_slate_policies.py > packages/core/test/vectors/slate-policies.json
The set-up is that of zr-obp's pull request 88 (cascade-additive rewards, a uniform policy in question); its figures
(1.858; 1.821, 1.914, 1.835) are of a version before 0.4.1, which draws otherwise.
"""

import json
import sys
import types

for name in ("matplotlib", "matplotlib.pyplot", "seaborn"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["matplotlib"].pyplot = sys.modules["matplotlib.pyplot"]
sys.modules["matplotlib.pyplot"].style = types.SimpleNamespace(use=lambda *_: None)

from obp.dataset import (  # noqa: E402
    SyntheticSlateBanditDataset,
    linear_behavior_policy_logit,
    logistic_reward_function,
)
from obp.ope.estimators_slate import SlateIndependentIPS, SlateRewardInteractionIPS, SlateStandardIPS  # noqa: E402

POSITIONS = 3
SLATES = 1000


def feedback(policy):
    return SyntheticSlateBanditDataset(
        n_unique_action=10,
        len_list=POSITIONS,
        dim_context=2,
        reward_type="binary",
        reward_structure="cascade_additive",
        click_model=None,
        random_state=12345,
        behavior_policy_function=policy,
        base_reward_function=logistic_reward_function,
    ).obtain_batch_bandit_feedback(n_rounds=SLATES)


logged, target = feedback(linear_behavior_policy_logit), feedback(None)
kinds = {
    "standard": ("pscore", SlateStandardIPS),
    "independent": ("pscore_item_position", SlateIndependentIPS),
    "cascade": ("pscore_cascade", SlateRewardInteractionIPS),
}
truth = target["reward"].reshape((SLATES, POSITIONS)).sum(axis=1)
expected = {"truth": truth.mean(), "threeSigma": 3 * truth.std(ddof=1) / SLATES**0.5}
propensity = {}
for name, (column, estimator) in kinds.items():
    expected[name] = estimator(len_list=POSITIONS).estimate_policy_value(
        slate_id=logged["slate_id"],
        reward=logged["reward"],
        position=logged["position"],
        **{column: logged[column], f"evaluation_policy_{column}": target[column]},
    )
    # One probability for the whole slate stands at each of its positions.
    step = POSITIONS if name == "standard" else 1
    propensity[name] = [float(f"{value:.9g}") for value in logged[column][::step]]
print(
    json.dumps(
        {
            "note": "Synthetic slates of the Open Bandit Pipeline 0.4.1 and what its estimators make of them.",
            "positions": POSITIONS,
            "reward": logged["reward"].tolist(),
            "propensity": propensity,
            "expected": expected,
        }
    )
)
