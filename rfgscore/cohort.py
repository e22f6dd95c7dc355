"""The cohort: who is on the list, and by which route.

The program proposes; every decision column is left to people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.scoring import Scored
from rfgscore.scoring.leaving import Leaving, leaving

__all__ = ["Cohort", "select_cohort"]


@dataclass(frozen=True, eq=False)
class Cohort:
    """Who is considered, in list order.

    Parameters
    ----------
    places : numpy.ndarray
        int64 places among those scored: proposed first, then reserve, each by position.
    status : tuple of str
        ``proposed`` or ``reserve``.
    routes : tuple of tuple of str
        How each person came to be on the list.
    leaving : tuple of Leaving or None
        When each person would leave it with nothing new for anyone; None where no date can tell the day.
    """

    places: npt.NDArray[np.int64]
    status: tuple[str, ...]
    routes: tuple[tuple[str, ...], ...]
    leaving: tuple[Leaving | None, ...]

    def __len__(self) -> int:
        return len(self.places)


def select_cohort(scored: Scored) -> Cohort:
    """Propose the first `capacity` positions and keep the next `reserve` in view.

    Parameters
    ----------
    scored : Scored
        Everyone scored; ``config.cohort`` says how many there is room for.

    Returns
    -------
    Cohort
        The list.
    """
    settings = scored.config.cohort
    ordered = scored.in_list_order()
    ranked = ordered[: int(scored.eligible.sum())]
    places = ranked[: settings.capacity + settings.reserve]
    status = tuple("proposed" if n < settings.capacity else "reserve" for n in range(len(places)))
    routes = {"proposed": ("score",), "reserve": ("reserve",)}
    left = leaving(scored, places.tolist())
    return Cohort(places, status, tuple(routes[word] for word in status), left)
