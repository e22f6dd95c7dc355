"""The page of a back-test: what stands on it, what it says of faults, how browser and printer take it."""

from __future__ import annotations

import datetime as dt
import importlib.util
import math
import random
import re
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from rfgscore.backtests.page import page_bytes
from rfgscore.backtests.page.figures import Dot, Line, dots, lines, nice_steps
from rfgscore.backtests.page.reading import Number, Numbers
from rfgscore.dates import to_day
from rfgscore.tables import Column, Table

spec = importlib.util.spec_from_file_location("browser", Path(__file__).parent / "browser.py")
assert spec is not None and spec.loader is not None
sys.modules["browser"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["browser"])

from browser import Page, check_structure, launched, opened  # noqa: E402

KINDS = {"landmark": "date", "value": "float64", "lower": "float64", "upper": "float64", "people": "int64",
         "events": "int64"}  # fmt: skip
#: How far each ranking goes from chance towards knowing.
SKILL = {"random": 0.0, "frequency": 0.4, "recency": 0.32, "last_gravity": 0.1, "decayed_count": 0.62,
         "decayed_harm": 0.3, "quintile_rfg": 0.5, "profile": 0.52, "cox": 0.72, "hazard": 0.74,
         "oracle": 5.0}  # fmt: skip
SIZES = {"top 50": 0.004, "top 100": 0.008, "top 1%": 0.01, "top 5%": 0.05}
BASES = {"people": 1.0, "incidents": 1.4, "serious": 1.5, "harm": 1.6, "harm_capped": 1.5}
HORIZONS = (90, 180, 365)
MODELS = ("cox", "hazard")
LANDMARKS = [dt.date(2022, 1, 31) + dt.timedelta(days=91 * place) for place in range(8)]
HOSTILE = ["<script>alert(1)</script>", "a\"b'c&amp;<b>", "\u05d0\u05d1 {{ 7 * 7 }}", "x" * 120]
DESIGN = {
    "landmarks": [str(day) for day in LANDMARKS],
    "look_back_days": 730,
    "look_ahead_days": 365,
    "at_risk": "Everyone alive with a line in the window at the landmark.",
    "outcome": "repeat",
    "serious_from": 365.0,
    "horizons": list(HORIZONS),
    "models": {"cox": {"training_landmarks": 4, "events_per_parameter": 213.25}, "hazard": {}},
    "missing_data": "Lines set aside are left out; a blank victim is nobody new.",
    "clock": "at_liberty",
    "point_in_time": ["custody is known only as it stands now"],
    "hold_out": None,
    "resamples": 200,
    "seed": 1,
    "our_own_item": True,
}


def row(measure: str, ranking: str | None = None, **more) -> Number:
    empty = dict.fromkeys(Number._fields) | {"outcome": "repeat", "people": 12345, "events": 2345}
    return Number(**(empty | {"measure": measure, "ranking": ranking} | more))


def with_interval(value: float, half: float) -> dict[str, float]:
    return {"value": value, "lower": value - half, "upper": value + half}


def part(value: float, half: float) -> dict[str, float]:
    return {"value": value, "lower": max(value - half, 0.0), "upper": min(value + half, 1.0)}


def captures(rng: random.Random, **more) -> list[Number]:
    """Shares held by each list, and what they differ from two of them."""
    out, held = [], {}
    for (ranking, skill), (size, share), (of, gain) in product(SKILL.items(), SIZES.items(), BASES.items()):
        held[ranking, size, of] = min(share * (1 + skill * gain * 2.4) * rng.uniform(0.97, 1.03), 1.0)
        number = part(held[ranking, size, of], 0.12 * held[ranking, size, of])
        out.append(row("capture", ranking, at=size, of=of, **number, **more))
    for (ranking, size, of), value in held.items():
        for against in ("quintile_rfg", "profile"):
            if ranking != against:
                told = with_interval(value - held[against, size, of], 0.12 * value)
                out.append(row("capture", ranking, at=size, of=of, against=against, **told, **more))
    return out


def discrimination(rng: random.Random, **more) -> list[Number]:
    out = []
    for ranking, skill in SKILL.items():
        value = min(0.5 + 0.27 * skill, 1.0) + rng.uniform(-0.01, 0.01) * (ranking != "oracle")
        told = [("auc", f"{days} d") for days in HORIZONS] + [("harrell_c", "365 d"), ("uno_c", "365 d")]
        for measure, at in told:
            out.append(row(measure, ranking, at=at, **with_interval(value, 0.012), **more))
            if ranking != "quintile_rfg":
                gap = with_interval(value - 0.635, 0.01)
                out.append(row(measure, ranking, at=at, against="quintile_rfg", **gap, **more))
    return out


def calibration(rng: random.Random, off: float = 1.0, **more) -> list[Number]:
    out = []
    for model, days in product(MODELS, HORIZONS):
        at = f"{days} d"
        out.append(
            row(
                "observed_expected",
                model,
                at=at,
                **with_interval(off * rng.uniform(0.97, 1.03), 0.05),
                **more,
            )
        )
        out.append(row("calibration_intercept", model, at=at, value=rng.uniform(-0.05, 0.05), **more))
        out.append(row("calibration_slope", model, at=at, value=rng.uniform(0.9, 1.05), **more))
        for place in range(10):
            told = days / 365 * 0.04 * 1.33**place
            seen = min(off * told * rng.uniform(0.9, 1.1), 1.0)
            out.append(row("curve_predicted", model, at=f"{at}, bin {place + 1}", value=told, people=1234))
            out.append(row("curve_observed", model, at=f"{at}, bin {place + 1}", people=1234,
                           events=5 if place == 0 else 321, **part(seen, 0.02)))  # fmt: skip
    return out


def errors_and_benefit() -> list[Number]:
    out = []
    for days in HORIZONS:
        out += [row("brier_null", at=f"{days} d", value=0.18)]
        out += [row("brier", model, at=f"{days} d", **with_interval(0.153, 0.004)) for model in MODELS]
        for step in range(1, 11):
            at, base, level = f"{days} d, threshold {step / 20:g}", 0.22, step / 20
            out.append(row("net_benefit_all", at=at, value=base - (1 - base) * level / (1 - level)))
            out += [row("net_benefit", model, at=at, value=base * math.exp(-4.2 * level) + place * 0.004)
                    for place, model in enumerate(MODELS)]  # fmt: skip
    return [*out, row("ibs", "cox", at="365 d", value=0.16), row("ibs_null", at="365 d", value=0.15)]


def single_landmarks(rng: random.Random) -> list[Number]:
    out = []
    for day in LANDMARKS:
        out += [one for one in captures(rng, landmark=day) if one.against is None]
        out += [one for one in discrimination(rng, landmark=day) if one.against is None]
        out += [row("at_risk", landmark=day, value=12345.0), row("events", landmark=day, value=2345.0)]
        if day != LANDMARKS[0]:
            out += [row("turnover", word, at=size, landmark=day, value=rng.uniform(0.1, 0.4), events=0)
                    for word, size in product(("profile", "cox", "quintile_rfg"), SIZES)]  # fmt: skip
    return out


def grouped(rng: random.Random, names: list[str]) -> list[Number]:
    out = []
    for place, area in enumerate(names):
        few = {"people": 7, "events": 3} if place == 1 else {"people": 900, "events": 120}
        for word in ("profile", "cox"):
            out.append(
                row("auc", word, at="365 d", group=area, **with_interval(rng.uniform(0.6, 0.72), 0.04), **few)
            )
            out.append(row("capture", word, at="top 5%", of="harm", group=area, value=0.13, **few))
        out.append(row("observed_expected", "cox", at="365 d", group=area, value=0.8 + place / 10, **few))
    return out


def sham(value: float = 0.503) -> list[Number]:
    return [
        row("sham_auc", "cox", at="365 d", **with_interval(value, 0.01)),
        row("sham_capture", "cox", at="top 5%", of="harm", **with_interval(0.049, 0.006)),
    ]


def everything(areas: list[str] | None = None, off: float = 1.0, sham_at: float = 0.503) -> list[Number]:
    rng = random.Random(7)
    lost = [row("unlisted", of=of, value=0.4 - place / 20) for place, of in enumerate(BASES)]
    watch = [
        row(measure, word, at=size, **with_interval(value, value / 10))
        for word, size in product(SKILL, SIZES)
        for measure, value in (("precision", 0.2 + SKILL[word] / 8), ("number_to_watch", 3.4))
    ]
    return [
        *captures(rng), *discrimination(rng), *calibration(rng, off), *errors_and_benefit(), *lost, *watch,
        *single_landmarks(rng), *grouped(rng, areas or ["North", "South", "West"]), *sham(sham_at),
    ]  # fmt: skip


def table(rows: list[Number]) -> Table:
    return Table(
        {name: Column.of(KINDS.get(name, "text"), [getattr(one, name) for one in rows]) if name != "landmark"
         else Column.of("date", [one.landmark and to_day(one.landmark) for one in rows])
         for name in Number._fields}
    )  # fmt: skip


def page_of(
    rows: list[Number], design: dict | None = None, marking: str = "OFFICIAL", name: str = "trial"
) -> str:
    return page_bytes(table(rows), DESIGN if design is None else design, marking, name).decode("utf-8")


# --- what stands on it ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def text() -> str:
    return page_of(everything(["North", *HOSTILE]), DESIGN | {"hold_out": "area"}, HOSTILE[1], HOSTILE[0])


@pytest.fixture(scope="module")
def page(text) -> Page:
    return Page(text)


def test_the_page_is_sound_asks_nothing_of_any_network_and_lets_no_text_out(page, text):
    check_structure(page)
    (policy,) = [one for one in page.all("meta") if "http-equiv" in one.attributes]
    assert policy.attributes["content"].startswith("default-src 'none'; style-src 'unsafe-inline'; base-uri")
    assert not re.search(r"https?://|url\(|@import|javascript:|\ssrc=|\son\w+=", text)
    assert not {"script", "iframe", "link", "img", "form", "object"} & {one.tag for one in page.all()}
    assert page.all("h1")[0].text == HOSTILE[0] and page.all("p", "marking")[0].text == HOSTILE[1]
    for area in HOSTILE:
        assert area in page.at("groups").text and area not in page.all("style")[0].text
    assert text == page_of(
        everything(["North", *HOSTILE]), DESIGN | {"hold_out": "area"}, HOSTILE[1], HOSTILE[0]
    )


def test_the_sections_stand_in_order_and_links_lead_to_them(page):
    sections = [one.attributes["id"] for one in page.all("section")]
    assert sections == ["tried", "capture", "discrimination", "calibration", "brier", "decision", "landmarks",
                        "groups", "sham", "design"]  # fmt: skip
    assert [one.attributes["href"] for one in page.all("nav")[0].all("a")] == [
        f"#{name}" for name in sections
    ]
    assert "not asked for" not in page.root.text


def tables(page: Page, anchor: str) -> dict[str, list[list[str]]]:
    """The cells of each table of a section, by its caption."""
    return {
        table.all("caption")[0].text: [
            [cell.text for cell in row.children if not isinstance(cell, str)] for row in table.all("tr")
        ]
        for table in page.at(anchor).all("table")
    }


def test_the_table_for_the_meeting_holds_every_share_with_its_interval(page):
    rows = everything(["North", *HOSTILE])
    numbers = Numbers(table(rows))
    found = tables(page, "capture")
    assert set(BASES) == {"people", "incidents", "serious", "harm", "harm_capped"}
    head, *body = next(cells for caption, cells in found.items() if caption.startswith("Of later serious"))
    assert head == ["Ranking", "Top 50", "Top 100", "Top 1%", "Top 5%"] and len(body) == len(SKILL)
    assert [row[0] for row in body][:3] == ["Profile in use", "Cox model", "Hazard model"]
    assert [row[0] for row in body][-2:] == ["Chance", "Hindsight"]
    for word, row_at in (("cox", 1), ("random", -2)):
        for place, size in enumerate(SIZES, start=1):
            one = numbers.one("capture", word, size, "serious")
            assert body[row_at][place] == (
                f"{100 * one.value:.1f}% {100 * one.lower:.1f} to {100 * one.upper:.1f}%"
            )


def test_shares_of_the_people_ranked_are_not_taken_for_shares_of_everything(page):
    (short,) = [one for one in page.all("section") + page.all("div") if one.text.startswith("In short")][:1]
    assert "The shares above are of what the people ranked caused. Beyond the reach of any list" in short.text
    assert short.text.index("of later harm") < short.text.index("The shares above")


def test_every_figure_tells_its_numbers_and_has_a_table_behind_it(page):
    drawn = [svg for svg in page.all("svg") if svg.attributes.get("role") == "img"]
    assert len(drawn) > 30 and all(len(svg.attributes["aria-label"]) > 40 for svg in drawn)
    for figure in page.all("figure"):
        after = figure.parent.children[figure.parent.children.index(figure) + 1 :]
        nearest = next(one for one in after if not isinstance(one, str))
        assert nearest.tag == "details" or nearest.attributes.get("class") == "wide"
        assert nearest.all("table")
    label = next(svg.attributes["aria-label"] for svg in drawn if "Share of later harm held by the top 5%" in
                 svg.attributes["aria-label"])  # fmt: skip
    one = Numbers(table(everything(["North", *HOSTILE]))).one("capture", "profile", "top 5%", "harm")
    assert f"Profile in use {100 * one.value:.1f}%" in label and "Hindsight" in label


@pytest.mark.parametrize(
    ("lower", "upper", "told"),
    [(-0.01, 0.02, "no difference can be told for the Cox model"), (0.001, 0.02, "higher for the Cox model"),
     (-0.02, -0.001, "lower for the Cox model"), (0.0, 0.01, "no difference can be told for the Cox model"),
     (None, None, "")],
)  # fmt: skip
def test_a_difference_is_told_by_its_interval_alone(lower, upper, told):
    given = {"at": "top 5%", "of": "harm"}
    rows = [row("capture", word, value=0.1, **given) for word in ("cox", "quintile_rfg")]
    rows.append(row("capture", "cox", value=0.005, lower=lower, upper=upper, against="quintile_rfg", **given))
    held = page_of(rows)
    short = Page(held).all("div", "short")[0].text
    assert (told in short) and ("compared with quintile RFG" in short) is bool(told)
    assert ("no interval was made" in held) is (lower is None)


def test_risks_off_by_more_than_a_tenth_are_warned_of_and_others_are_not():
    rows = [row("observed_expected", "cox", at="90 d", **with_interval(1.23, 0.05)),
            row("observed_expected", "cox", at="180 d", **with_interval(0.85, 0.2)),
            row("observed_expected", "cox", at="365 d", **with_interval(1.08, 0.05))]  # fmt: skip
    (said,) = Page(page_of(rows)).at("calibration").all("div", "warning")
    assert (
        "at 90 days, are too low: for every 100 people expected to have the outcome, 123 had it." in said.text
    )
    assert "at 180 days, are too high" in said.text and "85 had it (the interval holds 1" in said.text
    assert "365 days" not in said.text
    calm = Page(page_of(rows[2:]))
    assert calm.all("div", "warning") == [] and "At no horizon" in calm.at("calibration").text


@pytest.mark.parametrize(
    ("value", "half", "loud"),
    [(0.5, 0.01, False), (0.519, 0.001, False), (0.47, 0.03, False), (0.56, 0.01, True), (0.4, 0.05, True),
     (0.53, None, True)],
)  # fmt: skip
def test_a_sham_that_knows_something_is_a_loud_warning_at_the_top_and_in_its_section(value, half, loud):
    ends = with_interval(value, half) if half is not None else {"value": value}
    page = Page(page_of([row("sham_auc", "cox", at="365 d", **ends)]))
    assert len(page.at("sham").all("div", "alarm")) == len(page.all("header")[0].all("div", "alarm")) == loud
    assert ("Passed." in page.at("sham").text) is not loud


def test_the_sham_stands_beside_what_chance_makes():
    given = {"at": "top 5%", "of": "harm"}
    rows = [*sham(0.503), row("capture", "random", value=0.05, **given), row("sham_auc", value=0.499)]
    (found,) = tables(Page(page_of(rows)), "sham").values()
    assert found == [
        ["Ranking", "AUC", "AUC, 365 days", "Share of later harm, top 5%"],
        ["What chance makes", "0.5", "0.5", "5.0%"],
        ["Cox model", "–", "0.503 0.493 to 0.513", "4.9% 4.3 to 5.5%"],
        ["all", "0.499", "–", "–"],
    ]


def test_each_group_has_a_table_of_what_was_measured_in_it_and_small_ones_are_told():
    found = tables(Page(page_of(grouped(random.Random(3), ["B", "a"]), {"hold_out": "force"})), "groups")
    assert list(found) == ["Profile in use in each force", "Cox model in each force"]
    heads, *rows = found["Cox model in each force"]
    assert heads == ["Force", "AUC", "Observed / expected", "People", "With the outcome"]
    assert (
        [one[0] for one in rows] == ["a", "B"]
        and rows[0][1].split()[1] == "few"
        and rows[0][-2:] == ["7", "3"]
    )
    assert "0.90 few" in rows[0][2] and rows[1][-2:] == ["900", "120"]


def test_what_was_not_asked_for_is_said_so_section_by_section():
    page = Page(page_of([], {}, "", "empty"))
    check_structure(page)
    for anchor in (
        "capture",
        "discrimination",
        "calibration",
        "brier",
        "decision",
        "landmarks",
        "groups",
        "sham",
    ):
        assert "not asked for" in page.at(anchor).text
    assert "Nothing is told of the design" in page.at("design").text
    assert page.all("p", "marking") == [] and page.all("div", "short") == [] and page.all("figure") == []


def test_small_counts_and_missing_values_are_told_as_such():
    rows = [row("capture", "profile", at="top 50", of="people", value=0.25, people=50, events=4),
            row("capture", "cox", at="top 50", of="people", value=math.nan, lower=math.inf),
            row("auc", "cox", at="90 d", value=0.7, people=9),
            row("unlisted", of="people", value=0.0002)]  # fmt: skip
    page = Page(page_of(rows))
    cells = tables(page, "capture")["Of people with the outcome: the share held by …"]
    assert cells[1:] == [["Profile in use", "25.0% few"], ["Cox model", "–"]]
    assert "Fewer than 10 people or events" in page.all("div", "short")[0].text
    assert "under 0.1% of people with the outcome" in page.at("capture").text
    assert tables(page, "discrimination")["Discrimination of each ranking"][1] == ["Cox model", "0.700 few"]
    assert "nan" not in page.root.text and "inf" not in page.root.text


def test_the_design_is_told_with_its_training_warnings_and_what_could_not_be_fitted():
    design = DESIGN | {
        "clock_words": "days at liberty", "outcome_words": "own words of the outcome",
        "rankings": {"cox": "our words of cox"}, "hold_out": "area", "models": ["cox"],
        "columns": {"days_since_last": "Days since the latest incident"}, "cap": 730.0,
        "amounts": {"harm": "weights added up", "visits": "all visits"}, "references": [],
        "training": {"2022-01-31": {"landmarks": ["2019-01-01", "2020-01-01"], "rows": 1234,
                                    "people": 900, "events": 8, "events_per_column": {"cox": 13.5}}},
        "people": {"2022-01-31": {"at_risk": 4321, "followed": 4000}},
        "groups": {"2022-01-31": {"North": {"failed": {"cox": "3 events are too few"}}, "odd": None}},
        "sham_not_fitted": {"2022-01-31": {"hazard": "did not converge"}},
        "warnings": [{"code": "point_in_time", "text": "custody: known later"}, "plain words."],
    }  # fmt: skip
    page = Page(page_of([row("auc", "cox", at="90 d", value=0.7)], design))
    (trained,) = tables(page, "design").values()
    days = "2, 2019-01-01 to 2020-01-01"
    assert trained[1] == ["2022-01-31", "4,321", "4,000", days, "1,234", "900", "8 few", "cox: 13.5"]
    told = page.at("design").text
    assert "2022-01-31, without North: cox: 3 events are too few" in told and "did not converge" in told
    for where in (page.at("design"), page.all("header")[0]):
        assert "custody: known later. plain words." in where.text
    assert (
        "own words of the outcome" in page.at("tried").text and "Our words of cox." in page.at("tried").text
    )
    terms = {
        one.all("dt")[0].text: one.all("dd")[0].text for one in page.at("design").all("dl")[0].all("div")
    }
    assert terms["Our own item"] == "yes" and terms["Horizons, in days on the clock"] == "90, 180, 365"
    assert terms["What the clock counts"] == "Days at liberty" and "Clock" not in terms
    assert terms["Models"] == "Cox model" and terms["Harm of one incident is capped at"] == "730"
    assert terms["What is counted"] == "Later harm: weights added up visits: all visits"
    assert terms["What the models look at"] == "Days since the latest incident"


def test_one_landmark_has_no_lines_and_odd_names_and_horizons_still_stand():
    day = LANDMARKS[0]
    rows = [row("capture", "our own", at="top 7", of="visits", landmark=landmark, **with_interval(0.3, 0.1))
            for landmark in (None, day)]  # fmt: skip
    rows += [row("net_benefit", "our own", at=f"threshold {level}", value=-0.1) for level in (0.1, 0.2)]
    rows += [row("curve_predicted", "our own", at="bin 1", value=0.1),
             row("curve_observed", "our own", at="bin 1", value=0.2)]  # fmt: skip
    rows += [
        row("brier", "our own", value=0.2),
        row("turnover", "our own", at="top 7", landmark=day, value=None),
    ]
    design = {"landmarks": ["some day"], "outcome": {"name": "visit"}, "horizons": "long"}
    page = Page(page_of(rows, design))
    check_structure(page)
    assert page.at("landmarks").all("figure") == []
    assert (
        "30.0%" in page.at("landmarks").text and "On 31 January 2022 (the landmark)" in page.at("tried").text
    )
    assert "“visit”, as the settings define it" in page.at("tried").text
    assert "By our own, the first 7 people held 30.0% of visits (20.0 to 40.0%)." in page.root.text
    assert "Of no use here." in page.at("decision").text
    assert "our own, all times" in page.at("brier").text


def test_axes_have_round_steps_and_marks_stay_inside():
    assert nice_steps(0.13, 0.61) == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    assert nice_steps(0, 0) == [0, 0.2] and nice_steps(-0.4, 0.1)[0] == -0.4
    rows = [Dot("a", 0.5, 0.4, 0.6, "own", "x"), Dot("b" * 30, 90.0, 80.0, 95.0, "bound", "<far>"),
            Dot("c", 0.3, None, None, "bound", "y")]  # fmt: skip
    drawn = Page(dots(rows, 'told "so"', str, 0.45)).all("svg")[0]
    assert drawn.attributes["aria-label"] == 'told "so"'
    assert len(drawn.all("path", "beyond")) == 1 and len(drawn.all("path", "bar")) == 1
    assert "…" in drawn.text and "<far>" in drawn.text
    for x in re.findall(r'd="M([\d.-]+)', dots(rows, "x", str, 0.45)):
        assert 80 <= float(x) <= 320
    gaps = lines([Line("a", 0, [(0, 1.0), (1, None), (2, 3.0)])], "x", [(0, "0"), (2, "2")], str, ("", ""))
    (path,) = re.findall(r'class="line s0" d="([^"]+)"', gaps)
    assert path.count("M") == 2 and "L" not in path


# --- in a browser, on paper -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    with launched() as found:
        yield found


@pytest.fixture(scope="module")
def path(text, tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("backtest") / "report.html"
    found.write_text(text, encoding="utf-8")
    return found


@pytest.mark.compiled
def test_a_checker_of_accessibility_finds_nothing_wide_or_narrow_light_or_dark(browser, path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for scheme, width in (("light", 1280), ("dark", 390)):
        size = {"width": width, "height": 900}
        with opened(browser, path, color_scheme=scheme, viewport=size) as tab:
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            # Rows and drawings of one kind are made alike, and the checker takes its time.
            tab.evaluate(
                "document.querySelectorAll('tbody tr:nth-child(n + 3), .panel:nth-child(n + 2), section > "
                "details:nth-of-type(n + 3)').forEach(one => one.remove())"
            )
            told = axe.run(tab).response
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in told["violations"]] == []
            assert len(told["passes"]) > 15


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two colours."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_words_and_lines_stand_out_in_both_themes(text):
    light, dark = re.findall(r":root \{([^}]+)\}", text)
    for theme in (light, dark):
        colours = dict(re.findall(r"--(\w+): (#\w{6})", theme))
        for behind in ("page", "pale"):
            for name in ("ink", "muted", "navy", "red", "link", *(f"s{place}" for place in range(6))):
                assert contrast(colours[name], colours[behind]) >= 4.5, (name, behind)
        assert contrast(colours["ink"], colours["amberpale"]) >= 4.5
        assert contrast(colours["red"], colours["redpale"]) >= 4.5
        assert contrast(colours["amber"], colours["page"]) >= 4.5


@pytest.mark.compiled
def test_paper_shows_what_is_folded_away_on_a_screen_and_cuts_no_table_off(browser, path, tmp_path):
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext (Debian package poppler-utils) to read what was printed")
    with opened(browser, path, color_scheme="dark") as tab:
        (tmp_path / "page.pdf").write_bytes(tab.pdf(format="A4", prefer_css_page_size=True))
        tab.emulate_media(media="print")
        tab.set_viewport_size({"width": 688, "height": 900})
        over = tab.evaluate(
            "[...document.querySelectorAll('table')].filter(one => one.getBoundingClientRect().right > 690)"
            ".map(one => one.caption.textContent)"
        )
        assert over == []
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    command = ["pdftotext", "-layout", tmp_path / "page.pdf", "-"]
    sheets = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "2022-05-02" in sheets and "Predicted and observed risk" in sheets and "page 1 of" in sheets
    assert sheets.count("Hindsight") > 10
