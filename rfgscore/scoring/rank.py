"""Rank and position: equal scores share a rank, and a cut through equals says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Ranking", "rank_people"]

Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Where each person stands; 0 in every array for people who are not eligible.

    Parameters
    ----------
    position : numpy.ndarray
        int32, 1, 2, 3, …: by score, then tie-break values, then id.
    rank : numpy.ndarray
        int32, shared by equal scores: 1, 2, 2, 4.
    tied_with : numpy.ndarray
        int32 number of other eligible people with the same score.
    cut_through_tie : numpy.ndarray
        People equal in score and every tie-break value to both people beside a cut.
    """

    position: Int32
    rank: Int32
    tied_with: Int32
    cut_through_tie: npt.NDArray[np.bool_]


def rank_people(
    score: npt.NDArray[Any],
    tie_break: Sequence[npt.NDArray[Any]],
    eligible: npt.NDArray[np.bool_],
    cuts: Sequence[int],
) -> Ranking:
    """Rank eligible people.

    Parameters
    ----------
    score : numpy.ndarray
        Score of each person, people in id order; higher comes first.
    tie_break : sequence of numpy.ndarray
        Values that order equal scores, first value first, lower first.
    eligible : numpy.ndarray
        Who takes part.
    cuts : sequence of int
        Positions after which a list ends.

    Returns
    -------
    Ranking
        Positions, ranks and ties.

    Examples
    --------
    >>> import numpy as np
    >>> all_in = np.ones(4, bool)
    >>> ranking = rank_people(np.array([5, 9, 5, 1]), [], all_in, cuts=[2])
    >>> ranking.position.tolist(), ranking.rank.tolist(), ranking.tied_with.tolist()
    ([2, 1, 3, 4], [2, 1, 2, 4], [1, 0, 1, 0])
    >>> ranking.cut_through_tie.tolist()
    [True, False, True, False]
    """
    size = len(score)
    out = Ranking(
        np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(size, np.bool_)
    )
    people = np.flatnonzero(eligible)
    if len(people) == 0:
        return out
    keys = [people, *(values[people] for values in reversed(tie_break)), -score[people]]
    order = people[np.lexsort(keys)]
    place = np.arange(1, len(order) + 1)
    ordered = score[order]
    new_score = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    equal = new_score.copy()
    for values in tie_break:
        equal[1:] |= values[order][1:] != values[order][:-1]
    out.position[order] = place
    out.rank[order] = np.maximum.accumulate(np.where(new_score, place, 0))
    shared = np.cumsum(new_score) - 1
    out.tied_with[order] = np.bincount(shared)[shared] - 1
    alike = np.cumsum(equal)
    for cut in cuts:
        if 0 < cut < len(order) and alike[cut - 1] == alike[cut]:
            out.cut_through_tie[order[alike == alike[cut]]] = True
    return out
