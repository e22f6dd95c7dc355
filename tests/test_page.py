"""The pages of a run: what stands on them, what must not, and how a browser and a printer take them."""

from __future__ import annotations

import csv
import importlib.util
import random
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import rfgscore as rfg
from rfgscore.config import PRESETS
from rfgscore.explain.bars import hatching, part_bar, part_bars, score_bar, swatch
from rfgscore.report.page import pack_bytes
from rfgscore.report.page.lanes import Lane, Victims
from rfgscore.report.page.marks import Mark
from rfgscore.report.page.timeline import Spell, grid_weights, in_reach, timeline
from rfgscore.report.page.words import css_text, flags, illustrative
from rfgscore.sample import SAMPLE_AS_OF, sample_file
from rfgscore.vocabulary import words

for name in ("browser", "meeting"):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    assert spec is not None and spec.loader is not None
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])

import meeting  # noqa: E402
from browser import Element, Page, check_structure, launched  # noqa: E402
from browser import opened as opened_file  # noqa: E402

SIDES = {name: sample_file(f"{name}.csv") for name in ("subjects", "custody", "links")}
HOSTILE = ["<script>alert(1)</script>", "a\"b'c&amp;<b>", "\u05d0\u05d1 {{ 7 * 7 }}", "x" * 190]


def sample_run(offences: Path | None = None, **more) -> rfg.Run:
    config = rfg.load_config(sample_file("config.yaml"))
    offences = offences or sample_file("offences.csv")
    return rfg.run(config=config, offences=offences, as_of=SAMPLE_AS_OF, **{**SIDES, **more})


def page_of(run: rfg.Run) -> str:
    return run.files["report.html"].decode("utf-8")


@pytest.fixture(scope="module")
def run() -> rfg.Run:
    return sample_run()


@pytest.fixture(scope="module")
def text(run) -> str:
    return page_of(run)


@pytest.fixture(scope="module")
def page(text) -> Page:
    return Page(text)


# --- what stands on it ------------------------------------------------------------------------------


def test_the_page_is_sound_and_asks_nothing_of_any_network(page, text):
    check_structure(page)
    (policy,) = [one for one in page.all("meta") if "http-equiv" in one.attributes]
    assert policy.attributes["content"].startswith(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-"
    )
    assert not re.search(r"https?://|url\(|@import|javascript:|\ssrc=|\son\w+=", text)
    assert not {"iframe", "link", "img", "form", "object"} & {one.tag for one in page.all()}
    assert len(page.all("script")) == 1


def test_the_list_says_what_the_cohort_says(page, run):
    cohort = run.cohort
    rows = page.all("tbody", "one")
    assert len(rows) == len(cohort) == len(page.all("article"))
    for place, row in enumerate(rows):
        cell = {name: cohort[name][place] for name in cohort.columns}
        told = row.all("td")
        assert cell["summary"] in row.text and told[1].text.startswith(cell["status"])
        if cell["score"] is None:
            assert told[0].text == "– not scored" and told[2].text == "Not scored no record in the window"
            assert "none in the window" in told[3].text
            continue
        assert told[0].text.startswith(f"{cell['position']} rank {cell['rank']}")
        assert ("shared by" in told[0].text) == (cell["tied_with"] > 0)
        head = row.all("th")[0].text
        leaves = "" if cell["leaves_on"] is None else f" would leave the list {cell['leaves_on']}"
        assert head == cell["perpetrator_id"] + leaves
        assert told[2].text.startswith(f"{cell['score']} of {cell['max_score']}")
        assert all(
            f"{name[0].upper()} {cell[f'{name}_points']}" in told[2].text
            for name in ("recency", "frequency", "gravity", "victims")
        )
        assert str(cell["last_event_date"]) in told[3].text and cell["worst_offence"] in told[3].text
        labels = [flags()[word].label for word in (cell["flags"] or "").split(";") if word]
        assert all(label in told[4].text for label in labels)
        assert ("In custody" in told[3].text) is bool(cell["in_custody"])


def drawn_incidents(svg: Element) -> int:
    """How many incidents the marks of a timeline stand for."""
    shapes = [
        shape for group in svg.all("g", "marks") for shape in [*group.all("circle"), *group.all("path")]
    ]
    titles = [title for group in svg.all("g", "marks") for title in group.all("title")]
    return len(shapes) - len(titles) + sum(int(title.text.split()[0]) for title in titles)


def test_every_person_has_a_page_with_parts_incidents_and_an_empty_box(page, run):
    explained = {}
    for person, component, sentence, value in zip(
        *(run.explanations[name] for name in ("perpetrator_id", "component", "sentence", "value")),
        strict=True,
    ):
        explained.setdefault(person, []).append((component, sentence, value))
    articles = page.all("article")
    for place, (person, article) in enumerate(zip(run.cohort["perpetrator_id"], articles, strict=True), 1):
        assert article.attributes["id"] == f"person-{place}"
        position = run.cohort["position"][place - 1]
        assert article.all("h3")[0].text == (f"{position} {person}" if position else person)
        for component, sentence, value in explained[person]:
            assert sentence in article.text
            if component == "frequency":
                incidents = article.all("table", "incidents")[0].all("tbody")[0].all("tr")
                inside = [row for row in incidents if row.text.endswith("inside")]
                assert len(inside) == value
                drawn = article.all("svg", "timeline")[0]
                assert drawn_incidents(drawn) == len(incidents)
        assert [box.text for box in article.all("section", "decision")[0].all("dd")] == [""] * 6


def test_no_sheet_of_a_person_is_without_the_id(page, text, run):
    sheets = dict(re.findall(r"@page (person-\d+) \{ @top-left \{ content: (\".*?\"); \} \}", text))
    for place, (person, article) in enumerate(
        zip(run.cohort["perpetrator_id"], page.all("article"), strict=True), 1
    ):
        position = run.cohort["position"][place - 1]
        assert sheets[f"person-{place}"] == css_text(f"{position}. {person}" if position else person)
        assert f"#person-{place} {{ page: person-{place}; }}" in text
        box = article.all("section", "decision")[0]
        assert box.all("h4")[0].all("bdi")[0].text == person
        assert box.all("h4")[0].text.startswith(f"Decision on {person} ")
        # The box stands on the front sheet, after the reasons; the drawing begins the next one.
        after = [one for one in article.children if isinstance(one, Element)]
        assert after[after.index(box) + 1].attributes["class"].startswith("drawn")
        for table in article.all("table", "incidents"):
            assert table.all("caption")[0].text.startswith(f"Incidents of {person} :")
    assert len(sheets) == len(run.cohort)


def test_what_must_be_looked_at_is_named_below_the_key_figures(desk, page):
    reading = {"links": {"columns": {"nominal_id": "a", "master_id": "b"}}}
    odd = rfg.run(config=desk.config(reading=reading), offences=desk.file(desk.rows({})), as_of=desk.as_of)
    for shown, things in ((page, 0), (Page(page_of(odd)), 2)):
        links = shown.all("section", "figures")[0].all("a")
        words = [f"{things} things to be looked at before the list is believed"] if things else []
        assert [link.text for link in links] == words and len(shown.at("notes").all("li")) == things
        assert all(shown.at(link.attributes["href"][1:]).tag == "h3" for link in links)


def test_incidents_long_before_the_window_are_counted_and_a_person_takes_little_room(desk):
    rows = [
        {
            "incident_id": f"OCC-{day:05}",
            "event_date": f"20{22 if day < 45 else 25}-0{1 + day % 4}-{1 + day % 28:02}",
        }
        for day in range(100)
    ]
    text = page_of(rfg.run(config=desk.config(), offences=desk.file(desk.rows(*rows)), as_of=desk.as_of))
    (article,) = Page(text).all("article")
    told = article.all("table", "incidents")[0]
    shown = [row.text.endswith("inside") for row in told.all("tbody")[0].all("tr")]
    assert (shown.count(True), shown.count(False)) == (55, 40)
    assert "100 on record" in told.text
    assert "of the 45 before the window the latest 40 stand here, 5 more are only drawn" in told.text
    assert "all 55 incidents in the window, below" in article.text
    assert drawn_incidents(article.all("svg", "timeline")[0]) == 100
    # A hundred such people stay below 5 MB.
    assert len(re.search("<article.*?</article>", text, re.DOTALL)[0]) < 40_000


def test_the_parts_of_every_bar_add_up_to_its_score(page, run):
    bars = [one.attributes["aria-label"] for one in page.all("svg", "bar")]
    whole = [label for label in bars if label.count(",") == 3]
    known = [score for score in run.cohort["score"] if score is not None]
    assert len(whole) == len(known)
    for label, score in zip(whole, known, strict=True):
        total, parts = label.split(" points: ")
        points = [int(part.split()[1]) for part in parts.split(", ")]
        assert total == f"{score} of 100" and sum(points) == score


def test_the_account_balances_and_names_every_reason(page, run):
    rows, people = run.manifest["rows"], run.manifest["people"]
    figures = [one.text for one in page.all("section", "figures")[0].all("dd")]
    assert figures == [
        f"{number:,}"
        for number in (
            *(rows[name] for name in ("in", "used", "set_aside", "not_yet_known")),
            *(people[name] for name in ("scored", "eligible", "excluded")),
            len(run.cohort),
        )
    ]
    aside = [[cell.text for cell in row.all()] for row in page.at("rows").all("tbody")[0].all("tr")]
    assert {cells[-3]: int(cells[0].replace(",", "")) for cells in aside} == rows["by_reason"]
    excluded = page.at("excluded").text
    for person, reason, detail in zip(
        *(run.excluded[name] for name in ("perpetrator_id", "reason", "detail")), strict=True
    ):
        assert person in excluded and reason in excluded and detail in excluded
    for area, value in zip(run.summary["area"], run.summary["value"], strict=True):
        told = "not assessable" if value is None else f"{value:,}"
        assert area in page.at("areas").text and told in page.at("areas").text
    for entry in run.manifest["warnings"]:
        assert entry["code"] in page.at("notes").text
    settings = page.at("settings").text
    assert run.manifest["config_sha256"] in settings and "cchi-da-2020-10" in settings
    config = run.scores.scored.config
    assert config.to_yaml().strip() in page.all("pre")[0].children[0]
    codes = [row.all("th")[0].text for row in page.at("weights").all("tbody")[0].all("tr")]
    assert codes == run.scores.scored.history.coverage["offence_code"]


def test_no_victim_stands_on_the_page(text, run):
    scored = run.scores.scored
    suspects = {str(person) for person in scored.history.persons.tolist()}
    victims = set(scored.history.source.victim.values) - suspects
    assert len(victims) > 100
    found = set(re.findall(r"[\w/-]+", text))
    assert not victims & found


def test_people_who_are_not_listed_and_not_excluded_do_not_appear(text, run):
    named = {*run.cohort["perpetrator_id"], *run.excluded["perpetrator_id"]}
    others = {str(person) for person in run.scores.scored.history.persons.tolist()} - named
    assert len(others) > 50 and not others & set(re.findall(r"\w+", text))


def test_the_marking_stands_at_both_ends_and_in_the_margins_of_paper(page, text, run):
    marking = run.manifest["config"]["output"]["marking"]
    assert [one.text for one in page.all("p", "marking")] == [marking] * 2
    margins = re.findall(r"@(?:top|bottom)-center \{ content: (\".*?\");", text)
    assert margins == [css_text(marking)] * 2
    scored = run.scores.scored
    unmarked = meeting.pack(scored, meeting.by_position(scored), "formal")
    assert "center {" not in unmarked and 'class="marking"' not in unmarked
    live = "</style><script>alert('x')</script>"
    hostile = meeting.pack(scored, meeting.by_position(scored), "formal", live)
    assert hostile.count("<script") == 1
    assert Page(hostile).all("p", "marking")[0].text == live


@pytest.mark.compiled
def test_the_same_bytes_every_time_and_in_any_row_order(text, run, tmp_path):
    header, *rows = sample_file("offences.csv").read_text(encoding="utf-8").splitlines()
    random.Random(1).shuffle(rows)
    shuffled = tmp_path / "extract (2).csv"
    shuffled.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    again = sample_run(shuffled)
    assert page_of(again) == text
    assert again.files["monitoring.html"] == run.files["monitoring.html"]


# --- other settings and other data ------------------------------------------------------------------


def method(name: str) -> dict:
    parts = {"recency": {}, "frequency": {}, "gravity": {"aggregate": "sum"}}
    return {
        "points": {"components": {"frequency": {"bands": [{"from": 1, "points": 5}]}}},
        "quantile": {"method": "quantile", "q": 3, "components": parts},
        "continuous": {
            "method": "continuous",
            "weights": {"recency": -0.25, "frequency": 2, "gravity": 0.1},
            "components": parts,
        },
        "decayed": {
            "method": "continuous",
            "weights": {"gravity": 1},
            "window_days": 30,
            "components": {"gravity": {"aggregate": "decayed", "half_life_days": 90}},
        },
    }[name]


@pytest.mark.parametrize("name", ["points", "quantile", "continuous", "decayed"])
def test_every_method_and_hostile_text_make_a_sound_page(desk, name):
    rows = desk.rows(
        *(
            {"perpetrator_id": person, "event_date": f"2025-0{month}-1{place}", "offence_code": code,
             "area": "<i>North", "incident_id": f"I<{place}>{month}", "is_crime": crime}
            for place, person in enumerate(HOSTILE)
            for month, code, crime in ((1, "8/6", "y"), (3, "<b>", "n"), (6, "105/1", "y"))
        ),
        {"perpetrator_id": "late", "recorded_date": "2025-07-02", "is_crime": "y"},
    )  # fmt: skip
    config = desk.config(score=method(name), name="<u>desk</u>", cohort={"capacity": 2, "reserve": 2})
    run = rfg.run(config=config, offences=desk.file(rows), as_of=desk.as_of, extract_date="2025-07-02")
    text = page_of(run)
    page = Page(text)
    check_structure(page)
    assert "{{ 7 * 7 }}" in text and text.count("<script") == 1
    Page(run.files["monitoring.html"].decode("utf-8"))
    listed = [one.all("bdi")[0].text for one in page.all("tbody", "one")]
    assert listed == [" ".join(person.split()) for person in run.cohort["perpetrator_id"]]
    assert {one.tag for one in page.all()}.isdisjoint({"i", "u"})
    scores = [one.all("b")[0].text for one in page.all("span", "score")]
    assert [float(score) for score in scores] == run.cohort["score"]
    for label, score in zip(
        [one.attributes["aria-label"] for one in page.all("tbody", "one") for one in one.all("svg", "bar")],
        run.cohort["score"],
        strict=True,
    ):
        assert float(label.split()[0]) == score
    assert "No custody table was given" in text
    assert ("there is no highest score" in text) == (name in ("continuous", "decayed"))
    assert ("but in the decayed gravity" in text) == (name == "decayed")
    assert ("Edges of the bands" in text) == (name == "quantile")


def test_nobody_listed_is_a_page_too(desk):
    config = desk.config(cohort={"min_incidents": 3})
    run = rfg.run(config=config, offences=desk.file(desk.rows({})), as_of=desk.as_of, allow_empty=True)
    page = Page(page_of(run))
    check_structure(page)
    assert "Nobody is listed" in page.at("list").text and not page.all("article")
    assert "fewer incidents in the window" in page.at("excluded").text
    empty = rfg.run(
        config=desk.config(), offences=desk.file("perpetrator_id,event_date,offence_code\n"),
        as_of=desk.as_of, allow_empty=True,
    )  # fmt: skip
    page = Page(page_of(empty))
    check_structure(page)
    assert "Everyone scored is eligible." in page.at("excluded").text and "None." in page.at("notes").text


def test_of_many_people_not_eligible_the_highest_scores_are_named_and_the_rest_counted(desk, monkeypatch):
    monkeypatch.setattr("rfgscore.report.page.account._PEOPLE", 2)
    monkeypatch.setattr("rfgscore.report.page.account._WITH", 1)
    monkeypatch.setattr("rfgscore.report.page.account._WITHOUT", 1)
    codes = ("105/1", "8/1", "8/6", "8/1", "7/777", "7/778")
    people = [{"perpetrator_id": f"P{n}", "offence_code": code} for n, code in enumerate(codes)]
    config = desk.config(
        score={"method": "continuous", "weights": {"gravity": 1}, "components": {"gravity": {}}},
        cohort={"min_incidents": 2},
    )
    run = rfg.run(config=config, offences=desk.file(desk.rows(*people)), as_of=desk.as_of, allow_empty=True)
    page = Page(page_of(run))
    told = page.at("excluded")
    assert [row.all("th")[0].text for row in told.all("tbody")[0].all("tr")] == ["P1", "P3"]
    assert "4 fewer incidents in the window than the profile asks (MIN_INCIDENTS)." in told.text
    assert "The 2 of the highest scores, by id; 2 more stand in excluded.csv" in told.text
    codes = [row.all("th")[0].text for row in page.at("weights").all("tbody")[0].all("tr")]
    assert codes == ["008/01", "7/777"] and "3 more codes not shown here." in page.at("weights").text


@pytest.mark.parametrize(
    ("tie_break", "cut"),
    [
        (["gravity"], "3 people have 5 points each; who is above it follows from gravity, in this order."),
        ([], "3 people have 5 points each, and only the order of ids decides who is above it."),
    ],
)
def test_a_cut_through_a_tie_says_so(desk, tie_break, cut):
    people = [
        {"perpetrator_id": f"P{n}", "offence_code": code} for n, code in enumerate(("8/6", "105/1", "8/1"))
    ]
    score = {"components": {"frequency": {"bands": [{"from": 1, "points": 5}]},
                            "gravity": {"bands": [{"from": 1e6, "points": 5}]}}}  # fmt: skip
    config = desk.config(score=score, rank={"tie_break": tie_break}, cohort={"capacity": 1, "reserve": 1})
    run = rfg.run(config=config, offences=desk.file(desk.rows(*people)), as_of=desk.as_of)
    page = Page(page_of(run))
    first, second = (one.text for one in page.all("tbody", "cut"))
    assert first == f"Cut after position 1: there is room for 1. It goes through a tie: {cut}"
    assert second.startswith("Cut after position 2: the list by score ends. Ranked below it: 1.")
    assert ("tied at the cut" in page.at("list").text) is (not tie_break)


def test_custody_incidents_by_date_and_crimes_beside_non_crimes_are_shown_as_they_are(desk):
    columns = ("perpetrator_id", "start", "end", "planned_release")
    reading = {
        "custody": {"columns": {name: name for name in columns}},
        "links": {"columns": {"nominal_id": "a", "master_id": "b"}},
    }
    config = desk.config(reading=reading, gravity={"non_crime": 1, "unmapped": 7})
    history = desk.rows(
        {"is_crime": "y", "incident_id": "", "offence_code": "105/1", "event_date": "2022-01-05"},
        {"is_crime": "y", "incident_id": "I1", "offence_code": "105/1"},
        {"is_crime": "n", "incident_id": "I2"},
        {"is_crime": "n", "incident_id": "I3"},
        {"is_crime": "n", "incident_id": "I4", "offence_code": ""},
        {"is_crime": "y", "incident_id": "I5", "offence_code": "no code", "recorded_date": "2025-04-01"},
        {"perpetrator_id": "P2", "is_crime": "y"},
    )
    custody = [
        {"perpetrator_id": "P1", "start": "2025-06-01", "end": "", "planned_release": "2025-07-20"},
        {"perpetrator_id": "P1", "start": "2021-01-01", "end": "2021-02-01", "planned_release": ""},
        {"perpetrator_id": "P2", "start": "2025-06-01", "end": "2025-05-01", "planned_release": ""},
    ]
    run = rfg.run(
        config=config,
        offences=desk.file(history),
        as_of=desk.as_of,
        custody=desk.file(custody, "custody.csv"),
    )
    page = Page(page_of(run))
    check_structure(page)
    first, second = page.all("article")
    assert "in custody, planned release 2025-07-20" in first.text
    assert "from 2025-06-01, still held" in first.text and "from 2021-01-01, until 2021-02-01" in first.text
    assert "not known: a custody row could not be used" in second.text
    rows = [row.text for row in first.all("table", "incidents")[0].all("tbody")[0].all("tr")]
    assert rows[-1] == "2022-01-05 by its date common assault and battery 105/01 1 before"
    assert any("known 2025-04-01" in row for row in rows) and sum("non-crime" in row for row in rows) == 3
    assert "the settings map a links table and none was given" in page.at("notes").text.casefold()
    assert "unknown codes" in page.at("weights").text and "gravity.unmapped" in page.at("notes").text


def test_a_history_from_arrays_has_no_page(run):
    history = rfg.History.from_arrays(person=["a"], day=[20269], gravity=[1])
    config = rfg.preset("harm-sum-365")
    scored = rfg.score(history, config=config, as_of=20269).scored
    pieces = meeting.pieces_of(run.scores.scored, meeting.by_position(run.scores.scored), "formal")
    with pytest.raises(ValueError, match="read from files"):
        pack_bytes(**{**pieces, "scored": scored})


def test_illustrative_settings_are_called_so_and_it_is_told_how_that_is_known(desk, page):
    assert "the shipped preset illustrative-rfgv" in page.all("div", "notice")[0].text
    assert all(illustrative(rfg.preset(name)) for name in PRESETS)
    assert illustrative(desk.config()) == ()
    lifted = desk.config(gravity={"uplift": {"8/6": {"weight": 3, "reason": "illustrative: a test"}}})
    assert illustrative(lifted) == ("the weight of 8/6 is set by an uplift whose reason says so",)


def test_every_flag_of_the_vocabulary_has_its_words():
    assert set(flags()) == {word.word for word in words() if word.kind == "flag"}
    assert all(flag.group in ("record", "check", "limit") and flag.sentence for flag in flags().values())
    assert len({flag.label for flag in flags().values()}) == len(flags())


# --- drawings ---------------------------------------------------------------------------------------


def inside(svg: str) -> list[tuple[float, float]]:
    """Left and right of every rectangle of a drawing, which must lie in its view."""
    root = Page(svg).all("svg")[0]
    width = float(root.attributes["viewbox"].split()[2])
    spans = [
        (float(one.attributes["x"]), float(one.attributes["x"]) + float(one.attributes["width"]))
        for one in root.all("rect")
    ]
    assert all(-0.01 <= left <= right <= width + 0.01 for left, right in spans)
    return spans


def test_bars_hold_their_parts_side_by_side_and_below_zero_on_the_left():
    spans = inside(score_bar([("recency", -3, None), ("gravity", 5, None), ("victims", 0, None)], None))
    assert len(spans) == 2 and spans[0][1] == pytest.approx(spans[1][0], abs=0.02)
    assert spans[1][1] == pytest.approx(239.5) and spans[0][0] == pytest.approx(0.5)
    compared = inside(score_bar([("gravity", 5, None)], None, extent=(0, 10)))
    assert compared[0][1] == pytest.approx(120, abs=0.1)
    assert inside(score_bar([], None)) == inside(score_bar([("recency", 0, None)], None)) == []
    assert len(inside(part_bar(("recency", 4, 20)))) == 2
    assert "4 of 20" in part_bars([("recency", 4, 20), ("gravity", -2.5, None)])
    assert "<i>" not in score_bar([("<i>", 1, 1)], 1) + part_bar(("<i>", 1, 1)) + swatch("<i>")
    assert " id=" not in score_bar([("recency", 1, 2)], 2)


@pytest.mark.parametrize("kind", ["slant", "level", "upright", ""])
@pytest.mark.parametrize("size", [(0, 0), (1, 20), (33.3, 19), (400, 5)])
def test_hatching_stays_inside_its_rectangle(kind, size):
    width, height = size
    for x, y, rest in re.findall(r"M([\d.]+) ([\d.]+)([^M]+)", hatching(10, 20, *size, kind)):
        moves = [float(step) for step in re.findall(r"-?[\d.]+", rest)]
        across = {"h": (moves[0], 0), "v": (0, moves[0])}.get(rest[0]) or (moves[0], moves[1])
        for at_x, at_y in ((float(x), float(y)), (float(x) + across[0], float(y) + across[1])):
            assert 9.98 <= at_x <= 10.02 + width and 19.98 <= at_y <= 20.02 + height


def test_a_timeline_takes_long_windows_old_incidents_equal_days_and_weights_of_zero():
    marks = [Mark(20000, 0.0, True, True), Mark(20000, 0.0, True, True),
             Mark(20000, 0.0, False, True), Mark(9000, 0.0, True, False)]  # fmt: skip
    common = {"as_of": 20100, "window_days": 365, "label": "x"}
    drawn = timeline(marks, [Spell(8000, 8500), Spell(20050, 20101)], grid=grid_weights([0.0]), **common)
    titles = [one.text for one in Page(drawn).all("title")]
    assert titles == [
        "In custody from 2024-11-23, still held",
        "2 incidents, 2024-10-04, weight 0",
    ]
    assert ">2</text>" in drawn
    inside(drawn)
    ages = timeline([], [], grid=(1.0,), as_of=20100, window_days=10**7, label="x")
    assert "window from 0001-01-01" in ages
    last = timeline([], [], grid=(1.0,), as_of=2932896, window_days=60, label="x")
    assert "as of 9999-12-31" in last
    assert in_reach(marks, [(20101, "soon"), (40000, "late")], as_of=20100, window_days=365) == (
        (20101, "soon"),
    )


def test_incidents_of_one_spot_are_one_mark_and_no_number_hides_another():
    days = random.Random(2)
    marks = [Mark(20000 - days.randrange(1200), days.choice([0.5, 1, 1825]), True, True) for _ in range(5000)]
    drawn = timeline(marks, [], as_of=20000, window_days=1200, grid=grid_weights([0.5, 1, 1825]), label="x")
    svg = Page(drawn).all("svg")[0]
    assert drawn_incidents(svg) == 5000 and len(drawn) < 100_000
    numbers = [
        (float(one.attributes["x"]), float(one.attributes["y"]))
        for one in svg.all("g", "numbers")[0].all("text")
    ]
    assert len(numbers) > 20
    for place, (x, y) in enumerate(numbers):
        assert all(abs(x - left) >= 14 or abs(y - up) >= 12 for left, up in numbers[:place])
    near = timeline(
        [Mark(19999, 1.0, True, True), Mark(19999, 1.001, True, True)],
        [], as_of=20000, window_days=60, grid=grid_weights([1825]), label="x",
    )  # fmt: skip
    assert "2 incidents, 2024-10-03, weight 1 to 1.001" in near


WEIGHTS = {
    "2952.9409930950865": "2953", "56.349709671587924": "56.35", "13.51": "13.51", "0.1234567": "0.1235",
    "1825": "1825", "123456.7": "123,457", "1000000000": "1,000,000,000", "1e+300": "1e+300",
    "1e-09": "1e-09",
}  # fmt: skip


@pytest.mark.parametrize("weight", WEIGHTS)
def test_weights_on_the_axis_are_short_and_have_room(weight):
    svg = Page(timeline([], [], as_of=20000, window_days=365, grid=(float(weight),), label="x")).all("svg")[0]
    (label,) = [one for one in svg.all("text") if one.text == WEIGHTS[weight]]
    assert float(label.attributes["x"]) >= 6.5 * len(label.text)
    inside(timeline([], [], as_of=20000, window_days=365, grid=(float(weight),), label="x"))


def test_text_cannot_leave_a_style_sheet():
    assert css_text('a"; } </style>\n\\') == '"a\\22 \\3b  \\7d  \\3c \\2f style\\3e \\a \\5c "'


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two colours."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_from_what_is_behind_it(text):
    colours = dict(re.findall(r"--(\w+): (#\w{6})", text))
    for name in ("ink", "muted", "navy", "red"):
        assert contrast(colours[name], "#ffffff") >= 4.5 and contrast(colours[name], colours["pale"]) >= 4.5
    drawn = re.findall(r'fill="(#\w{6})" paint-order="stroke" stroke="(#\w{6})"', text)
    assert drawn and all(contrast(ink, fill) >= 4.5 for ink, fill in set(drawn))
    for colour in re.findall(r'<text[^>]* fill="(#\w{6})"[^p]*?>', text):
        assert contrast(colour, "#eef3f9") >= 4.5 or (colour, "#dbe9f4") in drawn or colour == "#ffffff"


# --- by victim --------------------------------------------------------------------------------------


def lanes_of(article: Element) -> dict[str, int]:
    """How many incidents the marks in each lane of a timeline stand for, by label."""
    svg = article.all("svg", "timeline")[0]
    labels = [one.text for group in svg.all("g", "lanes") for one in group.all("text")]
    counts = []
    for lane in svg.all("g", "lane"):
        shapes, titles = [*lane.all("circle"), *lane.all("path")], lane.all("title")
        counts.append(len(shapes) - len(titles) + sum(int(title.text.split()[0]) for title in titles))
    return dict(zip(labels, counts, strict=True))


def victim_cells(article: Element) -> dict[str, str]:
    """The letters of each incident, by its reference."""
    table = article.all("table", "incidents")[0]
    at = [one.text for one in table.all("th")].index("Victim")
    return {row.all("bdi")[0].text: row.all("td")[at].text for row in table.all("tbody")[0].all("tr")}


def named(*rows: tuple[str, str, str], **more: str) -> list[dict[str, str]]:
    """Rows of an incident, its day and its victim."""
    return [
        {"incident_id": incident, "event_date": day, "victim_id": victim, "is_crime": "y", **more}
        for incident, day, victim in rows
    ]


VICTIMS = named(
    ("I1", "2022-05-01", "Zoe Invented"),
    ("I2", "2025-01-03", ""), ("I2", "2025-01-03", "Adam Invented"),
    ("I3", "2025-02-01", "Bea Invented"), ("I3", "2025-02-01", "Adam Invented"),
    ("I4", "2025-03-01", "n/k"),
    ("I5", "2025-03-02", "Zoe Invented"),
)  # fmt: skip


def test_victims_are_letters_in_the_order_of_their_first_incident_in_any_order_of_rows(desk):
    other = named(("J1", "2025-01-01", "Bea Invented"), perpetrator_id="P2")
    texts = set()
    for seed in range(4):
        rows = desk.rows(*VICTIMS, *other)
        random.Random(seed).shuffle(rows)
        run = rfg.run(config=desk.config(), offences=desk.file(rows), as_of=desk.as_of)
        texts.add(page_of(run))
    (text,) = texts
    assert "Invented" not in text
    first, second = Page(text).all("article")
    assert victim_cells(first) == {
        "I1": "A", "I2": "B, not known", "I3": "B, C", "I4": "not known", "I5": "A",
    }  # fmt: skip
    assert lanes_of(first) == {"A": 2, "B": 2, "C": 1, "not known": 2}
    # The third of one page is the first of another.
    assert victim_cells(second) == {"J1": "A"} and lanes_of(second) == {"A": 1}
    (label,) = [one.attributes["aria-label"] for one in first.all("svg", "timeline")]
    assert label == (
        "Timeline of 5 incidents, 4 in the window; by victim: A 2, 1 in the window; B 2, 2 in the window; "
        "C 1, 1 in the window; not known 2, 2 in the window; the table tells of them"
    )
    for article in (first, second):
        assert "letters stand for victims on this page only; the same letter on another page is another" in (
            article.all("figcaption")[0].text
        )


def test_without_victims_there_are_no_lanes_and_no_letters(desk):
    pages = {}
    for name, rows in {
        "not mapped": [{"incident_id": "I1"}],
        "nobody known": named(("I1", "2025-03-01", "unknown")),
    }.items():
        run = rfg.run(config=desk.config(), offences=desk.file(desk.rows(*rows)), as_of=desk.as_of)
        (pages[name],) = Page(page_of(run)).all("article")
        assert "letters stand" not in pages[name].text
    without = pages["not mapped"]
    heads = [one.text for one in without.all("table", "incidents")[0].all("th")]
    assert heads == ["Date", "Reference", "Gravest offence", "Weight", "Window"]
    assert lanes_of(without) == {} and "by victim" not in without.text
    assert without.all("svg", "timeline")[0].attributes["height"] == "204"
    assert "by victim" not in without.all("svg", "timeline")[0].attributes["aria-label"]
    assert lanes_of(pages["nobody known"]) == {"not known": 1}
    assert victim_cells(pages["nobody known"]) == {"I1": "not known"}


def test_six_victims_have_a_lane_and_the_others_share_one(desk):
    rows = [
        # A and C only before the window; one incident against both B and I.
        *named(("A1", "2021-01-01", "v1"), ("A2", "2021-01-05", "v1"), ("A3", "2021-02-02", "v1")),
        *named(("B1", "2021-03-01", "v2"), ("C1", "2021-03-02", "v3"), ("D1", "2025-01-01", "v4")),
        *named(*((f"{name}{n}", f"2025-0{n}-11", f"v{at}")
                 for n in (2, 3) for at, name in enumerate("EFGH", start=5))),
        *named(("I1", "2025-04-01", "v9"), ("I1", "2025-04-01", "v2")),
    ]  # fmt: skip
    run = rfg.run(config=desk.config(), offences=desk.file(desk.rows(*rows)), as_of=desk.as_of)
    (article,) = Page(page_of(run)).all("article")
    # B, D and I have one incident each in the window: of equals the first letters.
    assert list(lanes_of(article).items()) == [
        ("B", 2), ("D", 1), ("E", 2), ("F", 2), ("G", 2), ("H", 2), ("others (3)", 5),
    ]  # fmt: skip
    cells = victim_cells(article)
    assert (cells["A3"], cells["C1"], cells["H3"], cells["I1"]) == ("A", "C", "H", "B, I")
    (label,) = [one.attributes["aria-label"] for one in article.all("svg", "timeline")]
    assert "; others (3) 5, 1 in the window; the table" in label


def test_a_lane_shows_an_incident_as_the_lines_show_it_that_name_the_victim(desk):
    score = {"window_days": 60, "components": {"victims": {"bands": [{"from": 1, "points": 5}]}}}
    rows = desk.rows(
        *named(("I1", "2025-01-01", "v1")),
        *named(("I1", "2025-06-01", "v2"), is_crime="n"),
        *named(("I2", "2025-06-02", "v2"), ("I2", "2025-06-03", "v2")),
    )
    run = rfg.run(config=desk.config(score=score, gravity={"non_crime": 1}), offences=desk.file(rows),
                  as_of=desk.as_of)  # fmt: skip
    (article,) = Page(page_of(run)).all("article")
    assert victim_cells(article) == {"I1": "A, B", "I2": "B"}
    first, second = article.all("svg", "timeline")[0].all("g", "lane")
    looks = [(one.attributes["fill"], one.attributes["stroke"]) for one in first.all("g")]
    assert looks == [("#fff", "#8c2f3d")] and len(first.all("circle")) == 1
    assert len(second.all("path")) == len(second.all("circle")) == 1 and "#fff" not in [
        one.attributes["fill"] for one in second.all("g")
    ]
    # The letters with a mark in the window are as many as the score counts.
    assert "1 known victim " in article.text.replace("(", " ")


def test_lanes_share_the_axis_custody_and_the_window_of_the_weights():
    marks = (Mark(20000, 2.0, True, True), Mark(20000, 1.0, True, True), Mark(19900, 1.0, False, True))
    lanes = [Lane("A", marks), Lane("not known", marks[:1])]
    common = {"as_of": 20100, "window_days": 365, "grid": (2.0,), "coming": [(20120, "soon")], "label": "x"}
    spells = [Spell(19950, 20050)]
    plain, drawn = (
        Page(timeline(marks, spells, lanes=found, **common)).all("svg")[0] for found in ([], lanes)
    )
    more = 20 + 2 * 15
    for one, other in zip(plain.all("rect"), drawn.all("rect"), strict=True):
        assert float(other.attributes["height"]) == float(one.attributes["height"]) + more
    assert float(drawn.attributes["height"]) == float(plain.attributes["height"]) + more
    # The same days at the same places, up to the room for longer labels.
    above = [one.attributes["cx"] for group in drawn.all("g", "marks") for one in group.all("circle")]
    below = [one.attributes["cx"] for one in drawn.all("g", "lane")[0].all("circle")]
    assert set(above) == set(below) and len(above) == 2 and len(below) == 1
    assert [one.text for one in drawn.all("g", "counts")[0].all("text")] == ["2"]
    assert repr(lanes[0]) == "Lane" and repr(Victims({}, (), 0)) == "Victims"


def test_a_number_in_a_lane_needs_room_before_the_next_mark_and_the_edge():
    near = [Mark(20000, 1.0, True, True)] * 2 + [Mark(20003, 1.0, True, True)]
    edge = [Mark(20100, 1.0, True, True)]
    common = {"as_of": 20100, "window_days": 365, "grid": (1.0,), "label": "x"}
    for marks, numbers in ((near, 0), (near[:2], 1), (edge * 2, 1), (edge * 10, 0)):
        drawn = Page(timeline(marks, [], lanes=[Lane("A", tuple(marks))], **common))
        assert len(drawn.all("g", "counts")) == numbers
        assert f"{len(marks) - (marks is near)} incidents" in drawn.all("g", "lane")[0].text


# --- in a browser -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    with launched() as found:
        yield found


@pytest.fixture
def opened(browser, text, tmp_path):
    """The page from a file; it may ask for nothing and complain of nothing."""
    path = tmp_path / "report.html"
    path.write_text(text, encoding="utf-8")
    with opened_file(browser, path) as tab:
        yield tab


@pytest.mark.compiled
def test_a_browser_shows_the_page_and_its_links_lead_to_people(opened, run, tmp_path):
    assert opened.title() == "rfgscore-demo: formal meeting pack as of 30 June 2025"
    for place in (1, len(run.cohort)):
        person = run.cohort["perpetrator_id"][place - 1]
        link = opened.locator(f"table.list a[href='#person-{place}']")
        assert link.inner_text() == person
        link.click()
        assert opened.url.endswith(f"#person-{place}")
        box = opened.locator(f"#person-{place}").bounding_box()
        assert -1 <= box["y"] < 900
        opened.click(f"#person-{place} a[href='#list']")
        assert opened.url.endswith("#list")
    assert opened.screenshot(path=tmp_path / "list.png").startswith(b"\x89PNG")


@pytest.mark.compiled
def test_nothing_runs_over_the_side_and_no_label_of_a_drawing_is_clipped(opened):
    for width in (1280, 1025, 768, 390, 320):
        opened.set_viewport_size({"width": width, "height": 900})
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
    clipped = opened.evaluate(
        """() => [...document.querySelectorAll('svg text')].filter(text => {
            const inner = text.getBBox(), view = text.ownerSVGElement.viewBox.baseVal;
            const shift = text.parentNode.transform?.baseVal[0]?.matrix.e ?? 0;
            return inner.x + shift < -0.5 || inner.x + shift + inner.width > view.width + 0.5;
        }).map(text => text.textContent)"""
    )
    assert clipped == []
    overlapping = opened.evaluate(
        """() => [...document.querySelectorAll('svg.timeline')].flatMap(svg => {
            const boxes = [...svg.querySelectorAll('text')].map(text => [text, text.getBBox()]);
            return boxes.flatMap(([one, a], at) => boxes.slice(at + 1).filter(([, b]) =>
                a.x < b.x + b.width && b.x < a.x + a.width &&
                a.y + 3 < b.y + b.height && b.y + 3 < a.y + a.height
            ).map(([other]) => one.textContent + ' / ' + other.textContent));
        })"""
    )
    assert overlapping == []
    assert opened.locator("svg.timeline g.lane").count() > len(opened.locator("article").all())


@pytest.mark.compiled
def test_many_victims_run_over_no_side_and_no_label_of_theirs_is_clipped(browser, desk):
    rows = named(*((f"I{n}", f"2025-0{1 + n % 6}-{1 + n // 6:02}", f"v{n}") for n in range(150)),
                 *(("ALL", "2025-01-01", f"v{n}") for n in range(40)), ("I0", "2025-01-01", ""))  # fmt: skip
    run = rfg.run(config=desk.config(), offences=desk.file(desk.rows(*rows)), as_of=desk.as_of)
    tab = browser.new_page()
    tab.set_content(page_of(run))
    for width in (1280, 390):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    labels = tab.locator("svg.timeline g.lanes text")
    assert labels.all_text_contents()[-2:] == ["others (144)", "not known"] and labels.count() == 8
    assert min(labels.evaluate_all("found => found.map(one => one.getBBox().x)")) >= 0
    tab.close()


@pytest.mark.compiled
def test_words_without_blanks_and_heavy_weights_run_over_no_side(browser, desk):
    table = desk.file([{"offence_code": "8/6", "weight": 1, "label": "L" * 300}], "own.csv")
    config = desk.config(gravity={"table": str(table)})
    long = {"incident_id": "R" * 150, "area": "A" * 300, "perpetrator_id": "P" * 150}
    run = rfg.run(config=config, offences=desk.file(desk.rows(long)), as_of=desk.as_of)
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.set_content(page_of(run))
    assert tab.evaluate("document.documentElement.scrollWidth") <= 1280
    for table in tab.locator(".wide:has(.incidents), .parts").all():
        assert table.evaluate("one => one.scrollWidth - one.clientWidth") == 0
    common = {"as_of": 20000, "window_days": 365, "label": "x"}
    tab.set_content("".join(timeline([], [], grid=(float(weight), 0.01), **common) for weight in WEIGHTS))
    left = "[...document.querySelectorAll('svg.timeline text')].map(text => text.getBBox().x)"
    assert min(tab.evaluate(left)) >= 0
    tab.close()


@pytest.mark.compiled
def test_no_sheet_about_a_person_is_without_their_id(opened, run, tmp_path):
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext (Debian package poppler-utils) to read what was printed")
    (tmp_path / "page.pdf").write_bytes(opened.pdf(format="A4", prefer_css_page_size=True))
    command = ["pdftotext", tmp_path / "page.pdf", "-"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\f")
    first = next(place for place, sheet in enumerate(printed) if "Decision on" in sheet)
    after = next(place for place, sheet in enumerate(printed) if "Scored, but not ranked" in sheet)
    people = set(run.cohort["perpetrator_id"])
    assert after - first >= len(people)
    assert all(people & set(re.findall(r"\w+", sheet)) for sheet in printed[first:after])


@pytest.mark.compiled
def test_paper_has_a_page_for_every_person(opened, run):
    data = opened.pdf(format="A4", prefer_css_page_size=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b", data))
    assert len(run.cohort) + 3 <= sheets <= 3 * len(run.cohort)
    opened.emulate_media(media="print")
    for part in (".incidents td:first-child", ".decision"):
        style = "one => { const s = getComputedStyle(one); return [s.whiteSpace, s.breakInside]; }"
        assert opened.locator(part).first.evaluate(style) in (["nowrap", "auto"], ["normal", "avoid"])
    assert not opened.locator("nav.toc").is_visible()
    assert opened.locator("pre").is_visible()


def test_the_table_of_flags_is_plain_data():
    path = files("rfgscore.report.page") / "flags.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["word", "group", "label", "sentence"] and all(len(row) == 4 for row in rows)
