"""What changed between two runs: settings, input, people; and nobody named who may have been taken off."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

import rfgscore as rfg
from rfgscore.errors import FormatError, InputNotFoundError, PointInTimeError
from rfgscore.pipeline.diff import Diff, diff

SPEC = importlib.util.spec_from_file_location("small_sets", Path(__file__).parent / "small_sets.py")
assert SPEC is not None and SPEC.loader is not None
small = importlib.util.module_from_spec(SPEC)
sys.modules["small_sets"] = small
SPEC.loader.exec_module(small)

CANARY = "ZQ-CANARY-1"
UNKNOWN = "known only when the second run is made with --previous the first"


def listed(*people: tuple[str, int | None, str]) -> list[dict]:
    return [{"perpetrator_id": person, "position": at, "status": status} for person, at, status in people]


def scored(**points: tuple[int | None, int]) -> list[dict]:
    """Return rows of the scores: position and score by person."""
    return [
        {"perpetrator_id": person, "position": at, "score": score} for person, (at, score) in points.items()
    ]


def two(tmp_path: Path, first: dict | None = None, second: dict | None = None) -> Diff:
    """Compare two output sets of the same day."""
    a = small.lay_down(tmp_path / "june", **(first or {}))
    return diff(a, small.lay_down(tmp_path / "july", **(second or {})))


def people(found: Diff, *columns: str) -> list[tuple]:
    return list(zip(*(found.people[name] for name in ("perpetrator_id", "what", *columns)), strict=True))


@pytest.fixture(scope="module")
def meeting(tmp_path_factory) -> Diff:
    """Two meetings that know nothing of each other."""
    folder = tmp_path_factory.mktemp("runs")
    first = small.lay_down(
        folder / "june",
        cohort=listed(
            ("P1", 1, "proposed"), ("P2", 2, "proposed"), ("P3", 3, "reserve"), ("P4", 4, "reserve"),
            ("P5", 5, "reserve"), (CANARY, 6, "reserve"), ("P7", None, "referred"), ("P8", 8, "reserve"),
        ),
        scores=scored(P1=(1, 90), P2=(2, 80), P3=(3, 70), P4=(4, 60), P5=(5, 50), P8=(8, 20), P9=(9, 10)),
    )  # fmt: skip
    second = small.lay_down(
        folder / "july",
        as_of="2025-07-28",
        cohort=listed(
            ("P3", 1, "proposed"), ("P2", 2, "proposed"), ("P9", 3, "proposed"), ("P1", 4, "reserve"),
            ("P7", 6, "referred"), ("P6", None, "release"),
        ),
        monitoring=listed(("P8", 8, "monitoring")),
        scores=scored(
            P3=(1, 95), P2=(2, 80), P9=(3, 75), P1=(4, 60), P7=(6, 40), P8=(8, 20), P4=(30, 5), P5=(None, 4)
        ),
        sums={"offences": "cc"},
    )  # fmt: skip
    return diff(first, second)


def test_people_stand_by_what_became_of_them(meeting):
    assert people(meeting, "position_before", "position_now", "score_before", "score_now") == [
        ("P9", "entered", 9, 3, 10, 75),
        ("P6", "entered", None, None, None, None),
        ("P4", "left", 4, 30, 60, 5),
        ("P5", "left", 5, None, 50, 4),
        ("P7", "moved", None, 6, None, 40),
        ("P1", "moved", 1, 4, 90, 60),
        ("P3", "moved", 3, 1, 70, 95),
        ("P8", "status", 8, 8, 20, 20),
    ]
    assert people(meeting, "list_before", "list_now", "status_before", "status_now")[-1][2:] == (
        "cohort", "monitoring", "reserve", "monitoring",
    )  # fmt: skip


def test_who_may_have_been_taken_off_is_counted_and_not_named(meeting):
    assert meeting.unnamed == 1
    assert CANARY not in str(meeting) + repr(meeting) + repr(meeting.people)
    assert CANARY not in meeting.people["perpetrator_id"]


def test_a_diff_prints_plain_lines(meeting):
    told = str(meeting).splitlines()
    assert told[:2] == ["From june (as of 2025-06-30) to july (as of 2025-07-28)", "Settings: none differ"]
    assert told[2:5] == [
        "Input and people:",
        "  as_of               2025-06-30 -> 2025-07-28",
        "  extract_date        2025-06-30 -> 2025-07-28",
    ]
    assert "  offences            offences.csv (aa) -> offences.csv (cc)" in told
    assert "  rows in             5" in told and "  people scored       7 -> 8" in told
    assert f"Causes: {UNKNOWN}." in told
    start = told.index("Entered: 2")
    assert told[start:] == [
        "Entered: 2",
        "  perpetrator_id  position  score     list         status         cause",
        "  P9              9 -> 3    10 -> 75  - -> cohort  - -> proposed",
        "  P6              -         -         - -> cohort  - -> release",
        "Left: 2",
        "  perpetrator_id  position  score    list         status        cause",
        "  P4              4 -> 30   60 -> 5  cohort -> -  reserve -> -",
        "  P5              5 -> -    50 -> 4  cohort -> -  reserve -> -",
        "Moved: 3",
        "  perpetrator_id  position  score     list    status               cause",
        "  P7              - -> 6    - -> 40   cohort  referred",
        "  P1              1 -> 4    90 -> 60  cohort  proposed -> reserve",
        "  P3              3 -> 1    70 -> 95  cohort  reserve -> proposed",
        "Another list or status: 1",
        "  perpetrator_id  position  score  list                  status                 cause",
        "  P8              8         20     cohort -> monitoring  reserve -> monitoring",
        "Not named: 1 person of the earlier lists, for the later run neither lists nor scores them (no line "
        "in the window, joined under another id, or taken off)",
    ]
    assert repr(meeting) == "Diff(2 entered, 2 left, 3 moved, 1 status)"


def test_a_run_does_not_differ_from_itself(tmp_path):
    folder = small.lay_down(tmp_path / "june", cohort=listed(("P1", 1, "proposed")))
    found = diff(folder, folder)
    assert (len(found.people), len(found.settings), found.unnamed) == (0, 0, 0)
    assert str(found).splitlines()[-4:] == ["Entered: 0", "Left: 0", "Moved: 0", "Another list or status: 0"]
    assert found.causes.endswith("with the same settings and weights: there is none.")


# Settings and weights.


def bands(*points: int) -> dict:
    return {
        "components": {"frequency": {"bands": [{"from": n, "points": p} for n, p in enumerate(points, 1)]}}
    }


def test_settings_that_differ_stand_with_both_values(tmp_path):
    june = small.settings(name="north", score=bands(5, 10), cohort={"capacity": 10})
    july = small.settings(
        name="north", score=bands(5, 12), cohort={"capacity": 12, "reserve": 10}, rank={"tie_break": []}
    )
    found = two(tmp_path, {"config": june}, {"config": july})
    assert [pair for pair in found.settings.rows() if pair[0] != "cohort.keep"] == [
        ("score.components.frequency.bands.1.points", "10", "12"),
        ("rank.tie_break", '["frequency"]', "[]"),
        ("cohort.capacity", "10", "12"),
    ]
    longer = small.settings(score=bands(5, 10, 15))
    pairs = diff(tmp_path / "june", small.lay_down(tmp_path / "longer", config=longer)).settings
    told = dict(zip(pairs["what"], zip(pairs["before"], pairs["now"], strict=True), strict=True))
    assert told["name"] == ('"north"', '"unnamed"')
    assert told["score.components.frequency.bands"][1].endswith('{"from": 3, "points": 15}]')


def test_a_setting_only_one_run_has_is_told_apart_from_null(tmp_path):
    second = small.settings(
        gravity={"table": "cchi-da-2020-10", "non_crime": None}, score={"window_days": 365, **bands(5)}
    )
    found = two(tmp_path, None, {"config": second})
    small.change(tmp_path / "june", lambda told: told["config"]["score"].pop("window_days"))
    assert ("gravity.non_crime", "0.5", "null") in list(found.settings.rows())
    assert ("score.window_days", "730", "365") in list(found.settings.rows())
    again = diff(tmp_path / "june", tmp_path / "july")
    assert ("score.window_days", None, "365") in list(again.settings.rows())
    assert "  score.window_days  - -> 365" in str(again).splitlines()


def test_the_gravity_table_its_weights_and_the_version_are_told(tmp_path):
    found = two(
        tmp_path,
        {"run": {"weights": {"008/06": 10, "1": 5, "2": 7}}},
        {
            "run": {"weights": {"008/06": 12.5, "1": 5.0, "3": 8}},
            "sums": {"gravity": "dd"},
            "version": "0.2.0",
        },
    )
    assert list(found.settings.rows()) == [
        ("gravity table", "gravity.csv (bb)", "gravity.csv (dd)"),
        ("weight of 008/06", "10", "12.5"),
        ("version of rfgscore", "0.1.0", "0.2.0"),
    ]


# Causes.

WIDER = {"config": small.settings(cohort={"capacity": 2})}
RENAMED = {"config": small.settings(name="new", output={"marking": "M"})}
MOVED = {"config": small.settings(gravity={"table": "elsewhere/weights.csv"}), "sums": {"gravity": "dd"}}
BOTH = {**WIDER, "sums": {"gravity": "dd"}}
SAME = "both runs read the same input and look at the same day"
CAUSES = [
    (WIDER, "config", f"{SAME}, so that it can only be config."),
    (MOVED, "gravity_table", f"{SAME}, so that it can only be gravity_table."),
    (BOTH, None, f"{SAME}, so that it can only be config or gravity_table; which of them for whom is "
     f"{UNKNOWN}."),
    (RENAMED, None, f"{SAME}, with the same settings and weights: there is none."),
    ({**WIDER, "sums": {"offences": "cc"}}, None, f"{UNKNOWN}."),
    ({**WIDER, "sums": {"custody": "cc"}}, None, f"{UNKNOWN}."),
    ({**WIDER, "sums": {"previous": "cc"}}, None, f"{UNKNOWN}."),
    ({**WIDER, "extract_date": "2025-07-01"}, None, f"{UNKNOWN}."),
    ({**WIDER, "version": "0.2.0"}, None, f"{UNKNOWN}."),
    ({**WIDER, "as_of": "2025-07-28"}, None, f"{UNKNOWN}."),
    ({**WIDER, "sums": {"links": "cc"}}, None,
     f"{UNKNOWN}; the links differ, and people joined or split show as left and entered."),
]  # fmt: skip


@pytest.mark.parametrize(("second", "cause", "words"), CAUSES)
def test_a_cause_is_named_where_there_can_be_but_one(second, cause, words, tmp_path):
    first = {"cohort": listed(("P1", 1, "proposed"), ("P2", 2, "proposed"))}
    found = two(tmp_path, first, {**second, "cohort": listed(("P2", 1, "proposed"), ("P1", 2, "proposed"))})
    assert found.causes == words
    assert people(found, "cause") == [("P2", "moved", cause), ("P1", "moved", cause)]


def test_the_causes_are_those_the_second_run_tells(tmp_path):
    a = small.lay_down(
        tmp_path / "june",
        cohort=listed(
            ("P1", 1, "proposed"), ("P2", 2, "proposed"), ("P5", 3, "managed"), (CANARY, 4, "reserve")
        ),
    )
    now = {"list_now": "cohort", "status_now": "proposed"}
    then = {"list_before": "cohort", "status_before": "proposed"}
    told = [
        {"perpetrator_id": "=P3", "what": "entered", **now, "position_now": 1, "cause": "new_incident",
         "sentence": "One incident more."},
        {"perpetrator_id": "P1", "what": "moved", **then, **now, "position_before": 1, "position_now": 2,
         "cause": "outranked", "sentence": "Others rose."},
        {"perpetrator_id": "NEW", "what": "same", **then, **now, "position_before": 3, "position_now": 3},
        {"perpetrator_id": "P4", "what": "moved", **then, **now, "status_now": "managed",
         "position_before": 4, "position_now": 4},
        {"perpetrator_id": "P2", "what": "left", **then, "position_before": 2, "cause": "aged_out"},
        {"perpetrator_id": "P5", "what": "left", **then, "position_before": 3, "sentence": "Handed on."},
    ]  # fmt: skip
    b = small.lay_down(
        tmp_path / "july",
        as_of="2025-07-28",
        cohort=listed(
            ("=P3", 1, "proposed"), ("P1", 2, "proposed"), ("NEW", 3, "proposed"), ("P4", 4, "managed")
        ),
        scores=scored(**{"=P3": (1, 30), "P1": (2, 20), "P2": (None, 5)}),
        changes=told,
        sums={"previous": small.sha256(a)},
    )
    found = diff(a, b)
    assert people(found, "position_before", "position_now", "cause") == [
        ("=P3", "entered", None, 1, "new_incident"),
        ("P2", "left", 2, None, "aged_out"),
        ("P5", "left", 3, None, None),
        ("P1", "moved", 1, 2, "outranked"),
        ("P4", "status", 4, 4, None),
    ]
    said = str(found).splitlines()
    place = said.index("  P1              1 -> 2    10 -> 20  cohort  proposed  outranked")
    assert said[place + 1] == "      Others rose." and CANARY not in str(found)
    assert found.causes == "as told by july, which was made with --previous june." and found.unnamed == 1
    # The same folder against another first run knows nothing of that one.
    other = small.lay_down(tmp_path / "may", as_of="2025-05-30", cohort=listed(("P1", 2, "proposed")))
    assert diff(other, b).causes == f"{UNKNOWN}."


def test_nothing_from_a_table_reaches_a_terminal_unseen(tmp_path):
    hostile, shown = "a\x1b[31mb\nc\u202e", r"a\x1b[31mb\x0ac\u202e"
    first = {"cohort": listed((hostile, 2, hostile)), "config": small.settings(name=hostile)}
    second = {"cohort": listed((hostile, 1, "proposed")), "version": hostile}
    found = two(tmp_path, first, second)
    said = str(found)
    assert f"  {shown}  2 -> 1" in said and f"{shown} -> proposed" in said and f"0.1.0 -> {shown}" in said
    assert all(line.isprintable() for line in said.split("\n"))
    assert found.people["perpetrator_id"] == [hostile]
    a = small.lay_down(tmp_path / "may", cohort=listed((hostile, 1, "proposed")))
    told = {"perpetrator_id": hostile, "what": "moved", "cause": hostile, "sentence": hostile,
            "position_before": 1, "position_now": 2}  # fmt: skip
    b = small.lay_down(tmp_path / hostile, changes=[told], sums={"previous": small.sha256(a)})
    said = str(diff(a, b)).split("\n")
    assert f"      {shown}" in said and said[0].endswith(f"to {shown} (as of 2025-06-30)")
    assert all(line.isprintable() for line in said)


# Refusals.


def test_the_earlier_run_comes_first(tmp_path):
    a = small.lay_down(tmp_path / "june")
    b = small.lay_down(tmp_path / "july", as_of="2025-07-28")
    with pytest.raises(PointInTimeError) as refused:
        diff(b, a)
    assert str(refused.value) == (
        "july looks at 2025-07-28, a later day than june looks at (2025-06-30): name the earlier run first"
    )


@pytest.mark.parametrize("place", [0, 1])
def test_what_is_no_output_set_is_refused(place, tmp_path):
    folders = [small.lay_down(tmp_path / name, cohort=listed((CANARY, 1, "x"))) for name in ("june", "july")]
    name = folders[place].name
    with pytest.raises(InputNotFoundError, match="none: there is no output set here"):
        diff(*(tmp_path / "none" if at == place else folder for at, folder in enumerate(folders)))
    (folders[place] / "cohort.csv").write_bytes(CANARY.encode())
    with pytest.raises(FormatError, match=f"{name}/cohort.csv is not the file") as refused:
        diff(*folders)
    assert CANARY not in str(refused.value)
    small.change(folders[place], lambda told: told.update(schema="run/2"))
    with pytest.raises(FormatError, match=f"{name}/manifest.json: the format is not run/1"):
        diff(*folders)


@pytest.mark.parametrize("lost", ["rows", "config", "version", "extract_date", "inputs"])
def test_a_manifest_that_does_not_tell_is_damaged(lost, tmp_path):
    folders = [small.lay_down(tmp_path / name) for name in ("june", "july")]
    small.change(folders[1], lambda told: told.pop(lost))
    with pytest.raises(FormatError, match=r"july/manifest.json: the format is damaged"):
        diff(*folders)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"perpetrator_id\r\n",
        b"perpetrator_id\r\nP1\r\n",
        b"perpetrator_id,what,list_before,list_now,status_before,status_now,position_before,position_now,cause,"
        b"sentence\r\nP1,moved,cohort,cohort,proposed,proposed,99999999999999999999,1,,\r\n",
    ],
)
def test_changes_that_cannot_be_read_are_damaged(data, tmp_path):
    a = small.lay_down(tmp_path / "june")
    b = small.lay_down(tmp_path / "july", changes=[], sums={"previous": small.sha256(a)})
    small.renew(b, "changes.csv", data)
    with pytest.raises(FormatError, match=r"july/changes.csv: the format is damaged"):
        diff(a, b)


# Two true runs.


def test_two_runs_are_compared_as_they_were_written(tmp_path, desk):
    rows = desk.rows(
        {"perpetrator_id": "P1"},
        {"perpetrator_id": "P1", "event_date": "2025-03-02"},
        {"perpetrator_id": "P2"},
        {"perpetrator_id": "P3", "offence_code": "8/1"},
        {"perpetrator_id": CANARY},
        {"perpetrator_id": CANARY, "event_date": "2025-03-02"},
        {"perpetrator_id": CANARY, "event_date": "2025-03-03"},
    )
    more = [
        *rows,
        *desk.rows(*({"perpetrator_id": "P2", "event_date": f"2025-07-0{day}"} for day in (1, 2, 3))),
    ]
    frequency = {"bands": [{"from": n, "points": 5 * n} for n in (1, 2, 3)]}
    config = desk.config(score={"components": {"frequency": frequency}}, cohort={"capacity": 2, "reserve": 0})
    taken_off = desk.file([{"perpetrator_id": CANARY, "removed_on": "2025-07-01"}], "removals.csv")
    june = rfg.run(config=config, offences=desk.file(rows), as_of="2025-06-30").write(tmp_path / "june")
    july = rfg.run(
        config=config, offences=desk.file(more), as_of="2025-07-28", removals=taken_off
    ).write(tmp_path / "july")  # fmt: skip
    assert "ZQ-CANARY" in (june / "cohort.csv").read_text(encoding="utf-8-sig")
    found = diff(june, july)
    assert ("P2", "entered") in people(found) and found.unnamed == 1
    assert CANARY not in str(found)


def test_of_records_joined_since_the_score_goes_with_the_position(tmp_path):
    a = small.lay_down(
        tmp_path / "june",
        cohort=listed(("P2", 7, "managed"), ("P1", 9, "reserve")),
        scores=scored(P1=(9, 63), P2=(7, 66)),
    )
    row = {
        "perpetrator_id": "P1", "what": "moved", "list_before": "cohort", "status_before": "managed",
        "list_now": "cohort", "status_now": "managed", "position_before": 7, "position_now": 1,
        "cause": "link_change",
    }  # fmt: skip
    b = small.lay_down(
        tmp_path / "july",
        as_of="2025-07-28",
        cohort=listed(("P1", 1, "managed")),
        scores=scored(P1=(1, 87)),
        changes=[row],
        sums={"previous": small.sha256(a)},
    )
    found = diff(a, b)
    assert people(found, "position_before", "score_before", "score_now") == [("P1", "moved", 7, 66.0, 87.0)]
