"""The closed words of the output files, read from the table beside this module."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Word", "meaning", "reasons", "words"]


@dataclass(frozen=True)
class Word:
    """One closed word.

    Parameters
    ----------
    kind : str
        ``reason``, ``flag``, ``route``, ``status``, ``cause``, ``exclusion`` or ``warning``.
    word : str
        The word as it stands in a file.
    family : str
        For a reason ``scope`` or ``fault``; for a status who may set it; else empty.
    step : tuple of int
        For a row check its place in the published order; else empty.
    meaning : str
        What the word says.
    """

    kind: str
    word: str
    family: str
    step: tuple[int, ...]
    meaning: str


@cache
def words() -> tuple[Word, ...]:
    """Return every closed word, in the order of the table.

    Returns
    -------
    tuple of Word
        All kinds together.
    """
    text = (files("rfgscore") / "vocabulary.csv").read_text(encoding="utf-8")
    return tuple(
        Word(
            kind=row["kind"],
            word=row["word"],
            family=row["class"],
            step=tuple(int(part) for part in row["step"].split(".") if part),
            meaning=row["meaning"],
        )
        for row in csv.DictReader(text.splitlines())
    )


@cache
def reasons() -> dict[str, Word]:
    """Return the reasons a row can be set aside for, in the published order of checks.

    Returns
    -------
    dict of str to Word
        By word; reasons without a step (other tables') come last.
    """
    found = [word for word in words() if word.kind == "reason"]
    return {word.word: word for word in sorted(found, key=lambda word: word.step or (99,))}


def meaning(kind: str, name: str) -> str:
    """Return what a closed word says.

    Parameters
    ----------
    kind : str
        Kind of the word.
    name : str
        The word.

    Returns
    -------
    str
        Its meaning.
    """
    return next(word.meaning for word in words() if (word.kind, word.word) == (kind, name))
