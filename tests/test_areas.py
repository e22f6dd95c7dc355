"""Lists by area: everyone stands in exactly one, whatever the areas are called."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rfgscore.report.areas import area_files, by_area
from rfgscore.tables import Column, Table


def lists(areas, monitored=()):
    """Return a cohort of people in these areas, with its two lists."""
    held = {"cohort": areas, "monitoring": monitored}
    cohort = SimpleNamespace(of=lambda name: [SimpleNamespace(area=area) for area in held[name]])
    tables = [
        Table({"perpetrator_id": Column.of("text", [f"{name}{n}" for n in range(len(some))])})
        for name, some in held.items()
    ]
    return cohort, *tables


@pytest.mark.parametrize(
    ("areas", "names"),
    [
        (["North", "South", "North"], ["north", "south"]),
        (["no area", ""], ["no-area", "no-area-2"]),
        (["North", "North 3", "north"], ["north", "north-3", "north-3-3"]),
        (["A", "a", "A 2", "á"], ["a", "a-2", "a-3", "a-4"]),
        (["../etc", "CON", "***", "😀", "x" * 300], ["etc", "con", "1", "x" * 60, "5"]),
        (["", "", "North"], ["north", "no-area"]),
        ([], []),
    ],
)
def test_the_files_of_all_areas_hold_everyone_once(areas, names):
    cohort, listed, monitoring = lists(areas, areas[:1])
    found = area_files(by_area(cohort, listed, monitoring))
    assert sorted(found) == sorted(
        f"{kind}.{name}.csv" for name in names for kind in ("cohort", "monitoring")
    )
    everyone = [
        person
        for name, table in found.items()
        if name.startswith("cohort.")
        for person in table["perpetrator_id"]
    ]
    assert sorted(everyone) == sorted(listed["perpetrator_id"])
    assert sum(len(table) for name, table in found.items() if name.startswith("monitoring.")) == len(
        monitoring
    )


def test_people_without_an_area_come_last():
    assert list(by_area(*lists(["", "B", "A"]))) == ["A", "B", ""]
