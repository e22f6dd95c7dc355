"""Settings written for people: what was guessed of an extract, as commented YAML."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rfgscore.cli.column_names import is_private
from rfgscore.cli.head import Head
from rfgscore.config import Config
from rfgscore.config.strict_yaml import resolve
from rfgscore.dates import ISO
from rfgscore.ingest.guess import Finding, Guess

__all__ = ["COSTS", "missing", "name_of", "notes", "settings_text", "shown", "to_place", "unmapped"]

#: What it costs not to have a column.
COSTS: Mapping[str, str] = {
    "event_end": "a crime that ran over days counts on its first day",
    "offence_code": "no row has a weight but for those whose is_crime says that they are no crime",
    "victim_id": "the score goes without its victims, and repeat victims are not seen",
    "event_id": "lines of one person and one day are one incident",
    "incident_id": "lines of one person and one day are one incident",
    "recorded_date": "a line counts as known on the day it happened, so a late report seems known too early",
    "role": "everyone in the perpetrator column counts as a suspect; a victim listed there would be ranked",
    "outcome": "cancelled and transferred crimes stay in",
    "is_crime": "every row is taken for a crime and needs an offence code",
    "domestic": "every row is taken for domestic abuse; the extract must hold nothing else",
    "relationship": "it is not shown",
    "risk_grade": "it is not shown",
    "children_linked": "nobody is flagged as linked to children",
    "force": "ids of two forces cannot be told apart",
    "area": "the summary knows no areas",
    "dob": "nobody is left out as under age, unless a subjects table tells birth dates",
    "deceased_date": "the dead are not left out, unless a subjects table tells of them",
}

_WIDTH = 108
#: Mapped text is cut off in comments only, where it serves to be recognised.
_MOST = 20

_SIDES = """\
  # Tables beside the offences make the list right: who is under age or dead, who is held, whom partners
  # refer, which records are one person, whom an order binds, what meetings decided, who was taken off. Take
  # away the # and name the columns of your files, then give the files with --subjects, --custody,
  # --referrals, --links, --orders, --decisions and --removals. The sheet decisions of a workbook needs none.
  # subjects:
  #   columns: {perpetrator_id: nominal_ref, dob: dob, deceased_date: deceased, area: district}{dates}
  # custody:
  #   columns: {perpetrator_id: nominal_ref, start: in_date, end: out_date, planned_release: due_out}{dates}
  # referrals:
  #   columns: {perpetrator_id: nominal_ref, referred_date: date, agency: agency, reason: reason}{dates}
  # links:
  #   columns: {nominal_id: nominal, master_id: master}
  # orders:
  #   columns: {perpetrator_id: nominal_ref, kind: order_type, start: from, end: to, protects: victim}{dates}
  # removals:
  #   columns: {perpetrator_id: nominal_ref, removed_on: removed_on}{dates}
"""


def shown(name: str) -> str:
    """Return a column's name as YAML and people read it: quoted where it is no plain word.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> shown("ho_code"), shown("Date from"), shown("null")
    ('ho_code', '"Date from"', '"null"')
    """
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name) and resolve(name) == name:
        return name
    signs = (
        f"\\{sign}" if sign in '"\\' else sign if sign.isprintable() else _escaped(sign) for sign in name
    )
    return f'"{"".join(signs)}"'


def name_of(file: str) -> str:
    """Return a name for settings out of a file's name.

    Parameters
    ----------
    file : str
        Name of the extract.

    Returns
    -------
    str
        Lower-case letters, digits and hyphens.

    Examples
    --------
    >>> name_of("DA Offences (June).csv.gz")
    'da-offences-june'
    """
    stem = re.sub(r"\.(csv|csv\.gz|parquet)$", "", file.casefold())
    return re.sub(r"[^a-z0-9]+", "-", stem).strip("-") or "deployment"


def missing(guess: Guess) -> list[Finding]:
    """Return the columns of the contract that were not found, and whose lack costs something.

    Parameters
    ----------
    guess : Guess
        What was found.

    Returns
    -------
    list of Finding
        In contract order; of event and incident references one is enough.
    """
    lacking = [finding for finding in guess.findings.values() if finding.column is None]
    references = {"event_id", "incident_id"}
    if not references <= {finding.name for finding in lacking}:
        lacking = [finding for finding in lacking if finding.name not in references]
    return lacking


def to_place(finding: Finding) -> str:
    """Return which words a person must place.

    Parameters
    ----------
    finding : Finding
        What was found for a column of words.

    Returns
    -------
    str
        Words of closed lists; of the others how many there are.

    Examples
    --------
    >>> to_place(Finding("role", "CHECK", "", unplaced=("missing",), hidden=2))
    'missing; 2 other words are not shown, for they may be names'
    """
    parts = [_list(finding.unplaced)] if finding.unplaced else []
    if finding.hidden:
        some = f"{finding.hidden:,} other words are not shown, for they may be names"
        parts.append(some if finding.hidden > 1 else "1 other word is not shown, for it may be a name")
    return "; ".join(parts)


def unmapped(guess: Guess) -> Iterator[str]:
    """Yield which columns are not mapped.

    Parameters
    ----------
    guess : Guess
        What was found.

    Yields
    ------
    str
        What tells of a person apart from the rest, without a full stop.
    """
    private = [column for column in guess.left if is_private(column)]
    if private:
        yield f"Not mapped, and never a score input: {_list(private)}"
    other = [column for column in guess.left if column not in private]
    if other:
        yield f"Not mapped: {_list(other)}"


def notes(head: Head, guess: Guess, base: Config) -> Iterator[str]:
    """Yield what must be known of a file beyond its columns.

    Parameters
    ----------
    head : Head
        The first records.
    guess : Guess
        What was found in them.
    base : Config
        Settings that are extended.

    Yields
    ------
    str
        A sentence without its full stop.
    """
    if head.encoding != "utf-8":
        yield f"CHECK: the file is no UTF-8 and was read as {head.encoding}; look at names with accents"
    if head.zone is not None or any(finding.zoned for finding in guess.findings.values()):
        yield "CHECK: some times say their offset from UTC; the zone below says whose calendar dates them"
    if head.broken is not None:
        count, line = head.broken
        records = "record" if count == 1 else "records"
        yield f"{count:,} {records} that cannot be taken apart (STRUCTURE), the first on line {line}"
    limit = base.input.limits.cell_chars
    for finding in guess.findings.values():
        if finding.column is not None:
            long = sum(len(value) > limit for value in head.table.columns[finding.column].values)
            if long:
                yield f"cells of {shown(finding.column)} are longer than {limit:,} characters (TOO_LONG)"
    for column, why in head.unreadable:
        yield f"the column {shown(column)} is not looked at: {why}"


def settings_text(head: Head, guess: Guess, base: Config, extends: str) -> str:
    """Write settings that extend a preset, with comments that say why.

    Parameters
    ----------
    head : Head
        The first records of the extract.
    guess : Guess
        What was found in them; a perpetrator and an event date among it.
    base : Config
        The settings of the preset.
    extends : str
        Its name.

    Returns
    -------
    str
        YAML; the same for the same file.
    """
    found = [finding for finding in guess.findings.values() if finding.column is not None]
    lines = [*_top(head, extends), "input:", "  columns:"]
    for finding in found:
        lines += _comment(f"{finding.confidence}: {finding.reason}", 4)
        if finding.others:
            lines += _comment(f"it could also be {_list(finding.others)}", 4)
        lines.append(f"    {finding.name}: {shown(str(finding.column))}")
    lines += _comment("Not mapped, and what that costs:", 2)
    for finding in missing(guess):
        lines += _comment(f"- {finding.name}: {COSTS[finding.name]} ({finding.reason})", 2)
    for text in unmapped(guess):
        lines += _comment(text, 2)
    for note in notes(head, guess, base):
        lines += _comment(note, 2)
    lines += _declared(head, found)
    lines += _lists(found, base)
    text = "\n".join([*lines, _sides(found) + "\n".join(_rest(guess, base))])
    return text.rstrip("\n") + "\n"


def _top(head: Head, extends: str) -> list[str]:
    many = "all" if head.whole else "the first"
    return [
        *_comment(
            f"Settings for extracts such as {_one_line(head.table.file)}, guessed by rfgscore init from the "
            f"header and {many} {head.table.rows:,} records. Above each column stands how sure the guess is, "
            "and what it rests on; look first at those that say CHECK. Then: rfgscore config check, and "
            "rfgscore validate.",
            0,
        ),
        *_comment(
            f"Bands and points come from {extends} and are illustrative: they are no force's real table. "
            "Replace them by a local decision before any list made with them is used.",
            0,
        ),
        "schema: rfgscore/1",
        f"name: {shown(name_of(head.table.file))}",
        f"extends: {extends}",
    ]


def _sides(found: Sequence[Finding]) -> str:
    """Return the other tables, with dates as the extract writes them: they mostly come from one place."""
    formats = {finding.date_format for finding in found if finding.date_format is not None} - {ISO}
    dates = f"\n  #   date_format: {shown(min(formats))}" if formats else ""
    return _SIDES.replace("{dates}", dates)


def _declared(head: Head, found: Sequence[Finding]) -> Iterator[str]:
    """Yield how dates and text are written."""
    dates = [finding for finding in found if finding.date_format is not None]
    if dates:
        yield "  date_format:"
        for finding in dates:
            yield f"    {shown(str(finding.column))}: {shown(str(finding.date_format))}"
    if head.encoding != "utf-8":
        yield f"  encoding: {head.encoding}"
    if head.delimiter != ",":
        yield "  delimiter: " + ('"\\t"' if head.delimiter == "\t" else shown(head.delimiter))
    if head.zone is not None or any(finding.zoned for finding in found):
        yield "  timezone: Europe/London"


def _lists(found: Sequence[Finding], base: Config) -> Iterator[str]:
    """Yield the closed lists that differ from the inherited ones."""
    given = base.input.model_dump(by_alias=True)
    for section, names in (
        ("roles", ("role",)),
        ("outcomes", ("outcome",)),
        ("flags", ("is_crime", "domestic", "children_linked")),
    ):
        said = [finding for finding in found if finding.name in names]
        more: dict[str, list[str]] = {}
        # The columns share their words: a blank that one takes for no would hide the faults of another.
        kept = any("BAD_FLAG" in finding.reason for finding in said)
        for finding in said:
            for key, listed in finding.placed.items():
                new = [word for word in listed if word or not kept]
                if new:
                    more[key] = list(dict.fromkeys([*more.get(key, ()), *new]))
        if more:
            added = [word for listed in more.values() for word in listed]
            yield from _comment(f"CHECK: added to the usual words: {', '.join(map(shown, added))}", 2)
            yield f"  {section}:"
            for key, words in more.items():
                whole = dict.fromkeys([*given[section][key], *words])
                yield f"    {shown(key)}: [{', '.join(map(shown, whole))}]"
        for finding in said:
            if finding.unplaced or finding.hidden:
                yield from _comment(
                    f"CHECK: place these in count or set_aside of {section}: {to_place(finding)}", 2
                )


def _rest(guess: Guess, base: Config) -> Iterator[str]:
    """Yield what follows for gravity and score."""
    code = guess.findings["offence_code"]
    if code.by_class:
        yield "# More codes have a weight where a sub-code may fall back to its class."
        yield "# gravity: {level: class}"
    if guess.findings["victim_id"].column is None and base.score.components.victims is not None:
        yield "score:"
        yield "  # No column names victims, so their component is taken away; map victim_id to have it back."
        yield "  components: {victims: null}"


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
    return ", ".join(shown(name[:60]) for name in names[:_MOST]) + more


def _comment(text: str, indent: int) -> list[str]:
    lead = f"{' ' * indent}# "
    return textwrap.wrap(
        _one_line(text),
        _WIDTH,
        initial_indent=lead,
        subsequent_indent=lead,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _one_line(text: Iterable[str]) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _escaped(sign: str) -> str:
    code = ord(sign)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
