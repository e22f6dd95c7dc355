"""The paired bootstrap: people drawn again and again, and every ranking measured on the same draws.

Each person is drawn a Poisson(1) number of times, by a counter-based generator: the same seed, person and
resample give the same number at each landmark, whoever else is there and however many threads work. People
are numbered in the order in which they became visible, so that whoever comes later changes no draw. Rankings
are compared by subtracting their replicates. Weights for censoring are taken as given, not estimated anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from rfgscore.backtests.metrics.auc import areas, descending, sides
from rfgscore.backtests.metrics.capture import tops_taken
from rfgscore.backtests.metrics.censoring import Known, numbers_of, rows_of
from rfgscore.backtests.metrics.concordance import concordances, ordered
from rfgscore.errors import TooFewEventsError
from rfgscore.jit import given, in_threads, njit

__all__ = [
    "Captured",
    "auc_replicates",
    "capture_replicates",
    "copies_of",
    "harrell_replicates",
    "interval",
    "mean_replicates",
]

Int8 = npt.NDArray[np.int8]
Float64 = npt.NDArray[np.float64]

#: ``P(Poisson(1) <= m)`` for m from 0, times 2**32: a 32-bit number at or above it means more than m draws.
_POISSON: Final = np.array(
    [1580030169, 3160060337, 3950075422, 4213413783, 4279248374, 4292415292, 4294609778, 4294923276,
     4294962463, 4294966817, 4294967253, 4294967292], np.uint32
)  # fmt: skip
#: Resamples in one piece of work.
_BLOCK: Final = 25
#: The largest share of resamples without a value that an interval passes over.
_MISSING: Final = 0.05


def copies_of(seed: int, persons: npt.ArrayLike, resamples: int, threads: int = 1) -> Int8:
    """Return how often each person is drawn in each resample.

    Parameters
    ----------
    seed : int
        At least 0.
    persons : array-like
        Numbers of persons, at least 0, in any order.
    resamples : int
        How many.
    threads : int, default 1
        Threads that work; the result is the same.

    Returns
    -------
    numpy.ndarray
        int8, resamples by persons.

    Examples
    --------
    >>> copies_of(1, [0, 1, 2], 2).tolist()
    [[1, 0, 1], [0, 0, 0]]
    >>> copies_of(1, [2], 2).tolist()
    [[1], [0]]
    """
    people = np.asarray(persons, np.int64)
    most = int(people.max()) + 1 if len(people) else 0
    out = np.empty((resamples, len(people)), np.int8)

    def draw(resample: int) -> None:
        # One stream a resample; a person's place in it is the number of the person.
        words = np.random.Philox(key=np.array([seed, resample], np.uint64)).random_raw((most + 1) // 2)
        halves = words.astype("<u8").view("<u4")
        out[resample] = np.searchsorted(_POISSON, halves[people], side="right")

    in_threads(draw, range(resamples), threads)
    return out


@njit
def _sums(values: Float64, copies: Int8, out: Float64) -> None:
    """Write the sum of each row of values in each resample."""
    for resample in range(len(copies)):
        for row in range(len(values)):
            total = 0.0
            for at in range(values.shape[1]):
                total += copies[resample, at] * values[row, at]
            out[row, resample] = total


def auc_replicates(scores: npt.ArrayLike, known: Known, copies: Int8, threads: int = 1) -> Float64:
    """Return the area under the curve of each ranking in each resample.

    Parameters
    ----------
    scores : array-like
        Rankings by rows; higher is riskier.
    known : Known
        From `known_at`.
    copies : numpy.ndarray
        int8, resamples by rows, from `copies_of`.
    threads : int, default 1
        Threads that work; the result is the same to the bit.

    Returns
    -------
    numpy.ndarray
        float64, rankings by resamples; NaN in a resample without a case or a control.

    Examples
    --------
    >>> from rfgscore.backtests.metrics.censoring import known_at
    >>> known = known_at([10, 20, 30, 30], [1, 1, 0, 0], 30)
    >>> auc_replicates([[4, 2, 2, 1]], known, np.array([[1, 1, 1, 1], [0, 2, 1, 0], [1, 1, 0, 0]], np.int8))
    array([[0.875, 0.5  ,   nan]])
    """
    ranked, drawn = _inputs(scores, copies, len(known))
    case, control = sides(known)
    out = np.empty((len(ranked), len(drawn)))
    work = []
    for ranking, score in enumerate(ranked):
        order, last = descending(score)
        held = (order, last, given(case[order], np.float64), given(control[order], np.float64))
        work += [partial(areas, *held, drawn[part], out[ranking, part]) for part in _parts(len(drawn))]
    return _done(work, out, threads)


def harrell_replicates(
    scores: npt.ArrayLike,
    stop: npt.ArrayLike,
    end: npt.ArrayLike,
    copies: Int8,
    threads: int = 1,
    factor: npt.ArrayLike | None = None,
) -> Float64:
    """Return Harrell's C of each ranking in each resample, or Uno's.

    Parameters
    ----------
    scores : array-like
        Rankings by rows; higher is riskier.
    stop, end : array-like
        The rows.
    copies : numpy.ndarray
        int8, resamples by rows, from `copies_of`.
    threads : int, default 1
        Threads that work; the result is the same to the bit.
    factor : array-like, optional
        From `uno_factor`, for Uno's C.

    Returns
    -------
    numpy.ndarray
        float64, rankings by resamples; NaN in a resample without a pair.

    Examples
    --------
    >>> harrell_replicates([[3, 1, 2]], [10, 20, 30], [1, 1, 0], np.array([[1, 1, 1], [0, 1, 1]], np.int8))
    array([[0.66666667, 0.        ]])
    """
    times, codes = rows_of(stop, end)
    ranked, drawn = _inputs(scores, copies, len(times))
    factors = np.ones(len(times)) if factor is None else numbers_of("factor", factor, len(times))
    out = np.empty((len(ranked), len(drawn)))
    work = []
    for ranking, score in enumerate(ranked):
        order, time, kind, rank, ranks = ordered(score, times, codes)
        held = (given(order, np.int32), time, kind, rank, ranks, given(factors[order], np.float64))
        work += [partial(concordances, *held, drawn[part], out[ranking, part]) for part in _parts(len(drawn))]
    return _done(work, out, threads)


def mean_replicates(values: npt.ArrayLike, copies: Int8, threads: int = 1) -> Float64:
    """Return the mean of some values in each resample, such as terms of the Brier score.

    Parameters
    ----------
    values : array-like
        Values by rows.
    copies : numpy.ndarray
        int8, resamples by rows, from `copies_of`.
    threads : int, default 1
        Threads that work; the result is the same to the bit.

    Returns
    -------
    numpy.ndarray
        float64, values by resamples; NaN in a resample without a row.

    Examples
    --------
    >>> mean_replicates([[1, 2, 6]], np.array([[1, 1, 1], [2, 0, 1]], np.int8))
    array([[3.        , 2.66666667]])
    """
    held, drawn = _inputs(values, copies, copies.shape[1])
    people = _summed(np.ones((1, drawn.shape[1])), drawn, threads)
    found = _summed(held, drawn, threads)
    return np.divide(found, people, out=np.full_like(found, np.nan), where=people > 0)


@dataclass(frozen=True, eq=False, repr=False)
class Captured:
    """What the tops of some rankings cause in each resample.

    Parameters
    ----------
    taken : numpy.ndarray
        float64, rankings by tops by amounts by resamples.
    total : numpy.ndarray
        float64, amounts by resamples: what all people cause.
    places : numpy.ndarray
        float64, tops by resamples: how many people are in the top.
    """

    taken: Float64
    total: Float64
    places: Float64

    @property
    def share(self) -> Float64:
        """Rankings by tops by amounts by resamples; NaN in a resample without any amount."""
        return _ratio(self.taken, self.total)

    @property
    def mean(self) -> Float64:
        """Amount a person of the top, in the same shape: the precision, where the amount is 1 or 0."""
        return _ratio(self.taken, self.places[:, None, :])


def capture_replicates(
    scores: npt.ArrayLike, amounts: npt.ArrayLike, tops: Sequence[int], copies: Int8, threads: int = 1
) -> Captured:
    """Return what the tops of each ranking cause in each resample.

    A top has as large a share of the people drawn as of the people there are; ties count in expectation.

    Parameters
    ----------
    scores : array-like
        Rankings by rows; higher stands first.
    amounts : array-like
        Amounts by rows, at least 0: what each causes later.
    tops : sequence of int
        Places, from 1 to the number of rows, in any order.
    copies : numpy.ndarray
        int8, resamples by rows, from `copies_of`.
    threads : int, default 1
        Threads that work; the result is the same to the bit.

    Returns
    -------
    Captured
        Tops and amounts in the order given.

    Raises
    ------
    ValueError
        When a top is out of range or an amount negative.

    Examples
    --------
    >>> drawn = np.array([[1, 1, 1, 1], [0, 2, 1, 1]], np.int8)
    >>> capture_replicates([[3, 2, 2, 1]], [[5, 0, 4, 1]], [2], drawn).share.tolist()
    [[[[0.7, 0.5333333333333333]]]]
    """
    ranked, drawn = _inputs(scores, copies, copies.shape[1])
    caused, _ = _inputs(amounts, copies, copies.shape[1])
    asked, people = np.asarray(tops, np.int64), drawn.shape[1]
    if (caused < 0).any():
        raise ValueError("an amount cannot be negative")
    if not ((asked >= 1) & (asked <= people)).all():
        raise ValueError(f"a top has from 1 to {people} places, as many as there are people")
    size = _summed(np.ones((1, people)), drawn, threads)[0]
    ascending = np.argsort(asked, kind="stable")
    places = asked[:, None] * size / people
    rows = given(caused.T, np.float64)
    out = np.empty((len(ranked), len(drawn), len(asked), len(caused)))
    work = []
    for ranking, score in enumerate(ranked):
        held = (*descending(score), rows)
        work += [
            partial(
                tops_taken, *held, given(places[ascending, part], np.float64), drawn[part], out[ranking, part]
            )
            for part in _parts(len(drawn))
        ]
    in_threads(_call, work, threads)
    taken = np.moveaxis(out[:, :, np.argsort(ascending)], 1, -1)
    return Captured(taken, _summed(caused, drawn, threads), places)


def interval(replicates: npt.ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of a measure, or of the difference of two.

    Parameters
    ----------
    replicates : array-like
        One a resample; NaN where it is not defined.
    level : float, default 0.95
        Share of the replicates between the two ends.

    Returns
    -------
    lower, upper : float
        Finite.

    Raises
    ------
    TooFewEventsError
        When it is not defined in more than one resample of 20.

    Examples
    --------
    >>> interval(np.arange(41), level=0.5)
    (10.0, 30.0)
    """
    values = np.asarray(replicates, np.float64)
    there = values[~np.isnan(values)]
    if len(there) < max(1, len(values) * (1 - _MISSING)):
        raise TooFewEventsError(
            f"{len(values) - len(there)} of {len(values)} resamples hold too few events to be measured, so "
            "that there is no interval. Use a longer horizon, or a day with more people at risk"
        )
    lower, upper = np.quantile(there, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)


def _inputs(values: npt.ArrayLike, copies: Int8, rows: int) -> tuple[Float64, Int8]:
    held, drawn = numbers_of("scores", values), given(copies, np.int8)
    if held.ndim != 2 or drawn.ndim != 2 or held.shape[1] != rows or drawn.shape[1] != rows:
        raise ValueError(f"scores, values and copies are tables with a column for each of the {rows} rows")
    return given(held, np.float64), drawn


def _parts(resamples: int) -> list[slice]:
    return [slice(at, min(at + _BLOCK, resamples)) for at in range(0, resamples, _BLOCK)]


def _call(work: partial[None]) -> None:
    work()


def _done(work: list[partial[None]], out: Float64, threads: int) -> Float64:
    in_threads(_call, work, threads)
    out[out < 0] = np.nan
    return out


def _summed(values: Float64, copies: Int8, threads: int) -> Float64:
    out = np.empty((len(values), len(copies)))
    held = given(values, np.float64)
    in_threads(
        _call, [partial(_sums, held, copies[part], out[:, part]) for part in _parts(len(copies))], threads
    )
    return out


def _ratio(part: Float64, whole: Float64) -> Float64:
    over = np.broadcast_to(whole, part.shape)
    return np.asarray(np.divide(part, over, out=np.full(part.shape, np.nan), where=over > 0))
