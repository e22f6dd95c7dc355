"""The area briefing: only people a meeting took on, and of them only what the recipient may see."""

from __future__ import annotations

import csv
import re
import shutil

import pytest

import rfgscore as rfg
from rfgscore.cohort.considered import Cohort, Considered
from rfgscore.cohort.select import select_cohort
from rfgscore.dates import NO_DAY, to_day
from rfgscore.errors import InternalError
from rfgscore.history.told import Decision
from rfgscore.report import briefing, recipients
from rfgscore.report.briefing import briefing_bytes, briefing_table
from rfgscore.report.recipients import hidden_titles, may_see, profiles, visible
from rfgscore.sample import SAMPLE_AS_OF, sample_file
from rfgscore.vocabulary import words

AS_OF = to_day("2026-11-22")
SECRET = ("victim_ref", "crime_ref")
FLAGS = {word.word for word in words() if word.kind == "flag"}


def decided(person="P1", **differs) -> Decision:
    told = {
        "meeting": to_day("2026-11-20"),
        "decision": "managed",
        "pathway": "disruption",
        "owner": "Team North",
        "decided_by": "the chair",
        "reason": "the secret reason",
        "review_by": to_day("2026-12-18"),
        "known": to_day("2026-11-20"),
    }
    return Decision(person, **told | differs)


def one(person="P1", **differs) -> Considered:
    told = {
        "number": None,
        "place": None,
        "listed": "cohort",
        "status": "managed",
        "routes": ("carried", "emerging:new-victim"),
        "why": (("carried", "a secret sentence"),),
        "pathway": "disruption",
        "decision": decided(person),
        "in_custody": True,
        "release": to_day("2026-12-01"),
        "flags": ("counter_allegation", "order_in_force", "strangulation", "victim_unknown"),
        "area": "North",
        "before": None,
        "outside": 0,
        "leaving": None,
    }
    return Considered(person=person, **told | differs)


def cohort_of(*people: Considered) -> Cohort:
    return Cohort(
        since=AS_OF - 28,
        considered=people,
        not_shown={},
        at_rest=0,
        left=0,
        not_assessed={},
        previous=None,
        changes={},
    )


def page(*people: Considered, **more) -> str:
    given = {
        "as_of": AS_OF,
        "name": "made up",
        "summaries": {"P1": "92 of 100 points"},
        "marking": "SECRET-ISH",
    }
    return briefing_bytes(cohort_of(*people), **given | more).decode("utf-8")


def plain(text: str) -> str:
    body = re.sub(r"(?s)<style>.*?</style>|<[^>]*>", " ", text)
    return " ".join(body.split())


def test_the_table_of_recipients_covers_every_field_and_every_flag():
    everything = visible("meeting")
    fields = {name for name in everything if not name.startswith("flag:")}
    assert fields == set(briefing._FIELDS)
    assert {name.removeprefix("flag:") for name in everything - fields} == FLAGS
    for profile in profiles():
        assert visible(profile) <= everything
        assert visible(profile) >= {"perpetrator_id", "area"}
        assert len(visible(profile)) + len(hidden_titles(profile)) == len(everything)


def test_front_line_teams_see_no_score_no_victim_and_no_reason():
    seen = visible("frontline")
    assert not seen & {"summary", "decision_reason", "decided_by", "entry_routes"}
    assert not [name for name in seen if "victim" in name or name == "flag:counter_allegation"]
    assert seen >= {"flag:strangulation", "flag:order_in_force", "in_custody", "next_release_date", "owner"}


@pytest.mark.parametrize("call", [visible, hidden_titles, lambda name: may_see(name, "area")])
def test_an_unknown_profile_is_refused(call):
    with pytest.raises(
        ValueError, match="no profile of recipients is called 'press'; one of meeting, partner"
    ):
        call("press")
    with pytest.raises(ValueError, match="'press'"):
        page(one(), profile="press")


def test_an_unknown_field_is_shown_to_nobody():
    with pytest.raises(ValueError, match="no row for the field 'dob'"):
        may_see("meeting", "dob")
    with pytest.raises(ValueError, match="no row for the field 'flag:new_flag'"):
        page(one(flags=("new_flag",)))


@pytest.mark.parametrize("rows", ["a,A,yes\na,A,no\n", "a,A,maybe\n", "a,A\n"])
def test_a_slip_in_the_table_of_recipients_stops_everything(rows, monkeypatch, tmp_path):
    (tmp_path / "recipients.csv").write_text("field,title,meeting\n" + rows, encoding="utf-8")
    monkeypatch.setattr(recipients, "files", lambda package: tmp_path)
    recipients._table.cache_clear()
    try:
        with pytest.raises(InternalError, match=r"recipients\.csv: the row of a "):
            visible("meeting")
    finally:
        recipients._table.cache_clear()


def test_only_people_a_meeting_took_on_stand_on_it():
    others = [
        one(f"OTHER-{status}", status=status, pathway="", decision=None)
        for status in (
            "proposed", "reserve", "referred", "release", "carried", "emerging", "undecided", "monitoring",
        )
    ]  # fmt: skip
    monitored = one("OTHER-carried-monitored", status="carried", listed="monitoring")
    carried = one("CARRIED", status="carried", decision=None)
    text = page(one(), *others, monitored, carried)
    assert "OTHER" not in text and "CARRIED" in text
    table = briefing_table(cohort_of(one(), *others, monitored, carried), summaries={})
    assert table["perpetrator_id"] == ["P1", "CARRIED"]
    assert (table["owner"], table["status"]) == (["Team North", None], ["managed", "carried"])
    assert "Carried from an earlier run" in plain(page(carried)) and "Carried from" not in plain(page(one()))


def test_what_a_front_line_team_reads():
    told = plain(page(one()))
    for words_ in (
        "Pathway disruption",
        "Owner Team North",
        "Taken on by the meeting of 2026-11-20",
        "Review by 2026-12-18",
        "Custody in custody, planned release 2026-12-01",
        "A protective order is in force",
        "An offence of strangulation",
        "For the profile frontline : who decided; the reason of the decision;",
        "report/recipients.csv",
        "The tool ranks and explains; people decide.",
        "As of 22 November 2026",
    ):
        assert words_ in told, words_
    assert told.count("SECRET-ISH") == 2
    for hidden in (
        "secret",
        "points",
        "the chair",
        "suspect against the other",
        "names no known victim",
        "emerging",
    ):
        assert hidden not in told


def test_every_profile_has_its_table_and_its_page():
    columns = {
        profile: list(briefing_table(cohort_of(one()), summaries={}, profile=profile).columns)
        for profile in profiles()
    }
    assert columns["meeting"] == [*briefing._FIELDS, "flags"]
    for profile in profiles():
        assert set(columns[profile]) - {"flags"} == visible(profile) & set(briefing._FIELDS)
    meeting = plain(page(one(), profile="meeting"))
    for words_ in ("the secret reason", "92 of 100 points", "Decided by the chair", "emerging: new victim"):
        assert words_ in meeting
    assert "For the profile" not in meeting
    # Not from a route's sentence either: those may name what nobody decided to show.
    assert "a secret sentence" not in meeting


def test_one_section_an_area_and_those_without_one_last():
    told = page(one("A", area="South"), one("B", area=""), one("C", area="North"), one("D", area="South"))
    assert re.findall(r"<h2 id=\"area-\d\-title\"><bdi>(.*?)</bdi>", told) == [
        "North",
        "South",
        "Area not known",
    ]
    assert re.findall(r"<h3 [^>]*><bdi>(.*?)</bdi>", told) == ["C", "A", "D", "B"]
    assert 'aria-label="Areas"' in told and 'aria-label="Areas"' not in page(one())


@pytest.mark.parametrize(
    ("differs", "words_"),
    [
        ({"in_custody": False, "release": NO_DAY}, "Custody not in custody"),
        ({"release": NO_DAY}, "in custody, no planned release known"),
        ({"decision": decided(owner="", review_by=NO_DAY)}, "Owner none recorded"),
        ({"decision": decided(owner="", review_by=NO_DAY)}, "Review by none recorded"),
    ],
)
def test_what_is_not_known_is_said(differs, words_):
    assert words_ in plain(page(one(**differs)))


def test_no_custody_table_no_word_of_custody():
    assert "<dt>Custody</dt>" not in page(one(in_custody=None, release=NO_DAY))


def test_an_empty_briefing_says_so():
    told = plain(page())
    assert "Nobody: no meeting has taken anybody on" in told and "None" not in told
    assert len(briefing_table(cohort_of(), summaries={})) == 0


def test_nothing_on_the_page_comes_alive():
    evil = "<script>alert(1)</script>\"'&{{ 7 * 7 }}"
    text = page(
        one(evil, area=evil, pathway=evil, decision=decided(evil, pathway=evil, owner=evil)),
        name=evil,
        marking='</style><script>"',
    )
    assert "<script" not in text and "49" not in plain(text)
    assert text.count("&lt;script&gt;alert(1)") >= 5
    assert re.findall(r"(?:src|href)=\"(?!#)", text) == [] and "default-src 'none'" in text


@pytest.fixture(scope="module")
def managed(tmp_path_factory) -> tuple[rfg.Run, list[str]]:
    """The sample, with its first three people taken on by a meeting."""
    given = {name: sample_file(f"{name}.csv") for name in ("subjects", "custody", "links")}
    given |= {"offences": sample_file("offences.csv"), "as_of": SAMPLE_AS_OF}
    config = rfg.load_config(sample_file("config.yaml"))
    persons = rfg.run(config=config, **given).cohort["perpetrator_id"][:3]
    path = tmp_path_factory.mktemp("briefing") / "decisions.csv"
    rows = [f"{person},2025-06-24,managed,disruption,Team {place}" for place, person in enumerate(persons)]
    rows.append("NOBODY-KNOWN,2025-06-24,managed,diversion,Team 9")
    path.write_text("perpetrator_id,meeting_date,decision,pathway,owner\n" + "\n".join(rows) + "\n")
    return rfg.run(config=config, **given, decisions=path), [*persons, "NOBODY-KNOWN"]


def test_a_run_tells_what_is_on_record_without_victims_or_references(managed):
    run, persons = managed
    scored = run.scores.scored
    table = briefing_table(select_cohort(scored), summaries={}, scored=scored)
    assert sorted(table["perpetrator_id"]) == sorted(persons)
    told = dict(zip(table["perpetrator_id"], table["record"], strict=True))
    assert told.pop("NOBODY-KNOWN") == "No record of this person is held here."
    for sentence in told.values():
        assert re.fullmatch(
            r"Named as suspect in \d+ incidents( \([^)]*\))? in the 730 days to 2025-06-30, the latest on "
            r"2025-\d\d-\d\d, the gravest recorded as [^;]+\.",
            sentence,
        )
    page_ = briefing_bytes(
        select_cohort(scored), as_of=scored.as_of, name="sample", summaries={}, scored=scored
    ).decode()
    body = plain(page_)
    assert all(person in body for person in persons)
    with sample_file("offences.csv").open(encoding="utf-8-sig", newline="") as file:
        secret = {cell for row in csv.DictReader(file) for name, cell in row.items() if name in SECRET}
    secret -= set(persons)  # whoever is a suspect here may be a victim there
    secret = {cell for cell in secret if any(map(str.isdigit, cell))}  # placeholders name nobody
    assert len(secret) > 400
    assert {cell for cell in secret if cell in body} == set()


def test_the_dead_and_those_without_a_record_in_the_window(desk):
    rows = [
        {"perpetrator_id": "DEAD", "event_date": "2025-03-01"},
        {"perpetrator_id": "OLD", "event_date": "2020-03-01"},
        {"perpetrator_id": "P3"},
    ]
    meeting = "2025-06-01"
    decisions = [
        {"perpetrator_id": who, "meeting_date": meeting, "decision": "managed", "pathway": "diversion"}
        for who in ("DEAD", "OLD", "GONE")
    ]
    run = rfg.run(
        config=desk.config(),
        offences=desk.file([{**desk.row, **row} for row in rows]),
        subjects=desk.file(
            [
                {"perpetrator_id": "DEAD", "deceased_date": "2025-06-20"},
                {"perpetrator_id": "GONE", "deceased_date": "2025-06-21"},
                {"perpetrator_id": "OLD", "deceased_date": ""},
            ],
            "subjects.csv",
        ),
        decisions=desk.file(decisions, "decisions.csv"),
        as_of=desk.as_of,
    )
    scored = run.scores.scored
    table = briefing_table(select_cohort(scored), summaries={}, scored=scored)
    died = dict(zip(table["perpetrator_id"], map(str, table["deceased_date"]), strict=True))
    assert died == {"DEAD": "2025-06-20", "GONE": "2025-06-21", "OLD": "None"}
    record = dict(zip(table["perpetrator_id"], table["record"], strict=True))
    assert record["OLD"] == "No record in the 730 days to 2025-06-30; there are earlier ones."
    told = briefing_bytes(select_cohort(scored), as_of=scored.as_of, name="n", summaries={}, scored=scored)
    assert told.count(b"Recorded as deceased on 2025-06-2") == 2


@pytest.mark.compiled
@pytest.mark.parametrize("width", [1280, 360])
def test_a_browser_finds_nothing_in_the_way_of_anyone(width, tmp_path):
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on this machine: install it to see the page in a browser")
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    file = tmp_path / "briefing.html"
    file.write_text(page(one("N" * 120), one("P2", area="South" * 20), one("P3", area="")), encoding="utf-8")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            # The page forbids every script of its own; the checker's must get past that.
            tab = browser.new_context(bypass_csp=True, viewport={"width": width, "height": 800}).new_page()
            tab.goto(file.as_uri())
            found = Axe().run(tab)
            assert [fault["id"] for fault in found.response["violations"]] == []
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
        finally:
            browser.close()
