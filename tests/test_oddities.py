"""What a reader of the extract is asked to look at, and what stays unsaid."""

from __future__ import annotations

from rfgscore.history.oddities import MANY_INCIDENTS, MANY_VICTIMS


def said(desk, rows):
    return desk.history(*rows).source.account.oddities


def victims(person, count):
    return [{"perpetrator_id": person, "victim_id": f"V{n}"} for n in range(count)]


def incidents(person, count):
    return [{"perpetrator_id": person, "event_id": f"E{n}"} for n in range(count)]


def test_an_id_with_too_many_victims_for_one_person_is_to_be_looked_at(desk):
    (sentence,) = said(desk, [{"perpetrator_id": "P2"}, *victims("UNK MALE", MANY_VICTIMS + 1)])
    assert sentence.startswith(f"1 id has more than {MANY_VICTIMS} known victims or")
    assert "(first named in offences.csv row 2)" in sentence and "input.placeholders" in sentence
    assert "UNK" not in sentence
    assert said(desk, victims("P1", MANY_VICTIMS)) == ()


def test_an_id_with_too_many_incidents_for_one_person_is_to_be_looked_at(desk):
    (sentence,) = said(desk, incidents("-", MANY_INCIDENTS + 1))
    assert sentence.startswith("1 id has more than ")
    assert said(desk, incidents("P1", MANY_INCIDENTS)) == ()


def test_at_most_five_rows_are_named_in_any_row_order(desk):
    rows = [row for name in "ABCDEF" for row in victims(name, MANY_VICTIMS + 1)]
    (sentence,) = said(desk, rows)
    firsts = [1 + n * (MANY_VICTIMS + 1) for n in range(5)]
    named = ", ".join(f"offences.csv row {row}" for row in firsts)
    assert sentence.startswith("6 ids have") and f"(first named in {named} and others)" in sentence
    (backwards,) = said(desk, rows[::-1])
    assert named in backwards


def test_ids_that_differ_in_leading_zeros_only_are_counted(desk):
    (sentence,) = said(desk, [{"perpetrator_id": name} for name in ("0020540", "20540", "7", "A1", "0A1")])
    assert sentence.startswith("2 ids differ from another in leading zeros only")
    assert said(desk, [{"perpetrator_id": name} for name in ("0020540", "2054", "020541")]) == ()
