"""A discrete-time hazard held by boosted trees, worked out with NumPy alone.

A tree gives each row and period a number; their sum with ``baseline`` is the log odds that the event happens
on a day of that period to somebody it has not happened to yet. Inside a period every day is alike. All trees
stand one after the other in arrays with an element a node:

- ``feature`` int64: column asked; one above the last column asks for the number of the period; -1 at a leaf;
- ``threshold`` float64: up to and with it the way leads to the node ``left``, above it to ``right`` (int64,
  always further on; -1 at a leaf);
- ``value`` float64: what a leaf adds;
- ``offsets`` int64: first node of each tree, then the number of nodes;
- ``baseline`` float64, of length 1; ``edges`` int64: days on which periods end, led by 0;
- ``mean`` float64: the average row, from which `contributions_of_trees` counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import factorial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "contributions_of_trees",
    "events_in_leaves",
    "hazard_of_trees",
    "log_odds_of_trees",
    "splits_against",
]

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]
Arrays = Mapping[str, npt.NDArray[Any]]


class _Tree(NamedTuple):
    """One tree; nodes are counted from its own first."""

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    value: Sequence[float]


def hazard_of_trees(arrays: Arrays, values: Float64, times: Int64) -> Float64:
    """Return the cumulative hazard at some times.

    Parameters
    ----------
    arrays : mapping of str to numpy.ndarray
        The trees, as told above.
    values : numpy.ndarray
        float64, rows by columns, without NaN.
    times : numpy.ndarray
        int64 days on the clock, from 0 to the last of ``edges``.

    Returns
    -------
    numpy.ndarray
        float64, rows by times: minus the log of the probability of no event up to and with that day.

    Examples
    --------
    >>> arrays = {
    ...     "feature": np.array([0, -1, -1]),
    ...     "threshold": np.array([1.5, 0, 0]),
    ...     "left": np.array([1, -1, -1]),
    ...     "right": np.array([2, -1, -1]),
    ...     "value": np.array([0, -1.0, 1.0]),
    ...     "offsets": np.array([0, 3]),
    ...     "baseline": np.array([-5.0]),
    ...     "edges": np.array([0, 30, 90]),
    ...     "mean": np.array([1.2]),
    ... }
    >>> hazard_of_trees(arrays, np.array([[1.0], [2.0]]), np.array([0, 45, 90])).round(4).tolist()
    [[0.0, 0.1114, 0.2228], [0.0, 0.8167, 1.6335]]
    """
    daily = np.logaddexp(0.0, log_odds_of_trees(arrays, values))
    edges = arrays["edges"]
    hazard = np.zeros((len(values), len(times)))
    # Added up period by period, not by a matrix product, whose last bits depend on how many rows there are.
    for period, (first, last) in enumerate(pairwise(edges)):
        hazard += daily[period][:, None] * np.clip(times - first, 0, last - first)
    return hazard


def log_odds_of_trees(arrays: Arrays, values: Float64) -> Float64:
    """Return the log odds of the event on a day of each period.

    Parameters
    ----------
    arrays : mapping of str to numpy.ndarray
        The trees, as told above.
    values : numpy.ndarray
        float64, rows by columns, without NaN.

    Returns
    -------
    numpy.ndarray
        float64, periods by rows.
    """
    columns = np.ascontiguousarray(values.T)
    periods = len(arrays["edges"]) - 1
    total = np.full((periods, len(values)), arrays["baseline"][0])
    for first, end in pairwise(arrays["offsets"]):
        tree = _tree(arrays, int(first), int(end))
        for alike in _alike(tree, len(columns), periods):
            total[alike] += _of_tree(tree, columns, alike.start)
    return total


def contributions_of_trees(arrays: Arrays, values: Float64) -> Float64:
    """Return how far each column moves each row from the average row.

    The Shapley value of each column, replaced by the average row's: the mean, over all orders in which the
    columns may be replaced one after the other, of what replacing this one changes. A column that may only
    raise the risk never counts against a row that is above average in it.

    Parameters
    ----------
    arrays : mapping of str to numpy.ndarray
        The trees, as told above.
    values : numpy.ndarray
        float64, rows by columns, without NaN.

    Returns
    -------
    numpy.ndarray
        float64, rows by columns. With the average row's log odds they add up to the row's, both as the mean
        over the days from 1 to the last of ``edges``.

    Examples
    --------
    >>> arrays = {
    ...     "feature": np.array([0, -1, -1]),
    ...     "threshold": np.array([1.5, 0, 0]),
    ...     "left": np.array([1, -1, -1]),
    ...     "right": np.array([2, -1, -1]),
    ...     "value": np.array([0, -1.0, 1.0]),
    ...     "offsets": np.array([0, 3]),
    ...     "baseline": np.array([-5.0]),
    ...     "edges": np.array([0, 30, 90]),
    ...     "mean": np.array([1.2]),
    ... }
    >>> contributions_of_trees(arrays, np.array([[1.0], [2.0]])).tolist()
    [[0.0], [2.0]]
    """
    columns = np.ascontiguousarray(values.T)
    moved = np.zeros(columns.shape)
    days = np.diff(arrays["edges"])
    for first, end in pairwise(arrays["offsets"]):
        tree = _tree(arrays, int(first), int(end))
        for leaf, box in _leaves(tree):
            low, high = box.pop(len(columns), (-np.inf, np.inf))
            periods = np.arange(len(days))
            share = days[(periods > low) & (periods <= high)].sum() / days.sum()
            if share:
                _share_out(moved, columns, arrays["mean"], box, share * tree.value[leaf])
    return np.ascontiguousarray(moved.T)


def splits_against(arrays: Arrays, column: int, sign: int) -> tuple[int, int]:
    """Return how many splits ask for a column, and after how many the risk may go the wrong way.

    Parameters
    ----------
    arrays : mapping of str to numpy.ndarray
        The trees, as told above.
    column : int
        Number of the column.
    sign : int
        1 where more of it may only raise the risk, -1 only lower it.

    Returns
    -------
    tuple of (int, int)
        All splits on the column, and those where not every leaf on the side that should be higher is at
        least as high as every leaf on the other.

    Examples
    --------
    >>> arrays = {"feature": np.array([0, -1, -1]), "value": np.array([0, -1.0, 1.0])}
    >>> arrays |= {"left": np.array([1, -1, -1]), "right": np.array([2, -1, -1])}
    >>> splits_against(arrays, 0, 1), splits_against(arrays, 0, -1)
    ((1, 0), (1, 1))
    """
    feature, left, right = (arrays[name].tolist() for name in ("feature", "left", "right"))
    low = (arrays["value"] * sign).tolist()
    high = list(low)
    splits = against = 0
    for node in range(len(feature) - 1, -1, -1):
        if feature[node] < 0:
            continue
        lower, upper = left[node], right[node]
        if feature[node] == column:
            splits += 1
            against += high[lower] > low[upper]
        low[node], high[node] = min(low[lower], low[upper]), max(high[lower], high[upper])
    return splits, against


def events_in_leaves(arrays: Arrays, rows: Float64) -> Int64:
    """Return how many rows come to each leaf.

    Parameters
    ----------
    arrays : mapping of str to numpy.ndarray
        The trees, as told above.
    rows : numpy.ndarray
        float64, rows by columns, the number of the period as the last column.

    Returns
    -------
    numpy.ndarray
        int64, a count a leaf of all trees that split at all.
    """
    columns = np.ascontiguousarray(rows.T)
    counts = [np.zeros(0, np.int64)]
    for first, end in pairwise(arrays["offsets"]):
        tree = _tree(arrays, int(first), int(end))
        if len(tree.feature) > 1:
            numbered = tree._replace(value=list(range(len(tree.feature))))
            leaf = _of_tree(numbered, columns, 0)
            counts.append(np.bincount(leaf, minlength=end - first)[np.array(tree.feature) < 0])
    return np.concatenate(counts)


def _tree(arrays: Arrays, first: int, end: int) -> _Tree:
    nodes = slice(first, end)
    return _Tree(
        arrays["feature"][nodes].tolist(),
        arrays["threshold"][nodes].tolist(),
        (arrays["left"][nodes] - first).tolist(),
        (arrays["right"][nodes] - first).tolist(),
        arrays["value"][nodes].tolist(),
    )


def _alike(tree: _Tree, period: int, periods: int) -> Iterator[slice]:
    """Yield the runs of periods that a tree does not tell apart."""
    cuts = [
        threshold for asked, threshold in zip(tree.feature, tree.threshold, strict=True) if asked == period
    ]
    side = np.searchsorted(np.sort(cuts), np.arange(periods))
    starts = np.flatnonzero(np.diff(side, prepend=-1)).tolist()
    for start, stop in zip(starts, [*starts[1:], periods], strict=True):
        yield slice(start, stop)


def _of_tree(tree: _Tree, columns: Float64, period: int) -> Any:
    """What a tree gives each row in a period: from the last node up, since children stand after parents."""
    found: list[Any] = list(tree.value)
    for node in range(len(found) - 1, -1, -1):
        asked = tree.feature[node]
        if asked < 0:
            continue
        left, right = found[tree.left[node]], found[tree.right[node]]
        if asked == len(columns):
            found[node] = left if period <= tree.threshold[node] else right
        else:
            found[node] = np.where(columns[asked] <= tree.threshold[node], left, right)
    return found[0]


def _leaves(tree: _Tree) -> Iterator[tuple[int, dict[int, tuple[float, float]]]]:
    """Yield each leaf, and of each column asked on the way the bounds: above the first, up to the second."""
    boxes: dict[int, dict[int, tuple[float, float]]] = {0: {}}
    for node, asked in enumerate(tree.feature):
        box = boxes.pop(node)
        if asked < 0:
            yield node, box
            continue
        low, high = box.get(asked, (-np.inf, np.inf))
        at = tree.threshold[node]
        boxes[tree.left[node]] = {**box, asked: (low, min(high, at))}
        boxes[tree.right[node]] = {**box, asked: (max(low, at), high)}


def _share_out(
    moved: Float64, columns: Float64, mean: Float64, box: Mapping[int, tuple[float, float]], amount: float
) -> None:
    """Add one leaf's Shapley values, columns by rows.

    A row's own values of the columns in `only` are needed to get to the leaf, the average ones of those it
    misses itself; so the leaf is reached with the first and without the second, whatever the others are.
    """
    fits = {
        column: (columns[column] > low) & (columns[column] <= high) for column, (low, high) in box.items()
    }
    only = [column for column, (low, high) in box.items() if not low < mean[column] <= high]
    both = [column for column in box if column not in only]
    reached = np.ones(columns.shape[1], bool)
    for column in only:
        reached &= fits[column]
    rows = np.flatnonzero(reached)
    missed = np.zeros(len(rows), np.int64)
    for column in both:
        missed += ~fits[column][rows]
    own, most = len(only), len(both) + 1
    if own:
        with_own = [factorial(own - 1) * factorial(b) / factorial(own + b) for b in range(most)]
        gained = amount * np.array(with_own)[missed]
        for column in only:
            moved[column, rows] += gained
    without = [0.0] + [factorial(own) * factorial(b - 1) / factorial(own + b) for b in range(1, most)]
    lost = amount * np.array(without)[missed]
    for column in both:
        moved[column, rows] -= np.where(fits[column][rows], 0.0, lost)
