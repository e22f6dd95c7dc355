"""How forces name the columns of an extract: what a name alone says of a column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

__all__ = ["Named", "is_private", "is_record", "named"]


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


class Named(NamedTuple):
    """A column whose name says what it may be.

    Parameters
    ----------
    column : str
        The file's own column.
    strength : {"plain", "more", "stand-in"}
        Whether the name says so and nothing else, says more besides, or names what may stand in for it.
    """

    column: str
    strength: str


class _Names(NamedTuple):
    """How names of a column are made: a subject, best first, and a kind; some subjects need no kind."""

    subjects: str
    kinds: str
    alone: str = ""
    never: str = ""


_ID = "id ids ref reference urn no nr num number key uid guid identifier pin"
_DAY = "date dt day on at datetime timestamp time from start"
_FLAG = "flag ind indicator yn is marker bool tag"
_PERSONS = "perpetrator perp offender suspect accused defendant nominal person subject individual"
_OTHERS = (
    "victim vic complainant comp aggrieved agg aggr injured ip survivor protected witness wit officer oic "
    "child parent partner reporting informant caller manager professional keyworker linked related"
)
#: What has its own days, or its day in the life of a record, and is no offence.
_OTHER_DAYS = (
    "custody bail relationship occupation order tag notified screened allocated finalised reviewed filed "
    "added extract attended complaint conviction sentence plea previous next"
)
_LATER = "recorded created reported registered entered input known logged received report record creation"

#: How forces name the columns of the contract.
_NAMES: dict[str, tuple[_Names, ...]] = {
    "perpetrator_id": (
        _Names(f"{_PERSONS} pnc cro", _ID, f"{_PERSONS} pnc cro", f"{_OTHERS} type date dob"),
    ),
    "event_date": (
        _Names(
            "offence crime event incident occurrence committed occurred happened from start date",
            _DAY,
            "committed occurred from",
            "to end until last latest updated modified closed arrest charge outcome dob birth type "
            f"{_LATER} {_OTHER_DAYS}",
        ),
    ),
    "event_end": (
        _Names(
            "end to until last",
            "date dt on day offence crime event incident occurrence committed occurred",
            "to",
            f"from custody updated modified {_LATER}",
        ),
    ),
    "offence_code": (
        _Names(
            "ho hoc homc offence crime charge",
            "code codes class subclass subcode classification cd",
            "ho hoc homc",
            "outcome disposal force area beat type date",
        ),
    ),
    "victim_id": (
        _Names("victim vic complainant aggrieved survivor", _ID, "victim complainant aggrieved", "type dob"),
    ),
    "event_id": (_Names("crime offence event case report log", _ID, "", "type code ho class group victim"),),
    "incident_id": (_Names("occurrence incident investigation storm cad", _ID, "occurrence", "type"),),
    "recorded_date": (_Names(_LATER, _DAY, "", "by to updated modified closed birth victim"),),
    "role": (
        _Names(
            "role involvement capacity",
            f"type code desc in crime party {_PERSONS}",
            "role involvement",
            _OTHERS,
        ),
        _Names("party link nominal person", "type"),
    ),
    "outcome": (
        _Names(
            "outcome disposal finalisation clearup result status",
            "type code desc description current crime offence group",
            "outcome disposal finalisation clearup result status",
            "date marital custody bail victim person last",
        ),
    ),
    "is_crime": (
        _Names(
            "crime crimed notifiable recordable",
            _FLAG,
            "crimed notifiable recordable",
            "non not no cancelled hate knife cyber number",
        ),
    ),
    "domestic": (_Names("domestic da dv", f"{_FLAG} related", "domestic da dv", "non not no animal"),),
    "children_linked": (
        _Names("children child", f"{_FLAG} linked present involved link", "children", "no non not"),
    ),
    "relationship": (
        _Names(
            "relationship relation",
            "type code desc to of victim suspect offender",
            "relationship relation",
        ),
    ),
    "risk_grade": (
        _Names("dash risk dara", "grade level grading assessment rating category risk", "dash risk dara"),
    ),
    "force": (_Names("force constabulary", "name code id police", "force constabulary", "postcode use"),),
    "area": (
        _Names(
            "area district bcu lpa lpu division borough sector beat neighbourhood ward",
            "code name id policing unit team local police offence crime",
            "area district bcu lpa lpu division borough sector beat neighbourhood ward",
        ),
    ),
    "dob": (_Names("dob birth born", f"date dt day on {_PERSONS}", "dob", f"{_OTHERS} place country town"),),
    "deceased_date": (_Names("deceased death died", f"date dt day on {_PERSONS}", "", _OTHERS),),
}
#: Names of days that may stand in for the offence's where there is no better.
_STAND_INS = {"event_date": (_Names("arrest arrested charge charged admission admit booking", _DAY),)}
_PHRASES = {
    "home office": "ho",
    "date of birth": "dob",
    "injured party": "victim",
    "domestic (?:abuse|violence)": "domestic",
    "y n": "yn",
}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".replace(" ", "|")
#: A number, or a date.
_CELL = re.compile(
    rf"[0-9][0-9\s/.:T+-]*Z?|[0-9]{{1,2}}[ /-]?(?i:({_MONTHS})[a-z]*)[ /-]?[0-9]{{2,4}}.*", re.DOTALL
)
_FILLERS = _set("the of a main primary master")
#: Columns that name a person, or say where one lives.
_IDENTIFYING = _set(
    "name names forename forenames surname firstname lastname fullname alias maiden address street house "
    "town postcode phone telephone mobile email"
)
#: Characteristics that are protected by law, and their stand-ins.
_PROTECTED = _set(
    "sex gender ethnicity ethnic race religion faith belief disability disabled nationality orientation "
    "sexuality pregnant pregnancy maternity marital transgender language"
)


def is_record(header: Iterable[str]) -> bool:
    """Say whether the first line of a file is no header but a record, which must not be shown.

    Parameters
    ----------
    header : iterable of str
        The cells of the first line.

    Returns
    -------
    bool
        True where a cell is a number or a date, its month in letters or not: no column is named so.

    Examples
    --------
    >>> [is_record([cell]) for cell in ("offence_date", "3/4/2024", "02 Jan 2024")]
    [False, True, True]
    """
    return any(_CELL.fullmatch(cell.strip()) for cell in header)


def named(header: Sequence[str]) -> dict[str, list[Named]]:
    """Return which columns each column of the contract may be, as far as names tell.

    Parameters
    ----------
    header : sequence of str
        The file's own column names.

    Returns
    -------
    dict of str to list of Named
        By contract name, best first: names made of nothing else, then names with a word more, then days
        that may stand in for the offence's.

    Examples
    --------
    >>> [(hit.column, hit.strength) for hit in named(["suspect_niche_urn", "OffenderID"])["perpetrator_id"]]
    [('OffenderID', 'plain'), ('suspect_niche_urn', 'more')]
    """
    said = {column: _tokens(column) for column in header}
    found: dict[str, list[Named]] = {}
    for name in _NAMES:
        ranked = [
            (rank, at, Named(column, "plain" if plain else "more"))
            for at, (column, words) in enumerate(said.items())
            for rank, plain in _first_fit(_NAMES[name], words)
        ]
        ranked.sort(key=lambda hit: (hit[2].strength != "plain", hit[:2]))
        found[name] = [hit for _, _, hit in ranked]
    for name, patterns in _STAND_INS.items():
        fitting = [column for column, words in said.items() if _first_fit(patterns, words)]
        found[name] += [Named(column, "stand-in") for column in fitting]
    return found


def is_private(column: str) -> bool:
    """Say whether a column's name tells of a person's name, home or protected characteristic.

    Parameters
    ----------
    column : str
        A column name.

    Returns
    -------
    bool
        True for what is never a score input.

    Examples
    --------
    >>> is_private("SuspectSurname"), is_private("Self Defined Ethnicity"), is_private("ho_code")
    (True, True, False)
    """
    return bool(_tokens(column) & (_IDENTIFYING | _PROTECTED))


def _first_fit(patterns: Sequence[_Names], said: frozenset[str]) -> list[tuple[int, bool]]:
    hits = (_fit(pattern, said, number) for number, pattern in enumerate(patterns))
    return [hit for hit in hits if hit is not None][:1]


def _fit(names: _Names, said: frozenset[str], number: int) -> tuple[int, bool] | None:
    """Return the rank of a name that is made so, and whether it holds no other word."""
    subjects = names.subjects.split()
    subject = next((word for word in subjects if word in said), None)
    if subject is None or said & set(names.never.split()):
        return None
    kinds = set(names.kinds.split())
    rest = said - set(subjects) - kinds - _FILLERS
    if not kinds & (said - {subject}) and (rest or subject not in names.alone.split()):
        return None
    return (100 * number + subjects.index(subject), not rest) if len(rest) <= 2 else None


@cache
def _vocabulary() -> frozenset[str]:
    every = [names for table in (_NAMES, _STAND_INS) for group in table.values() for names in group]
    listed = " ".join(" ".join(names) for names in every).split()
    return frozenset(listed) | _IDENTIFYING | _PROTECTED


def _tokens(column: str) -> frozenset[str]:
    """Return the words a column's name is made of."""
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", column[:200])
    text = " ".join(re.findall(r"[a-z]+|[0-9]+", text.casefold()))
    for phrase, word in _PHRASES.items():
        text = re.sub(rf"\b{phrase}\b", word, text)
    return frozenset(piece for token in text.split() for piece in _pieces(token))


def _pieces(token: str) -> list[str]:
    """Take ``crimeno`` apart, where every piece is a known word."""
    if token not in _vocabulary() and len(token) <= 30:
        for cut in range(len(token) - 2, 1, -1):
            if token[:cut] in _vocabulary():
                tail = _pieces(token[cut:])
                if _vocabulary().issuperset(tail):
                    return [token[:cut], *tail]
    return [token]
