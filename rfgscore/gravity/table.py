"""Gravity tables: the weight of each offence code, with uplifts and what to do with an unknown code."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Literal

from rfgscore.errors import ConfigError, ConfigProblem
from rfgscore.gravity.codes import normal_code

__all__ = ["NON_CRIME", "Grade", "Gravity", "load_gravity", "shipped_tables"]

#: Code shown for every non-crime incident, whatever code its row has.
NON_CRIME = "NON_CRIME"


@dataclass(frozen=True)
class Grade:
    """What a gravity table says of one offence code.

    Parameters
    ----------
    code : str
        The code as the table writes it.
    weight : float
        Its gravity.
    label : str
        Its name in words, or the code where the table has none.
    fallback : {"", "class", "unmapped"}
        Where the weight comes from when it is not the code's own.
    reason : str
        Reason of an uplift, else blank.
    """

    code: str
    weight: float
    label: str
    fallback: Literal["", "class", "unmapped"] = ""
    reason: str = ""


@dataclass(frozen=True)
class Gravity:
    """A gravity table with its policies.

    Parameters
    ----------
    name : str
        Name of the shipped table, or of the file.
    sha256 : str
        Checksum of the table's bytes.
    rows : int
        Codes in the table, uplifts left out.
    grades : mapping of str to Grade
        By compared form of the code, uplifts included.
    by_class : bool
        True when a sub-code may fall back to the class before its slash.
    unmapped : "set_aside", "stop" or float
        What an unknown code means: no weight, a stopped run, or this weight.
    non_crime : float or None
        Weight of a non-crime incident; None leaves such incidents out.
    """

    name: str
    sha256: str
    rows: int
    grades: Mapping[str, Grade]
    by_class: bool = False
    unmapped: Literal["set_aside", "stop"] | float = "set_aside"
    non_crime: float | None = 0.5

    def grade(self, code: str) -> Grade | None:
        """Return the grade of a code as a history shows it, or None where it has no weight.

        Parameters
        ----------
        code : str
            A code in any spelling, or ``NON_CRIME``.

        Returns
        -------
        Grade or None
            What the table, an uplift, the class or the unmapped policy says.
        """
        if code == NON_CRIME:
            return None if self.non_crime is None else Grade(NON_CRIME, self.non_crime, "non-crime incident")
        return self.look_up(code)

    def look_up(self, code: str) -> Grade | None:
        """Return the grade of a code as a row has it, or None where it has no weight.

        Parameters
        ----------
        code : str
            A code in any spelling. The word shown for non-crime incidents is no code.

        Returns
        -------
        Grade or None
            What the table, an uplift, the class or the unmapped policy says.
        """
        normal = normal_code(code)
        if normal == NON_CRIME:
            return None
        found = self.grades.get(normal)
        if found is not None:
            return found
        if self.by_class and "/" in normal:
            parent = self.grades.get(normal.split("/")[0])
            if parent is not None:
                return Grade(normal, parent.weight, parent.label, fallback="class")
        if not isinstance(self.unmapped, str):
            return Grade(normal, float(self.unmapped), normal or "no offence code", fallback="unmapped")
        return None


def shipped_tables() -> tuple[str, ...]:
    """Return the names of the gravity tables that come with the package.

    Returns
    -------
    tuple of str
        In code-point order.
    """
    found = (files("rfgscore") / "gravity" / "tables").iterdir()
    return tuple(sorted(entry.name[:-4] for entry in found if entry.name.endswith(".csv")))


def load_gravity(
    table: str | Path,
    *,
    level: str = "subcode",
    unmapped: Literal["set_aside", "stop"] | float = "set_aside",
    non_crime: float | None = 0.5,
    uplift: Mapping[str, tuple[float, str]] | None = None,
) -> Gravity:
    """Load a gravity table, shipped or from a CSV file.

    Parameters
    ----------
    table : str or Path
        Name of a shipped table, or path of a UTF-8 CSV with ``offence_code, weight`` and perhaps
        ``label, class, source``.
    level : {"subcode", "class"}
        ``class`` lets a sub-code fall back to the class before its slash.
    unmapped : "set_aside", "stop" or float
        Policy for codes without a weight.
    non_crime : float or None
        Weight of non-crime incidents.
    uplift : mapping of str to (float, str), optional
        Weights that replace or add to the table's, each with its reason.

    Returns
    -------
    Gravity
        The table with its policies.

    Raises
    ------
    ConfigError
        When the table is missing or unreadable, or a weight is blank, not a number, NaN, infinite,
        negative or repeated; all such rows are named at once.

    Examples
    --------
    >>> gravity = load_gravity("cchi-da-2020-10")
    >>> gravity.grade("8/6").weight, gravity.grade("999/99")
    (10.0, None)
    """
    name, data = _bytes_of(table)
    grades = _parse(name, data)
    rows = len(grades)
    uplifts = list((uplift or {}).items())
    if len({normal_code(code) for code, _ in uplifts}) < len(uplifts):
        raise ConfigError("gravity.uplift names one code in two spellings; keep one")
    for code, (weight, reason) in uplifts:
        base = grades.get(normal_code(code), Grade(code.strip(), weight, code.strip()))
        grades[normal_code(code)] = replace(base, weight=weight, reason=reason)
    return Gravity(
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        rows=rows,
        grades=grades,
        by_class=level == "class",
        unmapped=unmapped,
        non_crime=non_crime,
    )


def _bytes_of(table: str | Path) -> tuple[str, bytes]:
    if isinstance(table, Path):
        try:
            return table.name, table.read_bytes()
        except OSError as error:
            raise ConfigError(f"gravity table {table.name} cannot be read: {error.strerror}") from error
    if table not in shipped_tables():
        known = ", ".join(shipped_tables())
        raise ConfigError(
            f"there is no shipped gravity table {table!r}: use one of {known}, or a path ending in .csv"
        )
    return table, (files("rfgscore") / "gravity" / "tables" / f"{table}.csv").read_bytes()


def _parse(name: str, data: bytes) -> dict[str, Grade]:
    try:
        text = data.decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows: list[tuple[int, list[str]]] = []
        start = 1
        for cells in reader:
            rows.append((start, cells))
            start = reader.line_num + 1
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"gravity table {name} is no UTF-8 CSV: {error}") from error
    header = rows[0][1] if rows else []
    if not {"offence_code", "weight"} <= set(header) or len(set(header)) != len(header):
        raise ConfigError(f"gravity table {name} needs the columns offence_code and weight, each once")
    grades: dict[str, Grade] = {}
    problems: list[ConfigProblem] = []
    for line, cells in rows[1:]:
        if not cells:
            continue
        row = dict(zip(header, cells, strict=False))
        fault = f"{len(cells)} cells, not {len(header)}" if len(cells) != len(header) else ""
        code = row.get("offence_code", "").strip()
        normal = normal_code(code)
        weight = _weight(row.get("weight", ""))
        if not fault and not code:
            fault = "the offence code is blank"
        elif not fault and weight is None:
            fault = f"the weight of {code} must be a finite number at or above 0"
        elif not fault and normal == NON_CRIME:
            fault = f"{NON_CRIME} is how non-crime incidents are shown; name the code otherwise"
        elif not fault and normal in grades:
            fault = f"{code} stands in the table twice"
        if fault or weight is None:
            problems.append(ConfigProblem(name, line, "", fault))
            continue
        grades[normal] = Grade(code, weight, row.get("label", "").strip() or code)
    if problems:
        raise ConfigError(f"gravity table {name} cannot be used:", problems)
    return grades


def _weight(text: str) -> float | None:
    try:
        weight = float(text)
    except ValueError:
        return None
    return weight if math.isfinite(weight) and weight >= 0 and "_" not in text else None
