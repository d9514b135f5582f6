"""Writes statistics.json: what scipy and statsmodels answer, for the TypeScript implementation to match.

Run: python packages/core/test/vectors/make_statistics.py > packages/core/test/vectors/statistics.json
Needs statsmodels (models/requirements-vectors.txt); everything else is in models/requirements.txt.
"""

import json
from itertools import accumulate

import numpy as np
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower

rng = np.random.default_rng(20260)


def rounded(values):
    return [float(f"{value:.6g}") for value in values]


def distributions():
    return {
        "normalTail": [[z, stats.norm.sf(z)] for z in (-8, -1.3, 0, 0.5, 1.96, 4, 8, 20)],
        "normalTailQuantile": [[p, stats.norm.isf(p)] for p in (1e-200, 1e-12, 1e-10, 5.4e-7, 0.025, 0.3, 0.5, 0.9)],
        "tTwoSided": [
            [t, df, 2 * stats.t.sf(abs(t), df)] for t in (0, 0.3, 1.96, 5, 9) for df in (1, 4.7, 30, 6000.5, 1e7)
        ],
        "tQuantile": [[p, df, stats.t.ppf(p, df)] for p in (0.005, 0.9, 0.975, 0.9995) for df in (1.5, 10, 333.3, 1e6)],
        "chiSquaredTail": [[x, k, stats.chi2.sf(x, k)] for x in (0.1, 3, 9.09, 40, 80, 400) for k in (1, 2, 7)],
        "binomialCdf": [
            [k, n, p, stats.binom.cdf(k, n, p)]
            for k, n in ((0, 1), (3, 10), (480, 1000), (49_500, 100_000))
            for p in (0.5, 0.31)
        ],
    }


def welch():
    cases = []
    for users_c, users_t in ((2, 3), (40, 25), (200, 50)):
        control = rounded(rng.lognormal(1, 1.2, users_c))
        treatment = rounded(rng.lognormal(1.1, 0.8, users_t))
        test = stats.ttest_ind(treatment, control, equal_var=False)
        interval = test.confidence_interval(0.95)
        expected = {"pValue": test.pvalue, "freedom": test.df, "low": interval.low, "high": interval.high}
        cases.append({"control": control, "treatment": treatment, "expected": expected})
    return cases


def ratio():
    """Per-user clicks and impressions; the oracle works on single impressions with errors clustered by user."""
    cases = []
    for users in (12, 60):
        impressions = rng.integers(1, 12, users)
        clicks = rng.binomial(impressions, rng.beta(1, 3, users))
        owner = np.repeat(np.arange(users), impressions)
        clicked = np.concatenate([np.r_[np.ones(c), np.zeros(n - c)] for c, n in zip(clicks, impressions, strict=True)])
        fit = sm.OLS(clicked, np.ones_like(clicked)).fit(
            cov_type="cluster", cov_kwds={"groups": owner, "use_correction": False}
        )
        expected = {"value": fit.params[0], "squaredError": float(fit.cov_params()[0, 0]) * users / (users - 1)}
        cases.append({"numerator": clicks.tolist(), "denominator": impressions.tolist(), "expected": expected})
    return cases


def cuped():
    """Theta from arm-demeaned covariance makes the adjusted difference the coefficient of ANCOVA."""
    cases = []
    for sizes in ((30, 45), (20, 30, 25)):
        arms = []
        for arm, users in enumerate(sizes):
            before = rng.gamma(1, 4, users)
            after = 0.7 * before + rng.normal(3 + 0.3 * arm, 1, users)
            arms.append({"before": rounded(before), "after": rounded(after)})
        dummies = np.zeros((sum(sizes), len(sizes) - 1))
        for arm, (start, users) in enumerate(zip(accumulate((0, *sizes)), sizes, strict=False)):
            if arm:
                dummies[start : start + users, arm - 1] = 1
        covariate = np.concatenate([arm["before"] for arm in arms])
        outcome = np.concatenate([arm["after"] for arm in arms])
        fit = sm.OLS(outcome, np.column_stack([np.ones(len(outcome)), dummies, covariate])).fit()
        cases.append({"arms": arms, "expected": {"theta": fit.params[-1], "effects": list(fit.params[1:-1])}})
    return cases


def corrections():
    cases = []
    for size in (1, 2, 9, 40):
        p_values = rounded(rng.beta(0.4, 3, size))
        adjusted = {
            name: multipletests(p_values, method=method)[1].tolist()
            for name, method in (("bonferroni", "bonferroni"), ("holm", "holm"), ("benjaminiHochberg", "fdr_bh"))
        }
        cases.append({"pValues": p_values, "expected": adjusted})
    return cases


def sample_ratio():
    cases = []
    for counts, weights in (([1010, 960], [1, 1]), ([5000, 2400, 2650], [0.5, 0.25, 0.25]), ([90_500, 9_400], [9, 1])):
        shares = np.array(weights) / sum(weights)
        test = stats.chisquare(counts, shares * sum(counts))
        cases.append({"counts": counts, "weights": weights, "expected": [test.statistic, test.pvalue]})
    return cases


def power():
    """Users per arm for an absolute difference; statsmodels takes one common variance."""
    cases = []
    for deviation, difference, alpha, wanted, ratio_ in (
        (2.0, 0.1, 0.05, 0.8, 1),
        (5.0, 0.4, 0.01, 0.9, 1),
        (1.3, 0.05, 0.05, 0.8, 0.25),
        (3.0, 0.2, 0.025, 0.95, 4),
    ):
        users = NormalIndPower().solve_power(
            effect_size=difference / deviation, alpha=alpha, power=wanted, ratio=ratio_, alternative="larger"
        )
        cases.append(
            {
                "deviation": deviation,
                "difference": difference,
                "alpha": alpha,
                "power": wanted,
                "ratio": ratio_,
                "control": users,
            }
        )
    return cases


def sign_test():
    return [[k, n, stats.binomtest(k, n).pvalue] for k, n in ((0, 1), (3, 10), (5, 10), (460, 1000), (51_000, 100_000))]


def lan_demets():
    """Bounds by brute force: the density of the score on one fine uniform grid, convolved look by look."""
    cases = []
    for fractions, times, alpha in (
        ([0.3, 0.6, 1.0], None, 0.05),
        ([0.1, 0.15, 0.55, 0.9, 1.0], None, 0.05),
        ([0.25, 0.5, 0.75], None, 0.01),
        ([1 / 28 * day for day in range(4, 29, 3)], None, 0.05),
        # Alpha spent by another clock than information.
        ([0.12, 0.4, 0.7, 1.0], [0.35, 0.6, 0.85, 1.0], 0.05),
        ([0.5, 0.8, 1.0], [0.2, 0.4, 0.7], 0.05),
    ):
        half = alpha / 2
        grid = np.linspace(-8, 8, 8001)
        step = grid[1] - grid[0]
        density, spent, before, bounds = None, 0.0, 0.0, []
        for at, time in zip(fractions, times or fractions):
            total = 2 * stats.norm.sf(stats.norm.isf(half / 2) / np.sqrt(time))
            now = total - spent
            if density is None:
                bound = stats.norm.isf(now)
                density = stats.norm.pdf(grid, scale=np.sqrt(at))
            else:
                deviation = np.sqrt(at - before)
                low, high = 0.0, 12.0
                for _ in range(80):
                    bound = (low + high) / 2
                    tail = step * np.sum(density * stats.norm.sf((bound * np.sqrt(at) - grid) / deviation))
                    low, high = (bound, high) if tail > now else (low, bound)
                kernel = stats.norm.pdf(grid, scale=deviation)
                density = np.convolve(density, kernel, mode="same") * step
            edge = bound * np.sqrt(at)
            # The cell that the bound cuts keeps the part of it which lies inside.
            density = density * np.clip((edge - np.abs(grid)) / step + 0.5, 0, 1)
            bounds.append(float(bound))
            spent, before = total, at
        cases.append({"fractions": fractions, "times": times or fractions, "alpha": alpha, "bounds": bounds})
    return cases


def off_policy():
    cases = []
    for rows in (50, 400):
        propensity = rounded(rng.uniform(0.1, 0.5, rows))
        # Weights average 1, as they do where the log supports the policy.
        target = rounded(np.array(propensity) * rng.uniform(0, 2, rows))
        reward = rng.binomial(1, 0.3, rows).tolist()
        predicted = rounded(rng.uniform(0, 0.6, rows))
        expected_under_target = rounded(rng.uniform(0, 0.6, rows))
        weight = np.array(target) / np.array(propensity)
        ips = weight * reward
        residual = weight * (np.array(reward) - predicted)
        snips = ips.sum() / weight.sum()
        linear = weight * (np.array(reward) - snips) / weight.mean()
        cases.append(
            {
                "propensity": propensity,
                "target": target,
                "reward": reward,
                "predicted": predicted,
                "expectedUnderTarget": expected_under_target,
                "expected": {
                    "ips": [ips.mean(), ips.std(ddof=1) / np.sqrt(rows)],
                    "snips": [snips, linear.std(ddof=1) / np.sqrt(rows)],
                    "dr": [
                        np.mean(expected_under_target + residual),
                        np.std(expected_under_target + residual, ddof=1) / np.sqrt(rows),
                    ],
                    "effectiveSampleSize": weight.sum() ** 2 / (weight**2).sum(),
                },
            }
        )
    return cases


print(
    json.dumps(
        {
            "distributions": distributions(),
            "welch": welch(),
            "ratio": ratio(),
            "cuped": cuped(),
            "corrections": corrections(),
            "sampleRatio": sample_ratio(),
            "power": power(),
            "signTest": sign_test(),
            "lanDeMets": lan_demets(),
            "offPolicy": off_policy(),
        },
        indent=1,
        default=float,
    )
)
