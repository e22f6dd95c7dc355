"""Show how good the rankings and models are on the real input: writes and prints docs/validation.md.

Quarterly landmarks up to 2022 are measured on every call; everything was tuned on these. The landmark of 2024 was
never used for tuning: it is measured once a release, with ``--release``, and every time it was is kept in
docs/validation-2024.json and told on the page.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

import rfgscore as rfg
from rfgscore.backtests.amounts import amounts_after
from rfgscore.backtests.at_risk import followed_from
from rfgscore.backtests.fits import known_of, training_at
from rfgscore.backtests.metrics.auc import auc_of
from rfgscore.backtests.metrics.censoring import known_at
from rfgscore.backtests.metrics.concordance import harrell_c
from rfgscore.backtests.options import Options, options_of
from rfgscore.backtests.rankings import rules
from rfgscore.backtests.resample import auc_replicates, copies_of, harrell_replicates, interval
from rfgscore.escalation.episodes import endings_of, last_day
from rfgscore.escalation.outcomes import incidents_of
from rfgscore.history.read import gravity_of

ROOT = Path(__file__).resolve().parent.parent
PAGE, KEPT = ROOT / "docs" / "validation.md", ROOT / "docs" / "validation-2024.json"
EXTRACT = "2026-08-20"
#: A look-back and a horizon of 730 days need four years of record, which begins in June 2016.
ROLLING = (
    "2020-07-01",
    "2020-10-01",
    "2021-01-01",
    "2021-04-01",
    "2021-07-01",
    "2021-10-01",
    "2022-01-01",
)
HELD_BACK = "2024-01-01"
MODELS = ("cox", "weibull", "hazard")
OUTCOMES = ("repeat", "serious")
ASKED: dict[str, Any] = {
    "horizons": (90, 180, 365, 730),
    "serious_from": 730.0,
    "held": "exclude",
    "resamples": 200,
    "seed": 1,
    "recalibrate": True,
}
TOP = "top 5%"


def data() -> tuple[rfg.History, rfg.Config]:
    """Read the admissions; whoever goes to state prison is handed on."""
    folder = Path(os.environ.get("RFG_NYC_DATA", ROOT.parent / "shared" / "data" / "nyc_custody"))
    file = folder / "admissions.parquet"
    if not file.is_file():
        sys.exit("The New York admissions are not here: set RFG_NYC_DATA to their folder.")
    config = rfg.load_config(ROOT / "configs" / "nyc-custody.yaml")
    moved = duckdb.sql(
        """SELECT person AS perpetrator_id, release_date::DATE AS meeting_date, 'transferred' AS decision
        FROM read_parquet($file) WHERE status_last = 'SSR' AND release_date IS NOT NULL""",
        params={"file": str(file)},
    ).df()
    history = rfg.read_offences(file, config=config, custody=file, decisions=moved, as_of=EXTRACT)
    return history, config


def with_lifelines(
    history: rfg.History, config: rfg.Config, days: list[int], options: Options
) -> dict[str, Any]:
    """Fit lifelines' Cox model itself on the same rows and columns, and compare everything with it."""
    from lifelines import CoxPHFitter

    last, window = last_day(history), config.score.window_days
    incidents = incidents_of(history.at(last), last, options.outcome)
    copies = copies_of(options.seed, np.arange(history.size), options.resamples, 2)
    values: dict[tuple[str, str], list[float]] = {}
    drawn: dict[tuple[str, str], list[np.ndarray]] = {}
    farthest = 0.0
    for day in days:
        amounts = amounts_after(
            history, incidents, day, options.look_ahead_days, outcome=options.outcome, cap=options.cap
        )
        endings = endings_of(history, last)
        tested = followed_from(history, day, incidents, endings, amounts, copies, options, window)
        training = training_at(history, day, options, window)
        names = training.known.names
        known = known_of(history, tested.people, np.full(len(tested), day, np.int32), names, options, window)
        fitted = {model: training.fit(model, options.longest) for model in options.models}
        columns = list(fitted["cox"].columns)
        import pandas as pd

        frame = pd.DataFrame(training.known.only(tuple(columns)).values, columns=columns)
        frame["stop"], frame["event"] = training.rows.stop, training.rows.event
        frame["start"] = training.rows.start
        late = {"entry_col": "start"} if frame["start"].any() else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = CoxPHFitter().fit(
                frame if late else frame.drop(columns="start"), duration_col="stop", event_col="event", **late
            )
        asked = pd.DataFrame(known.only(tuple(columns)).values, columns=columns)
        rows = tested.followed
        score = {"lifelines": theirs.predict_partial_hazard(asked).to_numpy()}
        score |= {model: one.risk(known, [options.longest])[:, 0] for model, one in fitted.items()}
        by_rule = rules(history, day, tested.people, config=config, gravity=gravity_of(config), threads=2)
        score["quintile_rfg"] = by_rule["quintile_rfg"]
        here = fitted["cox"].arrays["coefficient"]
        farthest = max(farthest, float(np.abs(here - theirs.params_[columns].to_numpy()).max()))
        whole = {name: one[rows] for name, one in score.items()}
        # At one year a model is judged by its risk of that year.
        year = {model: one.risk(known, [365])[:, 0][rows] for model, one in fitted.items()}
        for measure, scores in (("auc", whole | year), ("c", whole)):
            if measure == "auc":
                at = known_at(tested.stop, tested.end, 365)
                found = auc_replicates(list(scores.values()), at, tested.followed_copies, 2)
                points = [auc_of(one, at) for one in scores.values()]
            else:
                copied = tested.followed_copies
                found = harrell_replicates(list(scores.values()), tested.stop, tested.end, copied, 2)
                points = [harrell_c(one, tested.stop, tested.end) for one in scores.values()]
            for name, point, each in zip(scores, points, found, strict=True):
                values.setdefault((measure, name), []).append(point)
                drawn.setdefault((measure, name), []).append(each)
    mean = {key: float(np.mean(found)) for key, found in values.items()}
    replicates = {key: np.mean(found, axis=0) for key, found in drawn.items()}
    told: dict[str, Any] = {"coefficients": farthest, "rows": []}
    for measure in ("auc", "c"):
        for model in options.models:
            for against in ("lifelines", "quintile_rfg"):
                gap = replicates[measure, model] - replicates[measure, against]
                lower, upper = interval(gap)
                value = mean[measure, model] - mean[measure, against]
                told["rows"].append([model, measure, against, value, lower, upper])
    return told


def measured(history: rfg.History, config: rfg.Config, dates: tuple[str, ...], **more: Any) -> dict[str, Any]:
    """Back-test both outcomes at some landmarks."""
    out: dict[str, Any] = {"landmarks": list(dates), "outcomes": {}}
    days = [int((np.datetime64(day) - np.datetime64("1970-01-01")).astype(int)) for day in dates]
    for outcome in OUTCOMES:
        begun = time.monotonic()
        result = rfg.backtest(
            history,
            config=config,
            dates=dates,
            outcome=outcome,
            models=MODELS,
            threads=2,
            **ASKED,
            **more,
        )
        options = options_of(outcome=outcome, models=MODELS, **ASKED, **more)
        rows = [dict(zip(result.numbers.columns, row, strict=True)) for row in result.numbers.rows()]
        for row in rows:
            row["landmark"] = None if row["landmark"] is None else row["landmark"].isoformat()
        kept = [
            row
            for row in rows
            if row["group"] is None
            and row["against"] is None
            and row["measure"] in WANTED
            and (row["landmark"] is None or row["measure"] == "auc")
            and (row["of"] is None or row["at"] == TOP)
        ]
        out["outcomes"][outcome] = {
            "numbers": kept,
            "against": with_lifelines(history, config, days, options),
            "seconds": round(time.monotonic() - begun),
        }
    return out


WANTED = {
    "auc", "harrell_c", "observed_expected", "calibration_slope", "calibration_intercept", "ibs", "ibs_null",
    "capture", "at_risk", "events", "sham_auc", "precision",
}  # fmt: skip
RANKINGS = (
    "random", "frequency", "recency", "last_gravity", "decayed_count", "decayed_harm", "quintile_rfg", "profile",
    *MODELS, "oracle",
)  # fmt: skip
AMOUNTS = ("people", "incidents", "serious", "harm", "harm_capped")


class Look:
    """Looks numbers up."""

    def __init__(self, numbers: list[dict[str, Any]], landmark: str | None = None) -> None:
        self._held = {
            (row["ranking"], row["measure"], row["at"], row["of"], row["against"]): row
            for row in numbers
            if row["landmark"] == landmark
        }

    def cell(self, ranking: str | None, measure: str, at: str | None = None, of: str | None = None) -> str:
        """Return a value with its interval."""
        row = self._held.get((ranking, measure, at, of, None))
        if row is None or row["value"] is None:
            return ""
        if row["lower"] is None:
            return f"{row['value']:.3f}"
        return f"{row['value']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"

    def value(self, ranking: str | None, measure: str, at: str | None = None, of: str | None = None) -> float:
        """Return a value alone; NaN where there is none."""
        row = self._held.get((ranking, measure, at, of, None))
        return float("nan") if row is None or row["value"] is None else float(row["value"])


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Return a table as Markdown."""
    return [
        "| " + " | ".join(header) + " |",
        "| " + " | ".join("---" for _ in header) + " |",
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
    ]


def section(title: str, found: dict[str, Any]) -> list[str]:
    """Return the tables of one set of landmarks."""
    out = [f"## {title}", ""]
    out += [
        f"Landmarks: {', '.join(found['landmarks'])}. 95 % intervals from {ASKED['resamples']} paired resamples",
    ]
    out += ["of people, without refitting. Several landmarks: the mean over them.", ""]
    for outcome, part in found["outcomes"].items():
        look = Look(part["numbers"])
        words = "any new admission" if outcome == "repeat" else "a serious admission (weight 730 or more)"
        rows = int(look.value(None, "at_risk") or 0)
        events = int(look.value(None, "events") or 0)
        out += [
            f"### Outcome {outcome}: {words}",
            "",
            f"{rows:,} rows of people at risk, {events:,} of them with an event",
        ]
        out += ["within 730 days at liberty, all landmarks together.", ""]
        out += table(
            [
                "ranking",
                "AUC 365 d",
                "Harrell's C 730 d",
                *(f"{TOP}: {of.replace('_', ' ')}" for of in AMOUNTS),
            ],
            [
                [
                    name.replace("_", " "),
                    look.cell(name, "auc", "365 d"),
                    look.cell(name, "harrell_c", "730 d"),
                    *(look.cell(name, "capture", TOP, of) for of in AMOUNTS),
                ]
                for name in RANKINGS
            ],
        )
        out += ["Calibration and Brier score:", ""]
        risks = [name for model in MODELS for name in (model, f"{model}_recalibrated")]
        out += table(
            ["model", "O/E 365 d", "slope 365 d", "O/E 730 d", "slope 730 d", "IBS", "IBS of the null"],
            [
                [
                    name.replace("_", ", "),
                    *(
                        look.cell(name, m, at)
                        for at in ("365 d", "730 d")
                        for m in ("observed_expected", "calibration_slope")
                    ),
                    look.cell(name, "ibs", "730 d"),
                    look.cell(None, "ibs_null", "730 d") or look.cell(name, "ibs_null", "730 d"),
                ]
                for name in risks
            ],
        )
        off = [
            m
            for m in MODELS
            if any(abs(look.value(m, "observed_expected", at) - 1) > 0.1 for at in ("365 d", "730 d"))
        ]
        if off:
            out += [
                f"Observed is more than 10 % off expected for {', '.join(off)}. The rows marked recalibrated move",
                "the risks by how far off the model was in the half year before the landmark; nothing later is used.",
                "",
            ]
        against = part["against"]
        out += [
            "Against lifelines' `CoxPHFitter` on the same rows and columns in the same run, and against quintile RFG",
            f"(largest difference of a coefficient of ours and of lifelines': {against['coefficients']:.1e}):",
            "",
        ]
        names = {
            "auc": "AUC 365 d",
            "c": "C 730 d",
            "lifelines": "lifelines' Cox",
            "quintile_rfg": "quintile RFG",
        }
        out += table(
            ["model", "measure", "against", "difference (95 %)", "wanted", "holds"],
            [
                [
                    model,
                    names[measure],
                    names[other],
                    f"{value:+.4f} ({lower:+.4f} to {upper:+.4f})",
                    *verdict,
                ]
                for model, measure, other, value, lower, upper in against["rows"]
                if (verdict := asked(measure, other, lower))
            ],
        )
        sham = [look.value(name, "sham_auc", "730 d") for name in (*RANKINGS, *MODELS)]
        sham = [value for value in sham if value == value]
        if sham:
            out += [f"Sham check, outcomes dealt out anew: AUC from {min(sham):.3f} to {max(sham):.3f}.", ""]
    if len(found["landmarks"]) > 1:
        out += ["### AUC at 365 days, landmark by landmark", ""]
        for outcome, part in found["outcomes"].items():
            names = ("decayed_count", "quintile_rfg", *MODELS)
            looks = [(day, Look(part["numbers"], day)) for day in found["landmarks"]]
            rows = [[day, *(look.cell(name, "auc", "365 d") for name in names)] for day, look in looks]
            out += [
                f"Outcome {outcome}:",
                "",
                *table(["landmark", *(name.replace("_", " ") for name in names)], rows),
            ]
    return out


def asked(measure: str, other: str, lower: float) -> list[str]:
    """Return what a difference must be, and whether it is; nothing where nothing is asked."""
    if other == "lifelines":
        return ["lower end above -0.005", "yes" if lower > -0.005 else "**no**"]
    return ["lower end above 0", "yes" if lower > 0 else "**no**"] if measure == "auc" else []


def page(rolling: dict[str, Any], held_back: list[dict[str, Any]]) -> str:
    """Return the page."""
    out = [
        "# How good is it?",
        "",
        "Written by `make validation`. The real input is a pseudonymous half of New York City's jail admissions",
        "(Department of Correction, NYC Open Data 7479-ugqb): no domestic abuse and no England, but real histories",
        "of 65,814 people. An admission is not an offence, and only the top charge is known.",
        "",
        "At risk on a landmark: admitted in the 730 days before it, not held on the day, not handed on to state",
        "prison. Features use what was known on the landmark; training rows end before it; the clock counts days at",
        "liberty; a move to state prison competes. Harm is in days: the minimum term of the charge's class; capped:",
        "at most 730 days an admission. Shares are of what everyone at risk did in the next 365 calendar days, ties",
        "in expectation. Sex, ethnicity, age and place are no inputs. Models use the library's defaults: four",
        "training landmarks, half a year apart.",
        "",
        *section("Rolling landmarks up to 2022", rolling),
        "## The landmark of 2024",
        "",
        "Nothing was tuned on it: it is measured once a release, trained on the landmark of 2022-01-01 with outcomes",
        "to the test landmark itself, after which the test begins. Every time it was measured is listed.",
        "",
        *table(
            ["version", "measured on", "reason"],
            [[one["version"], one["date"], one["reason"]] for one in held_back],
        ),
    ]
    if held_back:
        latest = held_back[-1]
        found = latest["found"]
        out += section(
            f"Landmark {HELD_BACK}, version {latest['version']}, trained on 2022-01-01", found["one"]
        )
        out += section("The same, trained on four landmarks up to 2022-01-01", found["four"])
    else:
        out += ["It was not measured yet.", ""]
    return "\n".join(out).rstrip() + "\n"


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--release", metavar="REASON", help="measure the landmark of 2024, too, and log it")
    parser.add_argument("--page", action="store_true", help="write the page anew from what was measured last")
    given = parser.parse_args()
    kept = json.loads(KEPT.read_text()) if KEPT.is_file() else {"rolling": None, "held_back": []}
    if not given.page:
        history, config = data()
        kept["rolling"] = measured(history, config, ROLLING)
        if given.release:
            found = {
                "one": measured(history, config, (HELD_BACK,), landmarks=1),
                "four": measured(history, config, (HELD_BACK,)),
            }
            facts = {
                "version": version("rfgscore"),
                "date": dt.date.today().isoformat(),
                "reason": given.release,
            }
            # Of earlier measurements the log keeps that they were made, and their main figures.
            kept["held_back"] = [{**one, "found": None} for one in kept["held_back"]] + [
                {**facts, "found": found}
            ]
        KEPT.write_text(json.dumps(kept, allow_nan=False) + "\n", encoding="utf-8")
    text = page(kept["rolling"], kept["held_back"])
    PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
