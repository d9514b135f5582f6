"""Vectors of the splitter, from an implementation of docs/experiments/assignment.md that shares no code with it.

python packages/core/test/vectors/assignment.py  writes assignment.json beside this file.
"""

import hashlib
import json
import random
from pathlib import Path

BUCKETS = 1_000_000
NOW_S = 1_790_000_000.0
IDS = [
    *["1", "42", "user-1", "user-10", "USER-1", "a" * 256, " padded ", "line\nfeed", "tab\tnul\0", "", "u:1"],
    *[
        "us\u00e9r",
        "use\u0301r",
        "\u043a\u043b\u044e\u0447",
        "\u7528\u623742",
        "\U0001f600",
        "\U0001f469\u200d\U0001f52c",
    ],
    *["\ufeffbom", "\u202ertl", "\ud83d", "lone\udc00tail", "\U0010ffff"],
]
SALTS = ["ranker", "exp-1", "exp-2", "s\u00e4lz", "\u5c64", "a b", "1"]
PURPOSES = ["holdout", "layer", "ramp", "variant", "interleaving"]


def bucket(purpose: str, salt: str, unit_id: str) -> int:
    text = f"{purpose}\n{salt}\n{unit_id}"
    # Unpaired surrogates become U+FFFD.
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return int.from_bytes(hashlib.sha256(whole.encode("utf-8")).digest()[:6], "big") % BUCKETS


def holds(target: dict, request: dict) -> bool:
    scope, name = target["attribute"].split(".", 1)
    values = request.get("context", {}) if scope == "context" else request.get("attributes", {})
    value = values.get(name)
    if not isinstance(value, str):
        return False
    return ("in" not in target or value in target["in"]) and ("notIn" not in target or value not in target["notIn"])


def assign_layer(layer: dict, request: dict) -> dict:
    unit_id = request.get("userId" if layer["unit"] == "user" else "sessionId")
    if unit_id is None:
        return {"outcome": "no_unit"}
    if bucket("holdout", layer["salt"], unit_id) < layer["holdout"]:
        return {"outcome": "holdout"}
    owned = bucket("layer", layer["salt"], unit_id)
    for experiment in layer["experiments"]:
        if any(r["from"] <= owned < r["to"] for r in experiment["allocation"]):
            return assign_experiment(experiment, unit_id, request)
    return {"outcome": "unallocated"}


def assign_experiment(experiment: dict, unit_id: str, request: dict) -> dict:
    known = {"experiment": experiment["name"]}
    now = request["nowS"]
    if now < experiment["startsAtS"]:
        return {**known, "outcome": "not_started"}
    if experiment["endsAtS"] is not None and now >= experiment["endsAtS"]:
        return {**known, "outcome": "ended"}
    if not all(holds(target, request) for target in experiment["targeting"]):
        return {**known, "outcome": "not_targeted"}
    phase, exposed = 0, BUCKETS
    if experiment["ramp"]:
        begun = [step for step in experiment["ramp"] if step["atS"] <= now]
        phase, exposed = len(begun) - 1, begun[-1]["exposed"] if begun else 0
    if bucket("ramp", experiment["salt"], unit_id) >= exposed:
        return {**known, "outcome": "not_ramped"}
    of_variant = bucket("variant", experiment["salt"], unit_id)
    names = [v["name"] for v in experiment["variants"] if v["buckets"]["from"] <= of_variant < v["buckets"]["to"]]
    if experiment["type"] == "interleaving":
        names = [experiment["variants"][1]["name"]]
    return {**known, "outcome": "assigned", "variant": names[0], "phase": phase}


def variants(weights: list[int]) -> list[dict]:
    ends = [sum(weights[: i + 1]) for i in range(len(weights))]
    return [
        {"name": f"v{i}", "buckets": {"from": end - weight, "to": end}, "release": None, "parameters": {}}
        for i, (weight, end) in enumerate(zip(weights, ends, strict=True))
    ]


def experiment(name: str, allocation: list[tuple[int, int]], weights: list[int], **other) -> dict:
    return {
        "name": name,
        "version": 1,
        "type": "ab",
        "salt": other.pop("salt", name),
        "allocation": [{"from": a, "to": b} for a, b in allocation],
        "targeting": [],
        "startsAtS": NOW_S - 1000,
        "endsAtS": None,
        "ramp": [],
        "variants": variants(weights),
        "triggered": False,
        **other,
    }


def layers() -> list[dict]:
    ramp = [{"atS": NOW_S - 500, "exposed": 100_000}, {"atS": NOW_S, "exposed": 500_000}]
    return [
        {
            "name": "ranking",
            "unit": "user",
            "salt": "ranking",
            "holdout": 50_000,
            "experiments": [
                experiment("half", [(0, 300_000), (700_000, 800_000)], [900_000, 100_000]),
                experiment("many", [(300_000, 600_000)], [200_000, 0, 300_000, 500_000], salt="m\u00e4ny", ramp=ramp),
                experiment("mobile", [(600_000, 700_000)], [500_000, 500_000], targeting=TARGETS),
            ],
        },
        {
            "name": "session",
            "unit": "session",
            "salt": "\u5c64",
            "holdout": 0,
            "experiments": [
                experiment("woven", [(0, 400_000)], [500_000, 500_000], type="interleaving"),
                experiment("later", [(400_000, 600_000)], [1, 999_999], startsAtS=NOW_S + 10),
                experiment("over", [(600_000, 800_000)], [999_999, 1], endsAtS=NOW_S),
            ],
        },
        {"name": "empty", "unit": "user", "salt": "empty", "holdout": 1_000_000, "experiments": []},
    ]


TARGETS = [
    {"attribute": "context.device", "in": ["mobile", "t\u00e9l\u00e9"]},
    {"attribute": "user.plan", "notIn": ["free"]},
]


def requests(source: random.Random) -> list[dict]:
    made = []
    for number in range(600):
        request: dict = {"nowS": NOW_S + source.choice([-2000, -750, -100, 0, 5, 10, 5000])}
        unit_id = source.choice(IDS[:-6]) + str(number)
        if number % 3 != 0:
            request["userId"] = unit_id
        if number % 3 != 1:
            request["sessionId"] = f"{unit_id}-s"
        if source.random() < 0.8:
            request["context"] = {"device": source.choice(["mobile", "desktop", "t\u00e9l\u00e9"])}
        if source.random() < 0.8:
            request["attributes"] = {"plan": source.choice(["free", "paid"])}
        made.append(request)
    return made


def main() -> None:
    of_layers = layers()
    vectors = {
        "made_by": "packages/core/test/vectors/assignment.py",
        "buckets": [
            {"purpose": purpose, "salt": salt, "id": unit_id, "bucket": bucket(purpose, salt, unit_id)}
            for purpose in PURPOSES
            for salt in SALTS
            for unit_id in IDS
        ],
        "layers": of_layers,
        "assignments": [
            {"request": request, "layers": [assign_layer(layer, request) for layer in of_layers]}
            for request in requests(random.Random(5))
        ],
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(vectors, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
