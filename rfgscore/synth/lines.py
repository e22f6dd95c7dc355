"""What was written down: one row a recorded line, in whole numbers until the table is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.dates import NO_DAY
from rfgscore.synth.assumptions import Assumptions, pick
from rfgscore.synth.incidents import Incidents
from rfgscore.synth.measures import Orders
from rfgscore.synth.pairs import Pairs
from rfgscore.synth.records import Records

__all__ = ["KINDS", "Codes", "Rows", "draw_rows", "stack"]

#: Arrays of equal length by name: the rows under construction.
Rows = dict[str, npt.NDArray[Any]]

#: What a row is, in truth.
KINDS = ("suspect", "co-suspect", "counter-allegation", "order breach", "no suspect", "victim", "witness",
         "duplicate")  # fmt: skip


def stack(parts: Sequence[Rows]) -> Rows:
    """Lay rows below each other.

    Parameters
    ----------
    parts : sequence of dict
        Rows of the same columns.

    Returns
    -------
    dict of str to numpy.ndarray
        All of them.
    """
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@dataclass(frozen=True)
class Codes:
    """The offence codes in use.

    Parameters
    ----------
    names : tuple of str
        Every code; a row holds its place here.
    minor, grave : tuple of (int, float)
        Place and weight of those drawn for a minor and a grave crime.
    male : tuple of int
        Place of the code that stands instead where the victim is male.
    courses : frozenset of int
        Those that run over days.
    violence : frozenset of int
        Those of violence against the person.
    """

    names: tuple[str, ...]
    minor: tuple[tuple[int, float], ...]
    grave: tuple[tuple[int, float], ...]
    male: tuple[int, ...]
    courses: frozenset[int]
    violence: frozenset[int]

    @classmethod
    def of(cls, given: Assumptions) -> Codes:
        """Read the codes out of the assumptions.

        Parameters
        ----------
        given : Assumptions
            Parameters in force.

        Returns
        -------
        Codes
            The codes.
        """
        violent, other = given.shares("minor.violence"), given.shares("minor.other")
        grave, male = given.shares("grave"), given.words("male_victim")
        breach = [code for code in given.words("breach_code").values() if code != "NON_CRIME"]
        names = list(dict.fromkeys([*violent, *other, *grave, *male, *male.values(), *breach, "999/99"]))
        at = {name: place for place, name in enumerate(names)}
        # Of the grave codes and the breaches, by the chapters of the Home Office counting rules.
        chapters = ("002", "005", "008", "036")
        held = [*violent, *(code for code in [*grave, *breach] if code.split("/")[0] in chapters)]
        return cls(
            tuple(names),
            tuple((at[code], weight) for code, weight in {**violent, **other}.items()),
            tuple((at[code], weight) for code, weight in grave.items()),
            tuple(at[male.get(name, name)] for name in names),
            frozenset(at[code] for code in given.text("course_of_conduct").split(";") if code in at),
            frozenset(at[code] for code in held),
        )


def draw_rows(
    rng: np.random.Generator,
    given: Assumptions,
    codes: Codes,
    incidents: Incidents,
    pairs: Pairs,
    orders: Orders,
    records: Records,
) -> Rows:
    """Draw the rows, before faults and repeats.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    given : Assumptions
        Parameters in force.
    codes : Codes
        The offence codes.
    incidents, pairs, orders, records : Incidents, Pairs, Orders, Records
        What happened, to whom, what followed, and under which ids.

    Returns
    -------
    dict of str to numpy.ndarray
        One row a recorded line, victims' and witnesses' rows last.
    """
    size = len(incidents.person)
    # The second suspect's row is the first row of the incident once more.
    shared = np.flatnonzero((incidents.twin >= 0) & (incidents.place == 0) & _seconds(incidents, pairs))
    with_second = np.flatnonzero((pairs.second >= 0) & incidents.crime)
    many = 1 + _further(rng, given, incidents)
    many[with_second] += 1
    many[shared] = 1
    of = np.repeat(np.arange(size), many)
    first = np.cumsum(many) - many
    two = np.zeros(len(of), np.bool_)
    two[first[with_second] + many[with_second] - 1] = True
    victim = np.where(two, pairs.second[of], pairs.victim[of])
    is_first = np.arange(len(of)) == first[of]
    crime = incidents.crime[of]
    by_man = (incidents.person[of] < 0) | pairs.male[incidents.person[of]]
    code = _codes(rng, given, codes, incidents.grave[of] & is_first, pairs.male[victim], by_man)
    breached = orders.breached[of]
    breach = np.array([_place(codes, name) for name in given.words("breach_code").values()])
    code = np.where(is_first & (breached >= 0), breach[breached], code)
    event = np.arange(len(of))
    source = first[incidents.twin[shared]]
    code[first[shared]], event[first[shared]] = code[source], event[source]
    code[~crime] = -1
    event[~crime] = -1
    course = np.isin(code, list(codes.courses))
    began = incidents.day[of] - (rng.random(len(of)) * given.number("ending_days") * course).astype(np.int64)
    blank = rng.random(size) < given.number("recorded_blank")
    outcome, role = _outcomes(rng, given, crime, incidents.grave[of] & is_first)
    unknown = (rng.random(len(of)) < given.number("victim_unknown")) & (~two)
    kind = np.where(incidents.person[of] < 0, KINDS.index("no suspect"), 0)
    kind[breached >= 0] = KINDS.index("order breach")
    twin = incidents.twin[of] >= 0
    kind[twin] = KINDS.index("counter-allegation")
    kind[first[shared]] = KINDS.index("co-suspect")
    arrested = crime & (incidents.person[of] >= 0)
    likely = np.where(incidents.grave[of], given.number("arrested_grave"), given.number("arrested"))
    rows: Rows = {
        "incident": of,
        "occurrence": np.where(incidents.twin >= 0, incidents.twin, np.arange(size))[of],
        "event": event,
        "person": incidents.person[of],
        "record": records.of_incident[of],
        "force": np.where(incidents.named, records.force[records.of_incident], 0)[of],
        "event_date": began,
        "event_end": np.where(course & (began < incidents.day[of]), incidents.day[of], NO_DAY),
        "recorded": np.where(blank, NO_DAY, incidents.recorded)[of],
        "known": incidents.recorded[of],
        "code": code,
        "true_victim": victim,
        "victim": np.where(unknown, -1, victim),
        "role": role,
        "outcome": outcome,
        "crime": crime.astype(np.int8),
        "domestic": rng.random(len(of)) >= given.number("not_domestic"),
        "relation": np.where(pairs.of_incident >= 0, pairs.relation[pairs.of_incident], -1)[of],
        "risk": _risks(rng, given, incidents)[of],
        "children": pairs.children[of],
        "kind": kind,
        "late": (incidents.recorded - incidents.day)[of],
        "arrested": arrested & (rng.random(len(of)) < likely),
        "draw": rng.random(len(of)),
    }
    rows["relation"][two] = 2
    return stack([rows, *_others(rng, given, rows, len(incidents.start), len(pairs.male))])


def _place(codes: Codes, name: str) -> int:
    return codes.names.index(name) if name in codes.names else -1


def _seconds(incidents: Incidents, pairs: Pairs) -> npt.NDArray[np.bool_]:
    """Incidents whose suspect stands beside the suspect of the twin, not against."""
    return np.asarray(pairs.victim == pairs.victim[incidents.twin], np.bool_)


def _further(rng: np.random.Generator, given: Assumptions, incidents: Incidents) -> npt.NDArray[np.int64]:
    """Return how many crimes were recorded besides the first."""
    drawn = rng.random(len(incidents.person))
    two, three = given.number("lines_2"), given.number("lines_3")
    more = np.where(drawn < three, 2, np.where(drawn < two + three, 1, 0))
    return np.asarray(np.where(incidents.crime & incidents.named, more, 0), np.int64)


def _codes(
    rng: np.random.Generator,
    given: Assumptions,
    codes: Codes,
    grave: npt.NDArray[np.bool_],
    male: npt.NDArray[np.bool_],
    by_man: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    """Return the code of each line; `male` tells of the victim."""
    likely = rng.random(len(grave)) < given.number("sexual_against_men")
    code = np.empty(len(grave), np.int64)
    swapped = np.array(codes.male) != np.arange(len(codes.names))
    for mix, mask in ((codes.minor, ~grave), (codes.grave, grave)):
        places, weights = (np.array(part) for part in zip(*mix, strict=True))
        at = np.flatnonzero(mask)
        code[at] = places[pick(rng, weights, len(at))]
        again = at[swapped[code[at]] & ~(by_man[at] & (~male[at] | likely[at]))]
        code[again] = places[pick(rng, np.where(swapped[places], 0.0, weights), len(again))]
    return np.asarray(np.where(male, np.array(codes.male)[code], code), np.int64)


def _outcomes(
    rng: np.random.Generator,
    given: Assumptions,
    crime: npt.NDArray[np.bool_],
    grave: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return outcome and role of every row; a charge is told by both."""
    shares = given.shares("outcome")
    outcome = pick(rng, shares.values(), len(crime))
    charged = list(shares).index("charged")
    outcome[grave & (rng.random(len(crime)) < given.number("charged_grave"))] = charged
    outcome[~crime] = -1
    role = pick(rng, given.shares("role").values(), len(crime))
    role[outcome == charged] = len(given.shares("role"))
    return outcome, role


def _risks(rng: np.random.Generator, given: Assumptions, incidents: Incidents) -> npt.NDArray[np.int64]:
    size = len(incidents.person)
    risk = pick(rng, given.shares("risk").values(), size)
    grave = pick(rng, given.shares("risk_grave").values(), size)
    return np.asarray(np.where(incidents.grave, grave, risk), np.int64)


def _others(
    rng: np.random.Generator, given: Assumptions, rows: Rows, perpetrators: int, everyone: int
) -> list[Rows]:
    """Return rows of victims, and of witnesses, who are no perpetrators."""
    out: list[Rows] = []
    clean = np.flatnonzero((rows["victim"] >= 0) & (rows["person"] >= 0))
    roles = len(given.shares("role"))
    for number, word in enumerate(("victim", "witness"), 1):
        count = min(len(clean), round(len(rows["victim"]) * given.number(f"{word}_row")))
        chosen = rng.choice(clean, count, replace=False)
        more = {name: column[chosen] for name, column in rows.items()}
        who = more["victim"] if word == "victim" else rng.integers(perpetrators, everyone, count)
        more["record"] = more["person"] = who
        more["force"] = np.zeros(count, np.int64)
        more["role"] = np.full(count, roles + number)
        more["kind"] = np.full(count, KINDS.index(word))
        more["arrested"] = np.zeros(count, np.bool_)
        out.append(more)
    return out
