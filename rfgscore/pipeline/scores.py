"""Scores as callers see them: a table, and an explanation for anyone in it."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from rfgscore.config import Config
from rfgscore.dates import from_day, iso, to_day
from rfgscore.errors import ConfigError, UnknownPersonError
from rfgscore.escalation.risks import risks_of
from rfgscore.explain import Explanation, explain_person, outlooks
from rfgscore.explain.bars import score_bar
from rfgscore.history.history import History
from rfgscore.history.read import gravity_of
from rfgscore.pipeline.model import given_model
from rfgscore.scoring import Scored, order_equals, score_people
from rfgscore.scoring.leaving import leaving
from rfgscore.tables import SHOWN, Table, html_table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Scores", "score"]


class Scores:
    """Everyone scored, by position, then people without one by id.

    Parameters
    ----------
    scored : Scored
        What scoring found.
    """

    def __init__(self, scored: Scored) -> None:
        self.scored = scored
        self.table: Table = scored.table()

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        ranked = int(self.scored.eligible.sum())
        return f"Scores({len(self)} people, {ranked} ranked, as of {iso(self.scored.as_of)})"

    def _repr_html_(self) -> str:
        """Show the first people with their parts as bars in a notebook."""
        first = self.scored.in_list_order()[:SHOWN].tolist()
        table = self.table.take(range(len(first)))
        names = (
            "position",
            "rank",
            "perpetrator_id",
            "score",
            "last_event_date",
            "worst_offence_code",
            "flags",
        )
        told = {
            name: ["" if value is None else escape(str(value)) for value in table[name]] for name in names
        }
        told["flags"] = [flags.replace(";", ", ") for flags in told["flags"]]
        bars = [self._bar(place) for place in first]
        rows = [
            [*(told[name][at] for name in names[:4]), bars[at], *(told[name][at] for name in names[4:])]
            for at in range(len(first))
        ]
        header = ["position", "rank", "person", "score", "parts", "last event", "worst offence", "flags"]
        return html_table(header, rows, f"{escape(repr(self))}; the first {len(first)}")

    def _bar(self, place: int) -> str:
        scored = self.scored
        parts = [(part.name, part.points[place].item(), part.max_points) for part in scored.components]
        most = float(np.abs(scored.score).max(initial=0)) if scored.max_score is None else None
        return score_bar(parts, scored.max_score, extent=None if most is None else (0, most))

    def to_pandas(self) -> pd.DataFrame:
        """Return the scores as a pandas frame.

        Returns
        -------
        pandas.DataFrame
            The columns of ``scores.parquet``.
        """
        return self.table.to_pandas()

    def to_arrow(self) -> pa.Table:
        """Return the scores as an Arrow table.

        Returns
        -------
        pyarrow.Table
            The columns and types of ``scores.parquet``.

        Raises
        ------
        MissingExtraError
            When pyarrow is not installed.
        """
        return self.table.to_arrow()

    def explain(self, perpetrator_id: str) -> Explanation:
        """Explain the score of one person.

        Parameters
        ----------
        perpetrator_id : str
            A person scored.

        Returns
        -------
        Explanation
            Parts that add up to the score, each with the incidents behind it.

        Raises
        ------
        UnknownPersonError
            When the person has no line in the window.
        """
        scored = self.scored
        for place, person in enumerate(scored.history.persons[scored.people].tolist()):
            if str(person) == perpetrator_id:
                (outlook,) = outlooks(scored, [place], leaving(scored, [place]))
                return explain_person(scored, place, outlook)
        raise UnknownPersonError(
            f"this person has no line in the {scored.config.score.window_days} days to {iso(scored.as_of)}: "
            "check the id, the date and the rows set aside"
        )


def score(
    history: History, *, config: Config, as_of: dt.date | str | int | None = None, threads: int = 1
) -> Scores:
    """Score everyone with a line in the window, and rank those who are eligible.

    Parameters
    ----------
    history : History
        As `read_offences` returns it, or from arrays.
    config : Config
        Settings. They may differ from those the history was read with in all that does not decide
        which rows there are: bands, window, ranks, places, and weights while every code had one.
    as_of : date-like, optional
        Day looked at, not later than the history's, which is the default. The window is the
        ``score.window_days`` calendar days of which `as_of` is the last.
    threads : int
        Threads to use; the result is the same with any number.

    Returns
    -------
    Scores
        Everyone scored.

    Raises
    ------
    PointInTimeError
        When `as_of` is later than the history's, or would use what is known only as of the extract.
    ConfigError
        When the config does not fit the history, no day is given for a history from arrays, or equals are to
        be ordered by the figures of a model that cannot be used.
    DataError
        When an offence has no weight.

    Notes
    -----
    Looking back, lines are seen as of that day. Birth and death dates, and the rows set aside because
    of them, stay as the reading day knew them: read again where they may have changed.

    Examples
    --------
    >>> import rfgscore as rfg
    >>> from rfgscore.sample import sample_file
    >>> config = rfg.load_config(sample_file("config.yaml"))
    >>> history = rfg.read_offences(sample_file("offences.csv"), config=config, as_of="2025-06-30")
    >>> scores = rfg.score(history, config=config, as_of="2025-06-30")
    >>> scores
    Scores(114 people, 114 ranked, as of 2025-06-30)
    """
    if as_of is None and history.as_of is None:
        raise ConfigError("a history from arrays needs as_of, the day to look at")
    try:
        day = history.as_of if as_of is None else to_day(as_of)
        from_day(day or 0)
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(f"as_of: {error}") from error
    assert day is not None  # noqa: S101 - one of the two is given
    by_risk = config.escalation.use == "tiebreak"
    given = given_model(config) if by_risk else None
    scored = score_people(history, config=config, gravity=gravity_of(config), as_of=day, threads=threads)
    if given is not None:
        scored = order_equals(scored, risks_of(given, scored, config).longest, given.sha256)
    return Scores(scored)
