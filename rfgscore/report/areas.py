"""Lists split by area: the rows of each, and the names of the files they stand in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np

from rfgscore.cohort import Cohort
from rfgscore.tables import Table

__all__ = ["NO_AREA", "area_files", "by_area"]

#: Name of the files of people whose area is not known.
NO_AREA = "no area"


def by_area(cohort: Cohort, listed: Table, monitoring: Table) -> dict[str, tuple[Table, Table]]:
    """Return the rows of both lists area by area; everyone stands in exactly one.

    Positions stay those of the whole list: areas share one ranking.

    Parameters
    ----------
    cohort : Cohort
        Who is considered, and where each belongs.
    listed, monitoring : Table
        ``cohort.csv`` and ``monitoring.csv``, rows in the order of `cohort`.

    Returns
    -------
    dict of str to (Table, Table)
        By area in code-point order; people without one last, under a blank.
    """
    parts = [[one.area for one in cohort.of(name)] for name in ("cohort", "monitoring")]
    areas = sorted({area for part in parts for area in part}, key=lambda area: (not area, area))

    def rows(table: Table, held: Sequence[str], area: str) -> Table:
        return table.take(np.flatnonzero(np.array([one == area for one in held], np.bool_)))

    return {area: (rows(listed, parts[0], area), rows(monitoring, parts[1], area)) for area in areas}


def area_files(areas: Mapping[str, tuple[Table, Table]]) -> dict[str, Table]:
    """Return the area lists under the names of their files.

    Parameters
    ----------
    areas : mapping of str to (Table, Table)
        As `by_area` returns them.

    Returns
    -------
    dict of str to Table
        ``cohort.NAME.csv`` and ``monitoring.NAME.csv`` for each area, NAME being its letters and digits.
    """
    out: dict[str, Table] = {}
    for number, (area, (listed, monitoring)) in enumerate(areas.items(), start=1):
        plain = (
            unicodedata.normalize("NFKD", area or NO_AREA).encode("ascii", "ignore").decode("ascii").lower()
        )
        name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60]
        # A name of signs alone, or one that another area has already, gets the number of the area.
        while not name or f"cohort.{name}.csv" in out:
            name = f"{name}-{number}".strip("-")
        out[f"cohort.{name}.csv"], out[f"monitoring.{name}.csv"] = listed, monitoring
    return out
