"""Gravity tables: the weight of each offence code, with uplifts and what to do with an unknown code."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rfgscore.errors import ConfigError, ConfigProblem
from rfgscore.gravity.classes import classes_of
from rfgscore.gravity.codes import normal_code
from rfgscore.gravity.groups import label_of
from rfgscore.gravity.provenance import Provenance, read_table

__all__ = ["NON_CRIME", "Grade", "Gravity", "load_gravity"]

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
        Reason of an uplift, of the code or of the class it falls back to, else blank.
    note : str
        What must be known of the weight: the table's note, or the class it was taken from; else blank.
    """

    code: str
    weight: float
    label: str
    fallback: Literal["", "class", "unmapped"] = ""
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class Gravity:
    """A gravity table with its policies.

    Parameters
    ----------
    provenance : Provenance
        Where the table comes from.
    rows : int
        Codes in the table, uplifts left out.
    grades : mapping of str to Grade
        By compared form of the code, uplifts included.
    by_class : bool
        True when a sub-code without a weight may fall back to its class.
    unmapped : "set_aside", "stop" or float
        What an unknown code means: no weight, a stopped run, or this weight.
    non_crime : float or None
        Weight of a non-crime incident; None leaves such incidents out.
    """

    provenance: Provenance
    rows: int
    grades: Mapping[str, Grade]
    by_class: bool = False
    unmapped: Literal["set_aside", "stop"] | float = "set_aside"
    non_crime: float | None = 0.5

    @property
    def name(self) -> str:
        """Name of the shipped table, or of the file."""
        return self.provenance.name

    @property
    def sha256(self) -> str:
        """Checksum of the table's bytes."""
        return self.provenance.sha256

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
        found = self._of_class(normal) if self.by_class else None
        if found is not None:
            return found
        if not isinstance(self.unmapped, str):
            return Grade(normal, float(self.unmapped), normal or "no offence code", fallback="unmapped")
        return None

    def _of_class(self, normal: str) -> Grade | None:
        held = [self.grades[code] for code in classes_of(normal) if code in self.grades]
        if not held:
            return None
        best = max(held, key=lambda grade: grade.weight)
        if len(held) == 1:
            label, note = best.label, f"the weight of class {best.code}"
        else:
            # The label of one of them would say of a person what the record leaves open.
            listed = ", ".join(grade.code for grade in held)
            label, note = f"one of the classes {listed}", f"the highest weight of the classes {listed}"
        note += f" ({best.note})" if best.note else ""
        return Grade(normal, best.weight, label, fallback="class", reason=best.reason, note=note)


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
        ``label, class, source, note``.
    level : {"subcode", "class"}
        ``class`` lets a sub-code without a weight fall back to its class: the one that `classes_of` names,
        the highest weight where it names several.
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
        When the table is missing or unreadable, is a shipped one whose bytes have changed, or holds a
        weight that is blank, not a number, NaN, infinite, negative or repeated (all such rows are named at
        once); and when a policy is none of those above, or an uplift has no code, weight or reason.

    Examples
    --------
    >>> gravity = load_gravity("cchi-da-2020-10")
    >>> gravity.grade("8/6").weight, gravity.grade("999/99")
    (10.0, None)
    """
    uplifts = uplift or {}
    _check_policies(level, unmapped, non_crime, uplifts)
    provenance, data = read_table(table)
    grades = _parse(provenance.name, data)
    rows = len(grades)
    for code, (weight, reason) in uplifts.items():
        normal = normal_code(code)
        base = grades.get(normal, Grade(code.strip(), weight, label_of(normal) or code.strip()))
        # A note tells of the weight that the uplift puts aside.
        grades[normal] = replace(base, weight=weight, reason=reason, note="")
    return Gravity(
        provenance=provenance,
        rows=rows,
        grades=grades,
        by_class=level == "class",
        unmapped=unmapped,
        non_crime=non_crime,
    )


def _check_policies(
    level: str,
    unmapped: str | float,
    non_crime: float | None,
    uplifts: Mapping[str, tuple[float, str]],
) -> None:
    """Refuse what the configuration would refuse: a misspelt policy must not turn into another one."""
    if level not in ("subcode", "class"):
        raise ConfigError(f"gravity.level must be subcode or class, not {level!r}")
    if unmapped not in ("set_aside", "stop") and (isinstance(unmapped, str) or not _is_weight(unmapped)):
        raise ConfigError(
            f"gravity.unmapped must be set_aside, stop or a number of 0 or more, not {unmapped!r}"
        )
    if non_crime is not None and not _is_weight(non_crime):
        raise ConfigError("gravity.non_crime must be None or a finite number of 0 or more")
    if len({normal_code(code) for code in uplifts}) < len(uplifts):
        raise ConfigError("gravity.uplift names one code in two spellings; keep one")
    for code, (weight, reason) in uplifts.items():
        if not code.strip():
            raise ConfigError("gravity.uplift names a blank code; name the code, or set gravity.unmapped")
        if normal_code(code) == NON_CRIME:
            raise ConfigError(f"gravity.uplift cannot name {NON_CRIME}; set gravity.non_crime")
        if not _is_weight(weight):
            raise ConfigError(f"gravity.uplift.{code}: the weight must be a finite number of 0 or more")
        if not reason.strip():
            raise ConfigError(f"gravity.uplift.{code}: an uplift needs a reason")


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
        what = "not UTF-8" if isinstance(error, UnicodeDecodeError) else f"no CSV ({error})"
        raise ConfigError(f"gravity table {name} is {what}; save it as UTF-8 CSV") from error
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
        label, note = row.get("label", "").strip(), row.get("note", "").strip()
        grades[normal] = Grade(code, weight, label or code, note=note)
    if problems:
        raise ConfigError(f"gravity table {name} cannot be used:", problems)
    return grades


def _weight(text: str) -> float | None:
    try:
        weight = float(text)
    except ValueError:
        return None
    return weight if _is_weight(weight) and "_" not in text else None


def _is_weight(weight: float) -> bool:
    return math.isfinite(weight) and weight >= 0
