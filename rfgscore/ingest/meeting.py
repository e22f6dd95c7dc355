"""The tables of the meeting cycle: partner referrals, protective orders, and what meetings decided."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.config import Config
from rfgscore.config.model import DECISION_COLUMNS, ORDER_COLUMNS, REFERRAL_COLUMNS
from rfgscore.errors import DataError
from rfgscore.ingest.readers.coded import Coded, row_keys
from rfgscore.ingest.readers.raw import RawTable
from rfgscore.ingest.side import SideTable
from rfgscore.ingest.side_checks import SideRows, TableSettings
from rfgscore.ingest.values import fold, joined_ids

__all__ = [
    "DECISIONS",
    "Decisions",
    "Orders",
    "Referrals",
    "read_decisions",
    "read_orders",
    "read_referrals",
]

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]

#: What a meeting may decide; these words come from its table only, never from the program.
DECISIONS = ("managed", "monitoring", "removed", "transferred")
#: Control characters, line ends and tabs included.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, eq=False, repr=False)
class Referrals(SideTable):
    """Partner referrals, one row a referral.

    Parameters
    ----------
    raw : RawTable
        The table as read.
    person : Coded
        Clean ids of the rows that count.
    aside : tuple of Aside
        Rows set aside.
    lost : tuple of (str, int)
        Clean ids of rows at fault, and the day from which each is known (``NO_DAY`` where it does not
        say).
    recorded : numpy.ndarray
        int32 day each row that counts was recorded, ``NO_DAY`` where it does not say.
    not_yet_known : int
        Rows dated or recorded after the day looked at.
    referred : numpy.ndarray
        int32 day of the referral.
    agency, reason, reference : Coded
        As written but for control characters, or no value.
    """

    referred: Int32
    agency: Coded
    reason: Coded
    reference: Coded


@dataclass(frozen=True, eq=False, repr=False)
class Orders(SideTable):
    """Protective orders, one row an order, in force on ``start <= day <= end``.

    Parameters
    ----------
    raw : RawTable
        The table as read.
    person : Coded
        Clean ids of the rows that count.
    aside : tuple of Aside
        Rows set aside.
    lost : tuple of (str, int)
        Clean ids of rows at fault, and the day from which each is known (``NO_DAY`` where it does not
        say).
    recorded : numpy.ndarray
        int32 day each row that counts was recorded, ``NO_DAY`` where it does not say.
    not_yet_known : int
        Rows recorded, or in force, only after the day looked at.
    kind : Coded
        As written but for control characters, or no value.
    start, end : numpy.ndarray
        int32 first and last day; `end` is ``NO_DAY`` where none is told.
    protects : Coded
        Clean id of whom the order protects, or no value.
    """

    kind: Coded
    start: Int32
    end: Int32
    protects: Coded


@dataclass(frozen=True, eq=False, repr=False)
class Decisions(SideTable):
    """What meetings decided, one row a decision.

    Parameters
    ----------
    raw : RawTable
        The table as read.
    person : Coded
        Clean ids of the rows that count.
    aside : tuple of Aside
        Empty: a row that cannot be read stops the run.
    lost : tuple of (str, int)
        Empty as well.
    recorded : numpy.ndarray
        int32 day each row that counts was recorded, ``NO_DAY`` where it does not say.
    not_yet_known : int
        Decisions taken or recorded only after the day looked at.
    meeting : numpy.ndarray
        int32 day of the meeting.
    decision : Coded
        One of ``DECISIONS``.
    pathway : Coded
        One of ``cohort.pathways`` as the settings write it, or no value.
    owner, decided_by, reason : Coded
        As written but for control characters, or no value.
    review_by : numpy.ndarray
        int32 day by which to look again, ``NO_DAY`` where none is told.
    undecided : int
        Rows without a decision; they are not among the others.
    """

    meeting: Int32
    decision: Coded
    pathway: Coded
    owner: Coded
    decided_by: Coded
    reason: Coded
    review_by: Int32
    undecided: int


def read_referrals(source: object, config: Config, as_of: int, extract: int) -> Referrals:
    """Read the table of partner referrals.

    Parameters
    ----------
    source : path or table
        CSV, gzipped CSV or Parquet file, or a pandas, polars or Arrow table.
    config : Config
        Settings; ``input.referrals`` maps the columns.
    as_of, extract : int
        Day looked at, and day the extract was taken.

    Returns
    -------
    Referrals
        The referrals that count and are known, and the rows set aside.

    Raises
    ------
    DataError
        When the table is missing, unreadable, or lacks a column, or no row can be used.
    """
    settings = TableSettings(
        "referrals",
        config.input.referrals.columns,
        config.input.referrals.date_format,
        REFERRAL_COLUMNS,
        ids=("perpetrator_id",),
        dates=("referred_date", "recorded_date"),
        needed=("perpetrator_id", "referred_date"),
    )
    rows = SideRows(source, settings, config, extract)
    referred = rows.days["referred_date"]
    rows.say_blank("referred_date")
    kept, aside, lost = rows.settle(referred.day)
    known, later = rows.known(kept, as_of, referred.day)
    return Referrals(
        rows.raw,
        rows.ids[0].rows(known),
        aside,
        lost,
        rows.recorded[known],
        later,
        referred=referred.day[known],
        agency=_free(rows.raw, "agency").rows(known),
        reason=_free(rows.raw, "reason").rows(known),
        reference=_free(rows.raw, "reference").rows(known),
    )


def read_orders(source: object, config: Config, as_of: int, extract: int) -> Orders:
    """Read the table of protective orders.

    Parameters
    ----------
    source : path or table
        CSV, gzipped CSV or Parquet file, or a pandas, polars or Arrow table.
    config : Config
        Settings; ``input.orders`` maps the columns.
    as_of, extract : int
        Day looked at, and day the extract was taken.

    Returns
    -------
    Orders
        The orders that count, are known and have begun, and the rows set aside.

    Raises
    ------
    DataError
        When the table is missing, unreadable, or lacks a column, or no row can be used.
    """
    settings = TableSettings(
        "orders",
        config.input.orders.columns,
        config.input.orders.date_format,
        ORDER_COLUMNS,
        ids=("perpetrator_id",),
        dates=("start", "end", "recorded_date"),
        needed=("perpetrator_id", "start"),
        victims=("protects",),
    )
    rows = SideRows(source, settings, config, extract)
    start, end = rows.days["start"], rows.days["end"]
    rows.say_blank("start")
    rows.say("BAD_INTERVAL", "end", end.given & (end.day < start.day), "before the start")
    kept, aside, lost = rows.settle(start.day)
    known, later = rows.known(kept, as_of, start.day)
    return Orders(
        rows.raw,
        rows.ids[0].rows(known),
        aside,
        lost,
        rows.recorded[known],
        later,
        kind=_free(rows.raw, "kind").rows(known),
        start=start.day[known],
        end=end.day[known],
        protects=rows.victims[0].rows(known),
    )


def read_decisions(
    source: object, config: Config, as_of: int, extract: int, joined: Mapping[str, str]
) -> Decisions:
    """Read what meetings decided.

    A row that holds no more than whom it is about, the meeting and an owner is undecided: it is counted and
    left out.

    Parameters
    ----------
    source : path or table
        CSV, gzipped CSV or Parquet file, or a pandas, polars or Arrow table.
    config : Config
        Settings; ``input.decisions`` maps the columns, ``cohort.pathways`` names the pathways.
    as_of, extract : int
        Day looked at, and day the extract was taken.
    joined : mapping of str to str
        Resolved links.

    Returns
    -------
    Decisions
        The decisions taken and known at `as_of`.

    Raises
    ------
    DataError
        When the table is missing, unreadable, or lacks a column; when any row is at fault, for a decision
        left aside would be a decision lost; when one meeting decided differently on one person.
    """
    settings = TableSettings(
        "decisions",
        config.input.decisions.columns,
        config.input.decisions.date_format,
        DECISION_COLUMNS,
        ids=("perpetrator_id",),
        dates=("meeting_date", "review_by", "recorded_date"),
        needed=("perpetrator_id", "meeting_date", "decision"),
        guarded=True,
    )
    rows = SideRows(source, settings, config, extract)
    meeting = rows.days["meeting_date"]
    way_out = "after the extract date; where the extract was taken later, say when (extract_date)"
    rows.say_blank("meeting_date")
    rows.say("FUTURE_DATE", "meeting_date", meeting.day > extract, way_out)
    ways = {fold(way): way for way in config.cohort.pathways}
    decision = _text(rows.raw, "decision").map(fold)
    pathway = _text(rows.raw, "pathway").map(lambda text: ways.get(fold(text), text))
    undecided = _undecided(rows.raw, decision)
    _refuse_faults(rows, undecided, _not_decided(config, decision, pathway))
    known, later = rows.known(~undecided, as_of, meeting.day)
    _refuse_two_minds(rows, known, joined, decision, pathway)
    return Decisions(
        rows.raw,
        rows.ids[0].rows(known),
        (),
        (),
        rows.recorded[known],
        later,
        meeting=meeting.day[known],
        decision=decision.rows(known),
        pathway=pathway.rows(known),
        owner=_free(rows.raw, "owner").rows(known),
        decided_by=_free(rows.raw, "decided_by").rows(known),
        reason=_free(rows.raw, "reason").rows(known),
        review_by=rows.days["review_by"].day[known],
        undecided=int(undecided.sum()),
    )


def _text(raw: RawTable, name: str) -> Coded:
    return raw.column(name).map(lambda text: text.strip() or None)


def _free(raw: RawTable, name: str) -> Coded:
    """Return text that goes into sentences and pages: each run of control characters becomes one blank."""
    return raw.column(name).map(lambda text: _CONTROLS.sub(" ", text).strip() or None)


def _undecided(raw: RawTable, decision: Coded) -> Bool:
    """Rows that name nobody's decision and nothing that goes with one."""
    whole = np.ones(raw.rows, np.bool_)
    whole[list(raw.broken)] = False
    says = [_text(raw, name).codes >= 0 for name in ("pathway", "review_by")]
    says += [_free(raw, name).codes >= 0 for name in ("decided_by", "reason")]
    return np.asarray(whole & (decision.codes < 0) & ~np.logical_or.reduce(says))


def _not_decided(config: Config, decision: Coded, pathway: Coded) -> list[tuple[str, Bool, str]]:
    """Return what is wrong with the words of a decision: column, rows, and what to say of them."""
    ways = ", ".join(config.cohort.pathways)
    word = decision.take(lambda text: text in DECISIONS, np.bool_, False)
    way = pathway.take(lambda text: text in config.cohort.pathways, np.bool_, False)
    managed = decision.take(lambda text: text == "managed", np.bool_, False)
    blank = decision.codes < 0
    return [
        ("decision", ~blank & ~word, f"not one of {', '.join(DECISIONS)}"),
        ("decision", blank, "blank, while another cell of the row tells of a decision"),
        ("pathway", (pathway.codes >= 0) & ~way, f"not one of cohort.pathways ({ways})"),
        ("pathway", managed & (pathway.codes < 0), f"blank, and who is managed has a pathway ({ways})"),
    ]


def _refuse_faults(rows: SideRows, undecided: Bool, words: list[tuple[str, Bool, str]]) -> None:
    """Stop at any row at fault; nobody may lose a decision because of a slip of the pen."""
    raw = rows.raw
    found: dict[int, tuple[str, str]] = {}
    for column, hit, detail in reversed(words):
        found |= dict.fromkeys(np.flatnonzero(hit & ~undecided).tolist(), (column, detail))
    names = {raw.names[name]: name for name in raw.names}
    for row in rows.judge()[1]:
        if not undecided[row.row - 1]:
            found[row.row - 1] = (names.get(row.column, ""), row.detail)
    if not found:
        return
    first = min(found)
    name, detail = found[first]
    column = f"column {raw.names.get(name, name)}: " if name else ""
    raise DataError(
        f"{len(found)} of {raw.rows} decisions cannot be read ({_places(raw, sorted(found))}; first {column}"
        f"{detail}). Left aside, what a meeting decided would be lost: mend these rows, or take them out of "
        "the table"
    )


def _places(raw: RawTable, rows: list[int]) -> str:
    """Name at most five rows, with the lines they start on."""
    if raw.line is None:
        named = [f"row {row + 1}" for row in rows[:5]]
    else:
        named = [f"row {row + 1} (line {raw.line[row]})" for row in rows[:5]]
    return f"{raw.file} {', '.join(named)}" + (" and others" if len(rows) > 5 else "")


def _is_last(row: int, whose: Int32, meeting: Int32, since: Int32) -> bool:
    """Say whether no decision on the same person comes after that of a row."""
    own = whose == whose[row]
    return not bool(
        (own & ((meeting > meeting[row]) | ((meeting == meeting[row]) & (since > since[row])))).any()
    )


def _refuse_two_minds(
    rows: SideRows, known: Bool, joined: Mapping[str, str], decision: Coded, pathway: Coded
) -> None:
    """Stop where nothing tells which of two decisions of one meeting on one person is the later one."""
    at = np.flatnonzero(known)
    person = rows.ids[0].changed(joined_ids(rows.ids[0], joined))
    since = np.maximum(rows.days["meeting_date"].day, rows.recorded)
    parts = (person.codes, rows.days["meeting_date"].day, since)
    when = row_keys([np.unique(part[at], return_inverse=True)[1] for part in parts])
    what = row_keys([decision.codes[at], pathway.codes[at]])
    order = np.lexsort((at, when))
    again = np.flatnonzero((np.diff(when[order]) == 0) & (np.diff(what[order]) != 0))
    # Where a later decision stands, it need not be known which of the earlier ones came last.
    whose, days = person.codes[at][order], [part[at][order] for part in parts[1:]]
    again = np.array([n for n in again.tolist() if _is_last(n, whose, *days)], np.int64)
    if len(again):
        first = sorted(at[order[again[0] : again[0] + 2]].tolist())
        raise DataError(
            f"{_places(rows.raw, first)}: one meeting decided two things on one person, links applied, both "
            f"known from the same day (columns {rows.raw.names['decision']}, "
            f"{rows.raw.names.get('pathway', 'pathway')}); add what a later meeting decided on the person, "
            "say in recorded_date which came later, or keep one of the rows"
        )
