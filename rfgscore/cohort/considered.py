"""The words of a cycle: who is considered, where they stood before, and what a meeting needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rfgscore.config import Config
from rfgscore.history.told import Decision
from rfgscore.scoring.leaving import Leaving
from rfgscore.tables import Table

__all__ = ["Change", "Cohort", "Considered", "Previous", "Standing"]


class Standing(NamedTuple):
    """Where a person stood on the lists of the previous run.

    Parameters
    ----------
    listed : str
        ``cohort`` or ``monitoring``.
    status, pathway : str
        As written there; `pathway` blank where none.
    routes : tuple of str
        Entry routes.
    position : int or None
        Position then.
    outside : int
        Runs in a row, that one included, in which a proposed person stood beyond ``cohort.keep``.
    records : tuple of str
        Record ids joined for the person then; empty where none were.
    """

    listed: Literal["cohort", "monitoring"]
    status: str
    pathway: str
    routes: tuple[str, ...]
    position: int | None
    outside: int
    records: tuple[str, ...]

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


@dataclass(frozen=True, eq=False, repr=False)
class Previous:
    """The previous run, as far as this one needs it.

    Ids are as the links of this run resolve them; people who were taken off are not in it.

    Parameters
    ----------
    folder, sha256 : str
        Name of the folder, and checksum of its manifest.
    as_of : int
        Day it looked at.
    config : Config
        Its settings.
    weights : mapping of str to float
        Weight of each offence code it used.
    gravity : str
        Checksum of its gravity table.
    edges : mapping of str to tuple of float
        Quantile edges it used, by component.
    listed : mapping of str to Standing
        Everyone on its two lists, by id.
    scores : Table
        Its ``scores.parquet``, with the ids of then.
    model : str
        Checksum of the model of escalation risk it was given; blank for none.
    """

    folder: str
    sha256: str
    as_of: int
    config: Config
    weights: Mapping[str, float]
    gravity: str
    edges: Mapping[str, tuple[float, ...]]
    listed: Mapping[str, Standing]
    scores: Table
    model: str = ""

    @property
    def by_risk(self) -> bool:
        """Whether it ordered people, equal in all that its scores tell, by the figures of a model."""
        return bool(self.model) and self.config.escalation.use == "tiebreak"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Considered:
    """One person before the meeting.

    Parameters
    ----------
    person : str
        Id.
    number : int or None
        Person number in the history; None for people without any line.
    place : int or None
        Place among those scored; None for people without a line in the window.
    listed : str
        ``cohort`` or ``monitoring``: exactly one.
    status : str
        A status of the vocabulary.
    routes : tuple of str
        Entry routes, in code-point order.
    why : tuple of (str, str)
        Route, or ``decision``, ``undecided`` or ``kept``, and the sentence that tells of it.
    pathway : str
        Of the decision that stands; blank where none.
    decision : Decision or None
        The latest one recorded.
    in_custody : bool or None
        Whether held on the day; None where not known.
    release : int
        Planned release of people held, ``NO_DAY`` where none is known.
    flags : tuple of str
        Flags, in code-point order.
    area : str
        Where the person belongs; blank where not known.
    before : Standing or None
        Where the person stood in the previous run; None for newcomers and without one.
    outside : int
        Runs in a row, this one included, in which a proposed person stood beyond ``cohort.keep``.
    leaving : Leaving or None
        When the person would leave with nothing new for anyone.
    """

    person: str
    number: int | None
    place: int | None
    listed: Literal["cohort", "monitoring"]
    status: str
    routes: tuple[str, ...]
    why: tuple[tuple[str, str], ...]
    pathway: str
    decision: Decision | None
    in_custody: bool | None
    release: int
    flags: tuple[str, ...]
    area: str
    before: Standing | None
    outside: int
    leaving: Leaving | None


class Change(NamedTuple):
    """How a person stands against the previous run.

    Parameters
    ----------
    what : str
        ``entered``, ``left``, ``moved`` or ``same``.
    position_before, position_now : int or None
        Positions; None where there is none.
    cause : str
        Largest cause, a word of the vocabulary; blank where nothing changed or none can be named.
    sentence : str
        The change in plain English.
    """

    what: Literal["entered", "left", "moved", "same"]
    position_before: int | None
    position_now: int | None
    cause: str
    sentence: str

    def __repr__(self) -> str:
        return type(self).__name__  # never a person's data


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Cohort:
    """Who is considered at this meeting, and who was at the last.

    Parameters
    ----------
    since : int
        Day of the previous run; without one, ``cohort.emerging_days`` before the day looked at. What became
        known after it is new.
    considered : tuple of Considered
        Everyone considered, in list order: those of ``cohort.csv``, then those of ``monitoring.csv``.
    not_shown : mapping of str to int
        How many people each route (``referral, release, emerging``) did not show because of its cap; who
        comes by two of them counts under both.
    at_rest : int
        People within capacity or reserve who are not shown: a meeting took them off or handed them on, and
        nothing became known of them since.
    left : int
        People on the previous lists who are on neither list now; those taken off by the removals table
        are not among them.
    not_assessed : mapping of str to str
        Emerging rules that could not be assessed, and why.
    previous : Previous or None
        The previous run.
    changes : mapping of str to Change
        How people stand against the previous run, by id: everyone considered, and everyone who left.
        Empty without a previous run.
    """

    since: int
    considered: tuple[Considered, ...]
    not_shown: Mapping[str, int]
    at_rest: int
    left: int
    not_assessed: Mapping[str, str]
    previous: Previous | None
    changes: Mapping[str, Change]

    def __len__(self) -> int:
        return len(self.considered)

    def carried(self) -> tuple[Considered, ...]:
        """Return the people whom an earlier decision keeps before the meeting.

        Returns
        -------
        tuple of Considered
            Those with the route ``carried``, in list order.
        """
        return tuple(one for one in self.considered if "carried" in one.routes)

    def of(self, listed: str) -> tuple[Considered, ...]:
        """Return the people of one list.

        Parameters
        ----------
        listed : str
            ``cohort`` or ``monitoring``.

        Returns
        -------
        tuple of Considered
            In list order.
        """
        return tuple(one for one in self.considered if one.listed == listed)
