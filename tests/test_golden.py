"""Cox, Weibull and curves against R's survival package on ten published data sets; see golden/README.md."""

from __future__ import annotations

import csv
import os
import runpy
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from rfgscore.backtests.metrics.concordance import harrell_c
from rfgscore.escalation.models.aalen import curve_of, standard_error
from rfgscore.escalation.models.cox import Cox
from rfgscore.escalation.models.curves import AalenJohansen, KaplanMeier
from rfgscore.escalation.models.partial import PartialLikelihood, RiskSets
from rfgscore.escalation.models.weibull import WeibullAFT
from rfgscore.escalation.tables import Covariates, Episodes

GOLDEN = Path(__file__).parent / "golden"
SETS = ("lung", "veteran", "ovarian", "colon", "kidney", "heart", "pbc", "mgus2", "bladder2", "cgd")
#: Several rows of a person; standard errors are then by person.
CLUSTERED = ("colon", "kidney", "heart", "bladder2", "cgd")
FROM_THE_START = ("lung", "veteran", "ovarian", "colon", "kidney", "pbc", "mgus2")
TEXTS = ("set", "column", "group", "term")


@lru_cache
def read(name: str) -> list[dict[str, str]]:
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def told(name: str, **where: str) -> dict[str, np.ndarray]:
    """Columns of what R says, NaN where a cell is blank."""
    rows = [row for row in read(name) if all(row[key] == value for key, value in where.items())]
    assert rows, f"{name} holds no row with {where}"
    return {
        key: np.array([row[key] if key in TEXTS else float(row[key] or "nan") for row in rows])
        for key in rows[0]
    }


@lru_cache
def data(name: str) -> tuple[Covariates, Episodes]:
    table = told(f"data_{name}")
    whole = {key: table.pop(key).astype(np.int32) for key in ("person", "start", "stop", "end")}
    names = tuple(table)
    known = Covariates(names, np.column_stack(list(table.values())), (0,) * len(names), names)
    return known, Episodes(
        whole["person"].astype(np.int64),
        whole["stop"] * 0,
        whole["start"],
        whole["stop"],
        whole["end"].astype(np.int8),
    )


@lru_cache
def cox(name: str) -> Cox:
    return Cox().fit(*data(name))


def near(expected, relative: float, absolute: float = 0.0):
    return pytest.approx(expected, rel=relative, abs=absolute, nan_ok=True)


def test_every_set_that_r_was_given_is_here():
    assert {row["set"] for row in read("cox_fit")} == set(SETS)
    assert {row["set"] for row in read("weibull")} == set(FROM_THE_START)
    for name in SETS:
        person = data(name)[1].person
        assert (len(np.unique(person)) < len(person)) == (name in CLUSTERED)
        assert (data(name)[1].start == 0).all() == (name in FROM_THE_START)


@pytest.mark.parametrize("name", SETS)
class TestCox:
    def test_coefficients_and_standard_errors(self, name):
        summary, expected = cox(name).summary(), told("cox", set=name)
        assert summary["column"] == expected["column"].tolist()
        assert np.array(summary["coefficient"]) == near(expected["coefficient"], 1e-8)
        se = expected["robust_se" if name in CLUSTERED else "se"]
        assert np.array(summary["se"]) == near(se, 1e-8)

    def test_log_likelihood(self, name):
        """At R's coefficients and at ours, and without any; the summary does not tell it."""
        known, episodes = data(name)
        sets = RiskSets(episodes, known.values - known.values.mean(axis=0))
        fit, theirs = told("cox_fit", set=name), told("cox", set=name)["coefficient"]
        for beta in (theirs, cox(name).predictor.arrays["coefficient"]):
            assert PartialLikelihood.at(sets, beta).log == near(fit["loglik"][0], 1e-10)
        assert PartialLikelihood.at(sets, 0 * theirs).log == near(fit["loglik_null"][0], 1e-10)
        assert (len(episodes), episodes.event.sum()) == (fit["rows"][0], fit["events"][0])

    def test_baseline_is_breslows_at_the_mean_row(self, name):
        expected, arrays = told("cox_baseline", set=name), cox(name).predictor.arrays
        days = expected["time"].astype(int)
        assert arrays["mean"] == near(data(name)[0].values.mean(axis=0), 1e-12)
        assert arrays["baseline"][days] == near(expected["breslow"], 1e-8)
        # Efron's, R's own choice, is above it where events tie, and not by much until few are left.
        assert (arrays["baseline"][days] <= expected["efron"] * (1 + 1e-6)).all()

    def test_proportional_hazards(self, name):
        checks, expected = cox(name).check_assumptions(), told("cox_zph", set=name)
        mine = [at for at, check in enumerate(checks["check"]) if check == "proportional_hazards"]
        assert [checks["column"][at] for at in mine] == expected["column"][:-1].tolist()  # the last is of all
        assert [checks["statistic"][at] for at in mine] == near(expected["chisq"][:-1], 1e-8)
        assert [checks["p"][at] for at in mine] == near(expected["p"][:-1], 1e-8)


@pytest.mark.parametrize("name", FROM_THE_START)
def test_concordance(name):
    known, episodes = data(name)
    score = (known.values - known.values.mean(axis=0)) @ told("cox", set=name)["coefficient"]
    end = np.where(episodes.event, 1, 0).astype(np.int8)
    expected = told("cox_fit", set=name)["concordance"][0]
    assert harrell_c(score, episodes.stop, end) == near(expected, 1e-12)


@pytest.mark.parametrize("name", FROM_THE_START)
def test_weibull(name):
    expected = told("weibull", set=name)
    arrays = WeibullAFT().fit(*data(name)).predictor.arrays
    ours = np.concatenate([arrays["intercept"], arrays["coefficient"], -arrays["log_rho"]])
    assert ours == near(expected["value"], 1e-8)


@pytest.mark.parametrize("name", SETS)
def test_kaplan_meier(name):
    known, episodes = data(name)
    expected = told("km", set=name, group="all")
    model = KaplanMeier().fit(known, episodes)
    summary = model.summary()
    assert summary["time"] == expected["time"].tolist()
    assert (summary["at_risk"], summary["events"]) == (
        expected["at_risk"].tolist(),
        expected["events"].tolist(),
    )
    assert np.array(summary["risk"]) == near(1 - expected["surv"], 1e-10)
    days = expected["time"].astype(int)
    assert model.predict(known.take(np.array([0])), days)[0] == near(1 - expected["surv"], 1e-10)
    end = np.where(episodes.event, 1, 0).astype(np.int8)
    alone = Episodes(episodes.person, episodes.origin, episodes.start, episodes.stop, end)
    assert standard_error(alone, curve_of(alone))[days] == near(expected["person_se"], 1e-10, 1e-15)
    for name_of_bound, theirs in (("lower", "upper"), ("upper", "lower")):
        bound = np.array([np.nan if cell is None else cell for cell in summary[name_of_bound]])
        assert bound == near(1 - expected[f"person_{theirs}"], 1e-10, 1e-14)


@pytest.mark.parametrize("name", [name for name in FROM_THE_START if name not in CLUSTERED])
def test_one_row_a_person_gives_greenwoods_interval(name):
    """What R gives by default where there are no clusters."""
    expected, summary = told("km", set=name, group="all"), KaplanMeier().fit(*data(name)).summary()
    for bound, theirs in (("lower", "greenwood_upper"), ("upper", "greenwood_lower")):
        ours = np.array([np.nan if cell is None else cell for cell in summary[bound]])
        assert ours == near(1 - expected[theirs], 1e-10, 1e-14)


def test_groups():
    model = KaplanMeier(by="male", edges=[1]).fit(*data("lung"))
    summary = model.summary()
    for group in ("male < 1", "male >= 1"):
        expected = told("km", set="lung", group=group)
        followed = expected["time"] <= model.predictor.longest  # the last day of the group seen less long
        ours = {
            name: [x for x, g in zip(summary[name], summary["group"], strict=True) if g == group]
            for name in summary.columns
        }
        assert ours["time"] == expected["time"][followed].tolist()
        assert ours["risk"] == near(1 - expected["surv"][followed], 1e-10)
        assert ours["lower"] == near(1 - expected["greenwood_upper"][followed], 1e-10)


@pytest.mark.parametrize("name", ["pbc", "mgus2", "mgus2_late"])
def test_aalen_johansen(name):
    known, episodes = data(name.removesuffix("_late"))
    if name == "mgus2_late":
        late = np.where(episodes.person % 2 == 0, 24, 0).astype(np.int32)
        there = episodes.stop > late
        episodes = Episodes(episodes.person, episodes.origin, late, episodes.stop, episodes.end).take(there)
        known = known.take(there)
    expected = told("aj", set=name)
    model = AalenJohansen().fit(known, episodes)
    summary, days = model.summary(), expected["time"].astype(int)
    assert summary["time"] == days.tolist()
    assert summary["at_risk"] == expected["at_risk"].tolist()
    assert summary["events"] == expected["events"].tolist()
    for ours, theirs in (("risk", "risk"), ("lower", "lower"), ("upper", "upper")):
        assert np.array(summary[ours]) == near(expected[theirs], 1e-10)
    curve = curve_of(episodes)
    assert standard_error(episodes, curve)[days] == near(expected["se"], 1e-10)
    assert (1 - curve.free - curve.risk)[days] == near(expected["other"], 1e-10, 1e-14)
    assert model.predict(known.take(np.array([0])), days)[0] == near(expected["risk"], 1e-10)


DEEP = Path(__file__).parent.parent / "tools" / "golden_deep.py"


def test_asking_r_again_tells_what_differs(tmp_path):
    difference = runpy.run_path(str(DEEP))["difference"]
    kept = GOLDEN / "cox_fit.csv"

    def changed(old: str, new: str) -> float:
        text = kept.read_text(encoding="utf-8")
        assert old in text
        (tmp_path / "new.csv").write_text(text.replace(old, new), encoding="utf-8")
        return difference(tmp_path / "new.csv", kept)

    assert changed("lung", "lung") == 0
    assert changed(",227,", ",228,") == near(1 / 227, 1e-12)
    assert changed("lung", "long") == changed(",227,", ",") == changed(",227,", ",,") == float("inf")


@pytest.mark.compiled
def test_asking_r_again_without_r_says_what_is_missing(tmp_path):
    done = subprocess.run(
        [sys.executable, str(DEEP)],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert (
        "Rscript is missing: apt-get install --no-install-recommends r-base-core r-cran-survival"
        in done.stdout
    )
