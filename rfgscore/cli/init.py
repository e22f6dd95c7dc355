"""``rfgscore init``: looks at an extract, says what it makes of it, and writes settings to start from."""

from __future__ import annotations

import os
import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rfgscore.cli.column_names import Named, is_record, named
from rfgscore.cli.head import Head, read_head
from rfgscore.cli.settings_text import COSTS, missing, notes, settings_text, shown, to_place, unmapped
from rfgscore.config import load_config, preset
from rfgscore.config.nodes import plain
from rfgscore.config.strict_yaml import read_yaml
from rfgscore.errors import ConfigError, MissingColumnError, OutputError, WriteError
from rfgscore.history.read import gravity_of
from rfgscore.ingest.guess import Guess, guess
from rfgscore.ingest.values import fold

__all__ = ["DEFAULT_OUT", "EXTENDS", "check_file", "look", "next_steps", "said", "settings_of", "write_new"]

#: The preset that guessed settings start from.
EXTENDS = "illustrative-rfgv"
#: Where settings go that are given no place.
DEFAULT_OUT = Path("rfgscore.yaml")

_SIGNS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def check_file(out: Path) -> None:
    """Refuse a place for settings that is taken, or that no command would read settings from.

    Parameters
    ----------
    out : pathlib.Path
        File to write.

    Raises
    ------
    ConfigError
        When its name does not end in ``.yaml`` or ``.yml``.
    OutputError
        When it is there already.
    """
    if out.suffix.casefold() not in (".yaml", ".yml"):
        raise ConfigError(f"--out {out.name}: the name of settings must end in .yaml or .yml")
    if os.path.lexists(out):
        raise OutputError(
            f"--out {out.name} is here already and is not written over: give --out another name, or move it"
        )


def look(file: Path) -> tuple[Head, Guess]:
    """Read the first records of an extract and guess which column is which.

    Parameters
    ----------
    file : pathlib.Path
        CSV, gzipped CSV or Parquet.

    Returns
    -------
    Head
        The records.
    Guess
        What was made of them.

    Raises
    ------
    DataError
        When the file is missing or refused, its first line is no header, or it has no records.
    """
    head = read_head(file)
    header = tuple(head.table.columns)
    if head.kind != "parquet" and is_record(header):
        raise MissingColumnError(
            f"{head.table.file}:1: the first line holds numbers or dates, as a record does and no header: "
            "put the names of the columns above it"
        )
    names = named(header)
    if not any(names.values()):
        # Not one of them is shown: of a file without a header they would be somebody's record.
        raise MissingColumnError(
            f"{head.table.file}:1: none of the {len(header)} names in the first line is one that extracts "
            f"use. If it is the header, map it by hand: rfgscore config show {EXTENDS} shows what settings "
            "look like"
        )
    if head.kind != "parquet" and _comes_again(head, names):
        raise MissingColumnError(
            f"{head.table.file}:1: the first line reads as a record: its cells come again below; put the "
            "names of the columns above it"
        )
    if head.table.rows == 0:
        raise MissingColumnError(
            f"{head.table.file}: there are no records below the header to guess from; extract it again"
        )
    base = preset(EXTENDS)
    return head, guess(head.table, names, base, gravity_of(base))


def _comes_again(head: Head, names: Mapping[str, Sequence[Named]]) -> bool:
    """Say whether the first line is made of cells, as those below it are."""
    again = {name for name, cells in head.table.columns.items() if fold(name) in map(fold, cells.values)}
    plain = {name: {hit.column for hit in hits if hit.strength == "plain"} for name, hits in names.items()}
    if plain["event_date"]:  # no record says so: a flag may hold its own name, a file its header twice
        return False
    return len(again) > 1 or (len(again) == 1 and not set().union(*plain.values()) - again)


def said(head: Head, found: Guess) -> Iterator[str]:
    """Yield what was seen, line by line.

    Parameters
    ----------
    head : Head
        The records.
    found : Guess
        What was made of them.

    Yields
    ------
    str
        A line for people, without any cell but words of closed lists and offence codes.
    """
    table = head.table
    kind = "Parquet" if head.kind == "parquet" else f"CSV parted by {_SIGNS[head.delimiter]}, {head.encoding}"
    many = "all" if head.whole else "the first"
    yield f"{table.file}: {kind}; {len(table.columns)} columns, {many} {table.rows:,} records looked at."
    for finding in found.findings.values():
        if finding.column is None:
            continue
        yield f"{finding.confidence:<7} {finding.name}: {shown(finding.column)}"
        yield from _wrapped(finding.reason)
        if finding.others:
            yield from _wrapped(f"could also be {', '.join(map(shown, finding.others))}")
        for key, listed in ((key, listed) for key, listed in finding.placed.items() if listed):
            yield from _wrapped(f"added to {key}: {', '.join(map(shown, listed))}")
        if finding.unplaced or finding.hidden:
            yield from _wrapped(f"to be placed: {to_place(finding)}")
    lacking = missing(found)
    for finding in lacking:
        yield f"not found {finding.name}: {COSTS.get(finding.name, 'nothing can be ranked without it')}"
        if finding.reason.startswith(("'", '"')):
            yield from _wrapped(finding.reason)
    for text in (*unmapped(found), *notes(head, found, preset(EXTENDS))):
        yield from textwrap.wrap(f"{text}.", 108, subsequent_indent="  ")


def settings_of(head: Head, found: Guess) -> str:
    """Return settings for an extract, checked.

    Parameters
    ----------
    head : Head
        The first records.
    found : Guess
        What was made of them.

    Returns
    -------
    str
        Commented YAML.

    Raises
    ------
    MissingColumnError
        When no perpetrator, no event date, or neither an offence code nor a mark of crimes was found.
    """
    columns = {name: finding.column for name, finding in found.findings.items()}
    codes = columns["offence_code"] or columns["is_crime"]
    lacking = [
        name
        for name, hit in {**columns, "offence_code (or is_crime)": codes}.items()
        if hit is None and name in ("perpetrator_id", "event_date", "offence_code (or is_crime)")
    ]
    if lacking:
        free = [shown(column) for column in found.dates if column in found.left]
        dates = f" Dates stand in {', '.join(free[:5])}." if free and columns["event_date"] is None else ""
        unread = found.findings["event_date"].unread
        hint = "Give the column a name that says what it holds, or map it by hand under input.columns"
        if columns["event_date"] is None and unread is not None:
            told = (
                f"{unread[:60]!r} is named like event_date, but its dates cannot be read: export them as "
                "dd/mm/yyyy or yyyy-mm-dd"
            )
            hint = told if len(lacking) == 1 else f"{told}. For the others: {hint[0].lower()}{hint[1:]}"
        raise MissingColumnError(
            f"{head.table.file}: no column was found for {', '.join(lacking)}, and no settings were written."
            f"{dates} {hint}"
        )
    text = settings_text(head, found, preset(EXTENDS), EXTENDS)
    load_config(plain(read_yaml(text.encode("utf-8"), "settings")[0]))
    return text


def write_new(out: Path, text: str) -> None:
    """Write a file that is not there yet, whole or not at all.

    Parameters
    ----------
    out : pathlib.Path
        File to write.
    text : str
        What to write.

    Raises
    ------
    OutputError
        When it is there already.
    WriteError
        When it cannot be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(out):  # another process was quicker
            check_file(out)
        with out.open("xb") as file:
            try:
                file.write(text.encode("utf-8"))
            except BaseException:
                out.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise WriteError(f"{out.name} cannot be written ({error.strerror})") from error


def next_steps(file: Path, out: Path) -> Iterator[str]:
    """Yield the commands that come next.

    Parameters
    ----------
    file : pathlib.Path
        The extract.
    out : pathlib.Path
        The settings.

    Yields
    ------
    str
        A line.
    """
    settings, extract = shlex.quote(str(out)), shlex.quote(str(file))
    yield f"Written to {out}. The points in it are illustrative. Look at every line that says CHECK, then:"
    yield f"  rfgscore config check {settings}"
    yield f"  rfgscore validate --config {settings} --offences {extract} --as-of YYYY-MM-DD"


def _wrapped(text: str) -> list[str]:
    lead = " " * 8
    return textwrap.wrap(text, 108, initial_indent=lead, subsequent_indent=lead, break_on_hyphens=False)
