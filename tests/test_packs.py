"""The two packs of a meeting: agenda, people without a score, score over time, and the list put in order and
filtered in a real browser."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rfgscore as rfg
from rfgscore.cohort.considered import Change
from rfgscore.dates import iso, to_day
from rfgscore.history.read import gravity_of
from rfgscore.report.page import pack_bytes
from rfgscore.report.page.standing import decided_words, moved
from rfgscore.report.page.trend import trend_days
from rfgscore.report.page.words import STATUSES, cause_words, route_words
from rfgscore.scoring import score_people
from rfgscore.scoring.past import past_scores
from rfgscore.vocabulary import words

for name in ("browser", "meeting"):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    assert spec is not None and spec.loader is not None
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])

import meeting  # noqa: E402
from browser import Element, Page, check_structure, launched, opened  # noqa: E402

KINDS = ("formal", "monitoring")


@pytest.fixture(scope="module")
def scored():
    return meeting.sample_scored()


@pytest.fixture(scope="module")
def cohort(scored):
    return meeting.sample_meeting(scored)


@pytest.fixture(scope="module")
def texts(scored, cohort) -> dict[str, str]:
    return {kind: meeting.pack(scored, cohort, kind, "OFFICIAL-SENSITIVE") for kind in KINDS}


@pytest.fixture(scope="module")
def pages(texts) -> dict[str, Page]:
    return {kind: Page(text) for kind, text in texts.items()}


# --- what stands in a pack --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_pack_is_sound_and_every_person_named_in_it_has_a_page(pages, texts, kind):
    page = pages[kind]
    check_structure(page)
    linked = {link.attributes["href"][1:] for link in page.all("a") if "#person-" in link.attributes["href"]}
    assert linked == {article.attributes["id"] for article in page.all("article")}
    title = re.search("<title>(.*)</title>", texts[kind])[1]
    assert title == f"rfgscore-demo: {kind} meeting pack as of 30 June 2025"
    assert bool(page.all("section", "chapter")) == (kind == "formal")


def listed_in(page: Page) -> list[str]:
    return [one.all("bdi")[0].text for one in page.all("tbody", "one")]


def test_each_list_holds_its_people_in_the_order_of_its_file(pages, cohort):
    for kind, name in (("formal", "cohort"), ("monitoring", "monitoring")):
        assert listed_in(pages[kind]) == [one.person for one in cohort.of(name)]
    titles = [row.text for row in pages["formal"].all("tbody", "status")]
    assert titles == [
        "Proposed for the meeting to look at: within capacity, or proposed before and kept (11)",
        "In reserve: the next positions (11)",
        "Also before the meeting, managed or by another route: each row says why (8)",
    ]
    (first, second) = [row.text for row in pages["formal"].all("tbody", "cut")]
    assert "Above it, though beyond it by position: 1 person proposed before, kept for now." in first
    assert second.startswith("Cut after position 24: the list by score ends.")


def test_the_agenda_names_who_comes_by_each_route_and_who_is_managed(pages, cohort):
    page = pages["monitoring"]
    by_status = {one.status: one.person for one in cohort.considered}
    agenda = {
        section: [row.all("th")[0].all("bdi")[0].text for row in page.at(section).all("tbody")[0].all("tr")]
        for section in ("releases", "referrals", "emerging", "since")
    }
    releases = sorted((one.release, one.person) for one in cohort.considered if "release" in dict(one.why))
    assert agenda["releases"] == [person for _, person in releases] and len(releases) == 3
    assert agenda["referrals"] == ["REF<1>"] and agenda["emerging"] == [by_status["emerging"]]
    managed = [one.person for one in cohort.carried() if one.listed == "cohort"]
    assert agenda["since"] == managed and len(managed) == 3
    # A column of numbers stands at one side, its heading too.
    table = page.at("since").all("table")[0]
    for row in table.all("tr"):
        sides = [
            "num" in cell.attributes.get("class", "") for cell in row.children if isinstance(cell, Element)
        ]
        assert sides == [False, False, True, True, True, True, False, False]
    named = set(listed_in(page)).union(*agenda.values())
    assert {article.all("h3")[0].all("bdi")[0].text for article in page.all("article")} == named
    assert "1 person more by this route, not shown." in page.at("releases").text
    assert "order breach: not assessable, no offence codes <were> mapped." in page.at("emerging").text
    assert "Each person who is not selected needs a review owner: 4 people" in page.at("safeguarding").text
    assert [box.text for box in page.at("safeguarding").all("dd")[:5]] == [""] * 5
    for row in page.all("tbody", "one"):
        assert row.all("span", "line")[0].text == "" and "Review owner:" in row.text
        assert "Since the last meeting:" in row.text


def test_whom_the_list_leaves_out_is_counted_by_route(pages):
    told = [one.text for one in pages["formal"].at("list").all("ul", "plain")[0].all("li")]
    assert [line.split(",")[0] for line in told] == [
        "Monitored: 4 people whom a meeting did not take on stand in monitoring.html. Within capacity or "
        "reserve: 21 N22893.",
        "Emerging: 2 people more", "Partner referral: 0 people more",
        "Coming release: 1 person more",
        "At rest: 1 person within capacity or reserve whom a meeting took off or handed on",
        "Carried: 1 person managed or monitored on the last lists",
        "Emerging: order breach: not assessable",
        "Left: 4 people of the lists of the last meeting on neither list now.",
    ]  # fmt: skip


def article_of(page: Page, person: str):
    (found,) = [one for one in page.all("article") if one.all("h3")[0].all("bdi")[0].text == person]
    return found


def test_people_who_are_not_scored_are_said_so_and_never_get_a_nought(pages, cohort):
    for one in cohort.considered:
        if one.place is not None:
            continue
        article = article_of(pages["formal" if one.listed == "cohort" else "monitoring"], one.person)
        assert "Score not scored" in article.all("dl", "facts")[0].text
        assert "Not scored: no record in the 730 days to 2025-06-30" in article.text
        assert not article.all("table", "parts") and not article.all("svg", "bar")
        assert bool(article.all("svg", "timeline")) == (one.number is not None)
        assert ("there is nothing to draw" in article.text) == (one.number is None)
    referred = article_of(pages["formal"], "REF<1>")
    assert "no earlier record is held here" in referred.text and "score may be too low" not in referred.text
    assert [row.text for row in pages["formal"].all("td", "points") if "Not scored" in row.text] == [
        "Not scored no record in the window"
    ] * 2


def test_the_page_of_a_managed_person_tells_of_the_decision_and_leaves_the_next_one_empty(pages, cohort):
    due, later = [one for one in cohort.considered if one.status == "managed"]
    for one, review in ((due, "2025-06-27, due"), (later, "2025-08-09")):
        article = article_of(pages["formal"], one.person)
        facts = article.all("dl", "facts")[0].text
        assert f"Pathway disruption Owner Sgt A <b> Review by {review}" in facts
        assert "Recorded decision" not in article.text  # the route tells of it
        told = "Recorded decision: managed at the meeting of 2025-06-03, pathway disruption, decided by chair"
        assert decided_words(one) == f"{told}; reason: harm is rising"
        assert "Told of by the route carried. carried" in article.text
        assert [box.text for box in article.all("section", "decision")[0].all("dd")] == [""] * 6
        change = cohort.changes[one.person]
        assert moved(change).words in article.text.casefold() and change.sentence in article.text


@pytest.mark.parametrize(
    ("change", "kind", "words_", "by"),
    [
        (Change("entered", None, 3, "new_incident", "s"), "entered", "new on the lists", None),
        (Change("moved", 9, 4, "", "s"), "up", "5 up, from 9", 5),
        (Change("moved", 4, 9, "outranked", "s"), "down", "5 down, from 4", -5),
        (Change("same", 4, 4, "", "s"), "same", "same position", 0),
        (Change("moved", 4, None, "custody", "s"), "changed", "no position, was 4", None),
        (Change("moved", None, 4, "custody", "s"), "changed", "had no position", None),
        (Change("same", None, None, "", "s"), "same", "no position, as before", None),
    ],
)
def test_a_change_has_a_sign_and_words(change, kind, words_, by):
    told = moved(change)
    assert (told.kind, told.words, told.by) == (kind, words_, by) and told.arrow


def test_every_status_route_and_cause_of_the_vocabulary_has_its_words():
    held = {word.kind: {one.word for one in words() if one.kind == word.kind} for word in words()}
    assert set(STATUSES) == held["status"] - {"removed", "transferred"}
    assert all("_" not in cause_words(word) for word in held["cause"])
    assert all("-" not in route_words(word) for word in held["route"])


def test_pieces_that_do_not_agree_are_refused(scored, cohort):
    pieces = meeting.pieces_of(scored, cohort, "formal")
    with pytest.raises(ValueError, match="listed: not the list"):
        pack_bytes(**{**pieces, "kind": "monitoring"})
    with pytest.raises(ValueError, match="explanations: one for each"):
        pack_bytes(**{**pieces, "explanations": pieces["explanations"][1:]})


def test_no_victim_and_nobody_else_is_named_in_either_pack(texts, scored, cohort):
    persons = {str(person) for person in scored.history.persons.tolist()}
    victims = set(scored.history.source.victim.values) - persons
    named = {one.person for one in cohort.considered}
    excluded = {
        str(scored.history.persons[scored.people[at]]) for at, why in enumerate(scored.exclusion) if why
    }
    for kind, text in texts.items():
        found = set(re.findall(r"\w+", text))
        assert not victims & found and not (persons - named - excluded) & found
        if kind == "monitoring":
            assert not (excluded - named) & found


@pytest.mark.compiled
def test_a_hundred_people_of_sixty_incidents_stay_under_four_megabytes(desk):
    rows = desk.rows(
        *(
            {"perpetrator_id": f"P{n:03}", "incident_id": f"OCC-{n:03}-{k:03}", "area": "North",
             "event_date": iso(to_day("2025-06-28") - 11 * k - n % 7), "victim_id": f"V{k % 9}" if k else ""}
            for n in range(100)
            for k in range(60)
        )
    )  # fmt: skip
    config = desk.config(cohort={"capacity": 50, "reserve": 50})
    scored = meeting.scored_from(config, desk.file(rows), desk.as_of)
    formal = meeting.by_position(scored)
    watched = replace(
        formal,
        considered=tuple(replace(one, listed="monitoring", status="monitoring") for one in formal.considered),
    )
    for kind, cohort in (("formal", formal), ("monitoring", watched)):
        text = meeting.pack(scored, cohort, kind)
        assert len(text) < 4_000_000 and text.count('<g class="lane"') == 800


# --- score over time --------------------------------------------------------------------------------

BANDS = {
    "recency": {"bands": [{"up_to": 30, "points": 20}, {"up_to": 365, "points": 8}]},
    "frequency": {"bands": [{"from": 1, "points": 5}, {"from": 2, "points": 10}]},
    "gravity": {
        "aggregate": "decayed",
        "half_life_days": 90,
        "bands": [{"from": 1, "points": 6}, {"from": 84, "points": 9}],
    },
}
CUSTODY = {
    "custody": {"columns": {name: name for name in ("perpetrator_id", "start", "end", "recorded_date")}}
}


def lines_over_time(desk) -> list[dict]:
    return desk.rows(
        {"event_date": "2023-01-05"},
        {"event_date": "2024-02-01", "recorded_date": "2024-12-01", "offence_code": "8/1"},
        {"event_date": "2024-05-01", "event_end": "2024-09-30"},
        {"event_date": "2025-06-01"},
        {"perpetrator_id": "P2", "event_date": "2022-01-01"},
        {"perpetrator_id": "P3", "event_date": "2025-06-30", "recorded_date": "2025-06-30"},
        {"perpetrator_id": "P4", "event_date": "2024-11-11"},
    )


@pytest.mark.parametrize("clock", ["calendar", "at_liberty"])
def test_a_past_score_is_the_score_of_that_day_as_known_then(desk, clock):
    components = {**BANDS, "recency": {**BANDS["recency"], "clock": clock}}
    config = desk.config(
        reading={**CUSTODY, "point_in_time": "accept_extract_state"},
        score={"window_days": 365, "components": components},
    )
    custody = [
        {"perpetrator_id": "P1", "start": "2024-10-05", "end": "2025-01-05", "recorded_date": "2024-11-20"},
        {"perpetrator_id": "P4", "start": "2024-12-01", "end": "", "recorded_date": ""},
    ]
    history = desk.history(config=config, custody=custody, *lines_over_time(desk))  # noqa: B026
    gravity = gravity_of(config)
    scored = score_people(history, config=config, gravity=gravity, as_of=history.as_of)
    days = trend_days(scored.as_of, scored.as_of - 5)
    numbers = [3, 0, 2, 1]
    past = past_scores(scored, numbers, days)
    assert past.days == days and past.score.shape == (4, 28)
    for at, day in enumerate(days):
        then = score_people(history, config=config, gravity=gravity, as_of=day)
        held = dict(zip(then.people.tolist(), then.score.tolist(), strict=True))
        assert [held.get(number) for number in numbers] == [
            score if known else None
            for score, known in zip(past.score[:, at].tolist(), past.scored[:, at].tolist(), strict=True)
        ]
    assert len({tuple(column) for column in past.score.T.tolist()}) > 5


@pytest.mark.parametrize(
    "method",
    [
        {"method": "quantile", "q": 3},
        {"method": "continuous", "weights": {"frequency": 2, "gravity": 0.1}},
        {"method": "continuous", "scale": "max", "weights": {"frequency": 2, "gravity": 1}},
        {"method": "continuous", "scale": "log1p_max", "weights": {"frequency": 2, "gravity": 1}},
    ],
)
def test_a_past_score_keeps_the_edges_and_the_largest_values_of_today(desk, method):
    parts = {"frequency": {}, "gravity": {"aggregate": "sum"}}
    config = desk.config(score={**method, "window_days": 365, "components": parts})
    history = desk.history(config=config, *lines_over_time(desk))  # noqa: B026
    scored = score_people(history, config=config, gravity=gravity_of(config), as_of=history.as_of)
    place = scored.people.tolist().index(0)
    past = past_scores(scored, [0], [to_day("2024-06-01"), scored.as_of])
    assert past.score[0, 1] == scored.score[place] and past.scored.all()
    if method.get("scale") == "max":
        # One incident, of weight 1, on that day; today the largest values are of three.
        most = {part.name: part.value.max() for part in scored.components}
        assert past.score[0, 0] == pytest.approx(
            2 / most["frequency"] + past_weight(scored) / most["gravity"], abs=1e-6
        )


def past_weight(scored) -> float:
    """Weight of the plain line of the desk."""
    line = int(scored.history.offsets[0])
    return float(scored.history.weights[scored.history.code[line]])


def test_the_days_looked_at_stay_in_the_calendar_and_in_two_years():
    assert trend_days(20_000, 20_000 - 800) == tuple(range(20_000 - 728, 20_001, 28))
    first = to_day("0001-01-01")
    assert trend_days(first, None) == (first,) and trend_days(first + 30, first) == (
        first,
        first + 2,
        first + 30,
    )


def test_days_ahead_and_people_asked_for_twice_are_refused_and_nobody_is_nobody(scored):
    with pytest.raises(ValueError, match="days: none may lie after"):
        past_scores(scored, [0], [scored.as_of + 1])
    with pytest.raises(ValueError, match="numbers: each person once"):
        past_scores(scored, [0, 0], [scored.as_of])
    assert past_scores(scored, [], [scored.as_of]).score.shape == (0, 1)


@pytest.mark.compiled
def test_two_hundred_people_and_two_years_take_no_time(desk):
    import time

    person = np.repeat(np.arange(200), 60)
    history = rfg.History.from_arrays(
        person=person,
        day=(20_000 - np.arange(12_000) * 37 % 1500).astype(np.int32),
        gravity=np.full(12_000, 2.0),
    )
    scored = rfg.score(history, config=desk.config(), as_of=20_000).scored
    days = trend_days(20_000, None)
    past_scores(scored, [0], days[:1])
    began = time.perf_counter()
    past_scores(scored, list(range(200)), days)
    assert time.perf_counter() - began < 1


def test_the_line_breaks_where_nobody_was_scored_and_is_told_in_words(desk):
    config = desk.config(
        reading=CUSTODY, score={"window_days": 90, "components": {"frequency": BANDS["frequency"]}}
    )
    history = desk.history({"event_date": "2023-09-01"}, {"event_date": "2025-06-01"},
                           {"perpetrator_id": "P2", "event_date": "2025-06-30"}, config=config)  # fmt: skip
    scored = score_people(history, config=config, gravity=gravity_of(config), as_of=history.as_of)
    cohort = replace(
        meeting.by_position(scored), previous=meeting.sample_meeting(meeting.sample_scored()).previous
    )
    page = Page(meeting.pack(scored, cohort, "formal"))
    first, second = (article_of(page, person) for person in ("P1", "P2"))
    drawn = first.all("svg", "trend")[0]
    label = drawn.attributes["aria-label"]
    assert label.startswith("Score over time: 5 on 2023-09-") and "not scored on" in label
    (line,) = [one.attributes["d"] for one in drawn.all("path") if one.attributes.get("fill") == "none"]
    assert line.count("M") == 2
    cells = [row.text.split(" ", 1) for row in first.all("details", "course")[0].all("tbody")[0].all("tr")]
    assert len(cells) == 27 and cells[-1] == ["2025-06-30", "5"] and ["2024-07-01", "not scored"] in cells
    assert "previous run 2025-06-02" in drawn.text and label.endswith("; 5 on 2025-06-02, the previous run")
    only = second.all("svg", "trend")[0].attributes["aria-label"]
    assert only == "Score over time: 5 on 2025-06-30; not scored on 26 of 27 days"


# --- in a browser -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    with launched() as found:
        yield found


@pytest.fixture(scope="module")
def paths(texts, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("packs")
    for kind, text in texts.items():
        (folder / f"{kind}.html").write_text(text, encoding="utf-8")
    return {kind: folder / f"{kind}.html" for kind in texts}


@pytest.fixture
def tab(browser, paths):
    with opened(browser, paths["formal"]) as found:
        yield found


SHOWN = (
    "[...document.querySelectorAll('tbody.one')].filter(one => !one.hidden).map(one => one.dataset.person)"
)


def columns(scored, cohort) -> dict[str, list]:
    """What each column is put in order by, as Python knows it; None for blanks."""
    people = cohort.of("cohort")
    places = [one.place for one in people]
    ranked = [None if at is None else int(scored.ranking.position[at]) or None for at in places]
    before = [cohort.changes[one.person].position_before for one in people]
    return {
        "Position": ranked,
        "Person": [one.person for one in people],
        "Status": [one.status for one in people],
        "Change": [None if a is None or b is None else a - b for a, b in zip(before, ranked, strict=True)],
        "Score": [None if at is None else int(scored.score[at]) for at in places],
        "Latest": [None if at is None else int(scored.walk.last_day[scored.people[at]]) for at in places],
        "Flags": [len(one.flags) for one in people],
    }


@pytest.mark.compiled
def test_every_column_sorts_both_ways_as_python_does(tab, scored, cohort):
    people = [one.person for one in cohort.of("cohort")]
    frame = tab.locator("tbody.status:visible, tbody.cut:visible")
    assert frame.count() == 5
    for name, keys in columns(scored, cohort).items():
        known = [at for at, key in enumerate(keys) if key is not None]
        blank = [at for at, key in enumerate(keys) if key is None]
        button = tab.get_by_role("button", name=name, exact=True)
        for falling, word in ((False, "ascending"), (True, "descending")):
            button.click()
            order = sorted(known, key=keys.__getitem__, reverse=falling) + blank
            assert tab.evaluate(SHOWN) == [people[at] for at in order], (name, falling)
            heads = tab.locator("th[aria-sort]")
            sorts = heads.evaluate_all("found => found.map(one => [one.innerText.trim(), one.ariaSort])")
            assert sorts == [[name, word]] and frame.count() == 0
            assert f"Sorted by {name.lower()}" in tab.locator("#note").inner_text()
    tab.get_by_role("button", name="Show all, in list order").click()
    assert tab.evaluate(SHOWN) == people and frame.count() == 5 and not tab.locator("#note").is_visible()


@pytest.mark.compiled
def test_every_filter_shows_whom_python_would_and_counts_them(tab, scored, cohort):
    people = cohort.of("cohort")
    holds = {
        "Status": lambda one: [one.status],
        "Route": lambda one: one.routes,
        "Area": lambda one: [one.area],
        "Flag": lambda one: one.flags,
    }
    for label, of in holds.items():
        box = tab.get_by_label(label, exact=True)
        options = box.locator("option").evaluate_all("found => found.map(one => one.value)")
        assert set(options) - {""} == {word for one in people for word in of(one) if word}
        for word in options[1:]:
            box.select_option(word)
            wanted = [one.person for one in people if word in of(one)]
            assert tab.evaluate(SHOWN) == wanted
            assert tab.locator("#shown").inner_text() == f"{len(wanted)} of 30 shown"
            assert tab.locator("tbody.status:visible").count() == (0 if len(wanted) < 30 else 3)
        box.select_option("")
    find = tab.get_by_label("Find")
    find.fill("  ref<1> ")
    assert tab.evaluate(SHOWN) == ["REF<1>"]
    find.fill("no such words")
    assert tab.evaluate(SHOWN) == [] and tab.locator("#shown").inner_text() == "0 of 30 shown"
    assert "Filtered: 30 of the list not shown." in tab.locator("#note").inner_text()
    tab.get_by_role("button", name="Show all, in list order").click()
    assert len(tab.evaluate(SHOWN)) == 30 and find.input_value() == ""
    assert tab.locator("article:visible").count() == 30
    live = tab.locator("#shown")
    assert (live.get_attribute("aria-live"), live.get_attribute("role")) == ("polite", "status")


@pytest.mark.compiled
def test_the_keyboard_alone_sorts_filters_resets_and_opens_a_person(tab, cohort):
    def tab_to(words: str, key: str = "Tab") -> None:
        for _ in range(60):
            tab.keyboard.press(key)
            told = "(one => one.labels?.[0]?.innerText ?? one.innerText)(document.activeElement)"
            if tab.evaluate(told).strip() == words:
                style = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert style not in ("none", ""), words
                return
        raise AssertionError(words)

    people = [one.person for one in cohort.of("cohort")]
    tab_to("Score")
    tab.keyboard.press("Enter")
    assert tab.locator("th[data-key=score]").get_attribute("aria-sort") == "ascending"
    tab.keyboard.press("Space")
    assert tab.locator("th[data-key=score]").get_attribute("aria-sort") == "descending"
    tab_to("Show all, in list order", "Shift+Tab")
    tab.keyboard.press("Enter")
    assert tab.evaluate(SHOWN) == people
    tab_to("Find", "Shift+Tab")
    tab.keyboard.type("ref<1>")
    assert tab.evaluate(SHOWN) == ["REF<1>"]
    tab_to("REF<1>")
    tab.keyboard.press("Enter")
    place = people.index("REF<1>") + 1
    assert tab.url.endswith(f"#person-{place}")
    assert -1 <= tab.locator(f"#person-{place}").bounding_box()["y"] < 900


@pytest.mark.compiled
def test_without_its_script_a_pack_shows_everything_and_no_controls(browser, paths, cohort):
    for kind, name in (("formal", "cohort"), ("monitoring", "monitoring")):
        with opened(browser, paths[kind], java_script_enabled=False) as tab:
            assert tab.locator("tbody.one:visible").count() == len(cohort.of(name))
            assert not tab.locator("#tools").is_visible() and tab.locator("thead button").count() == 0
            assert tab.locator("tbody.status:visible").count() == (3 if kind == "formal" else 1)


@pytest.mark.compiled
def test_no_other_script_runs_and_nothing_can_be_asked_for(browser, paths):
    with opened(browser, paths["formal"], quiet=False) as tab:
        assert tab.heard == []
        tab.evaluate("""() => {
            const added = document.createElement('script');
            added.textContent = 'window.ran = true';
            document.body.append(added);
            document.body.insertAdjacentHTML('beforeend', '<b id="hit" onclick="window.ran = true">x</b>');
            document.getElementById('hit').click();
            const image = document.createElement('img');
            image.src = 'http://localhost:9/x.png';
            document.body.append(image);
        }""")
        asked = tab.evaluate("fetch('http://localhost:9/x').then(() => 'answered', () => 'refused')")
        assert tab.evaluate("window.ran") is None and asked == "refused"
        assert len(tab.heard) >= 4 and not any("asked for" in said for said in tab.heard)
        assert all("Content Security Policy" in said or "Fetch API" in said for said in tab.heard)


@pytest.mark.compiled
@pytest.mark.parametrize("kind", KINDS)
def test_a_checker_of_accessibility_finds_nothing(browser, paths, cohort, kind):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # A person of each status will do: the pages of all are made alike, and the checker takes its time.
    kept = list({(one.status, one.place is None): one.person for one in cohort.considered}.values())
    for scheme, width in (("light", 1280), ("dark", 390)):
        size = {"width": width, "height": 900}
        with opened(browser, paths[kind], color_scheme=scheme, viewport=size) as tab:
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            tab.evaluate(
                """kept => [...document.querySelectorAll('article, tbody.one')]
                    .filter(one => !kept.includes(one.querySelector('bdi').textContent))
                    .forEach(one => one.remove())""",
                kept,
            )
            told = axe.run(tab).response
            found = [(one["id"], one["nodes"][0]["html"][:200]) for one in told["violations"]]
            assert found == [] and len(told["passes"]) > 20
            tab.get_by_role("button", name="Score", exact=True).click()
            assert axe.run(tab, context="#list").response["violations"] == []
            tab.evaluate("document.getElementById('filter-text').labels[0].remove()")
            broken = axe.run(tab, context="#tools").response["violations"]
            assert [one["id"] for one in broken] == ["label"]


@pytest.mark.compiled
def test_a_printed_pack_shows_what_the_screen_shows_and_says_so(tab, cohort, tmp_path):
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext (Debian package poppler-utils) to read what was printed")

    def printed() -> list[str]:
        (tmp_path / "page.pdf").write_bytes(tab.pdf(format="A4", prefer_css_page_size=True))
        command = ["pdftotext", "-layout", tmp_path / "page.pdf", "-"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\f")

    whole = printed()
    first = next(at for at, sheet in enumerate(whole) if "Decision on" in sheet)
    listed = "".join(whole[:first])
    assert all(one.person in listed for one in cohort.of("cohort"))
    assert "Proposed for the meeting" in listed and "Cut after position 12" in listed
    assert "Find" not in listed and "Show all" not in listed
    people = {one.person for one in cohort.of("cohort")}
    last = next(at for at, sheet in enumerate(whole) if "Scored, but not ranked" in sheet)
    assert all(any(person in sheet for person in people) for sheet in whole[first:last])
    tab.get_by_label("Status").select_option("managed")
    fewer = printed()
    listed = "".join(fewer[: next(at for at, sheet in enumerate(fewer) if "Decision on" in sheet)])
    assert "Filtered: 28 of the list not shown." in listed and "Cut after" not in listed
    assert "In reserve: the next" not in listed
