"""Is the next incident graver than the last? Measured against chance: the same incidents in any order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from rfgscore.errors import ConfigError
from rfgscore.escalation.careers.rows import Cell, table_of
from rfgscore.escalation.careers.steps import Steps, steps_of
from rfgscore.escalation.models.estimates import Z95
from rfgscore.escalation.settings import day_of
from rfgscore.history.history import History
from rfgscore.tables import Kind, Table

__all__ = ["next_harm"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

_KINDS: Final[Mapping[str, Kind]] = {
    "after": "text",
    "measure": "text",
    "pairs": "int64",
    "people": "int64",
    "count": "int64",
    "share": "float64",
    "expected": "float64",
    "null_lower": "float64",
    "null_upper": "float64",
    "p": "float64",
    "excess": "float64",
    "lower": "float64",
    "upper": "float64",
}
MEASURES: Final = ("higher", "lower", "same", "above_maximum")


def next_harm(
    history: History,
    until: dt.date | str | int,
    permutations: int = 200,
    seed: int = 1,
    most: int = 10,
) -> Table:
    """Return how often the next incident is graver than the last, and how often that is by chance.

    The share by itself says nothing of escalation: it shows regression to the mean. After a mild incident the
    next is mostly graver, after a grave one mostly milder, even where nothing changes in a person; and a new
    worst one is likely while there are few before it. So each share stands beside what it would be if each
    person's incidents had come in any other order. Under that null "higher" is as likely as "lower". Only the
    `excess` over the null speaks of a trend within people: more "higher" and less "lower". Where both fall
    and "same" rises, like follows like, and nothing escalates.

    Incidents that began on one day have no order among each other: they count as one, as grave as the
    gravest. An excess may have other causes than people: recording that changes over the years, or a record
    that ends because of a grave last incident, as with a long sentence.

    Parameters
    ----------
    history : History
        The history.
    until : datetime.date, str or int
        Only what was visible on that day counts.
    permutations : int
        Random orders for the interval of the null; its mean is exact without them.
    seed : int
        Of the random orders; the same seed gives the same table.
    most : int
        From this number on, pairs are told together.

    Returns
    -------
    Table
        By `after`, the number of the earlier incident day of a pair (text: ``all``, ``1``, … ``10+``), and
        `measure`: ``higher``, ``lower``, ``same`` than the last, or ``above_maximum`` of all before.
        ``pairs`` and ``people`` at risk; ``count`` and ``share`` of pairs; ``expected``, the exact mean under
        the null; ``null_lower, null_upper``, between which 95 % of the random orders lie, and ``p``, the
        share of orders as far from the mean (two-sided, the order seen counted in; null without
        permutations); ``excess``, share less expected, with ``lower, upper`` (95 %, a person counts once).
        Shares are null without pairs.

    Raises
    ------
    ConfigError
        When `permutations` or `seed` is below 0, or `most` below 1.
    PointInTimeError
        When `until` is later than the day the history was read for.

    Examples
    --------
    >>> history = History.from_arrays(person=["a", "a", "a"], day=[1, 2, 3], gravity=[1, 2, 3])
    >>> table = next_harm(history, "1970-02-01", permutations=0)
    >>> [(row[1], row[2], row[5], round(row[6], 3)) for row in table.rows() if row[0] == "all"]
    [('higher', 2, 1.0, 0.5), ('lower', 2, 0.0, 0.5), ('same', 2, 0.0, 0.0), ('above_maximum', 2, 1.0, 0.417)]
    """
    if permutations < 0 or seed < 0 or most < 1:
        raise ConfigError("permutations and seed must be 0 or above, most above 0")
    steps = steps_of(history, day_of("until", until))
    steps = steps.take(~(steps.first & steps.last))  # whoever has one has no pair
    place = steps.place
    later = np.flatnonzero(place > 1)
    # Each pair counts under its number and under "all", which is group 0.
    group = np.minimum(place[later] - 1, most)
    pairs = np.bincount(group, minlength=most + 1)
    pairs[0] = len(later)
    whose = steps.person[later]
    people = [
        len(np.unique(whose[group == nth])) if nth else len(np.unique(whose)) for nth in range(most + 1)
    ]
    _, rank = np.unique(steps.gravity, return_inverse=True)
    seen = _outcomes(rank, steps.person, later)
    mean = _expected(steps, rank, later)

    def counts(what: Bool) -> Int64:
        out = np.bincount(group[what], minlength=most + 1)
        out[0] = int(what.sum())
        return out

    drawn = np.array(
        [
            [counts(what) for what in _outcomes(one, steps.person, later)]
            for one in _orders(steps, rank, permutations, seed)
        ]
    ).reshape(permutations, len(MEASURES), most + 1)
    rows: list[tuple[Cell, ...]] = []
    for nth in range(most + 1):
        after = "all" if nth == 0 else f"{nth}+" if nth == most else str(nth)
        chosen = np.ones(len(later), np.bool_) if nth == 0 else group == nth
        size = int(pairs[nth])
        for at, measure in enumerate(MEASURES):
            told = _row(seen[at][chosen], mean[at][chosen], whose[chosen], drawn[:, at, nth])
            rows.append((after, measure, size, people[nth], *told))
    return table_of(_KINDS, rows)


def _outcomes(rank: Int64, person: Int64, later: Int64) -> tuple[Bool, Bool, Bool, Bool]:
    """Return of each pair whether the later one is higher, lower, the same, above the running maximum."""
    # Packed with the person, the running highest never reaches into the next person.
    packed = person * (int(rank.max(initial=0)) + 1) + rank
    highest = np.maximum.accumulate(packed)
    now, last = rank[later], rank[later - 1]
    return now > last, now < last, now == last, packed[later] > highest[later - 1]


def _orders(steps: Steps, rank: Int64, permutations: int, seed: int) -> Iterator[Int64]:
    """Yield the gravities with those of each person in a random order."""
    bits = np.random.Philox(key=seed)
    # Whoever comes first stays first: the person stands above the random bits.
    above = np.cumsum(steps.first).astype(np.uint64) << np.uint64(34)
    for _ in range(permutations):
        key = above | (bits.random_raw(len(steps)) >> np.uint64(30))
        yield rank[np.argsort(key, kind="stable")]


def _expected(steps: Steps, rank: Int64, later: Int64) -> tuple[Float64, Float64, Float64, Float64]:
    """Return the chance of each outcome of each pair when a person's steps come in any order.

    Of n steps of a person any two may be the pair, so that equal ones decide. The step at place p is above
    all before when these come from those below it: with k of n at or above it, itself among them, the chance
    is C(n - k, p - 1) / C(n - 1, p - 1), each of the n being equally likely to stand there.
    """
    whose = np.cumsum(steps.first) - 1
    size = np.bincount(whose)[whose] if len(whose) else whose
    order = np.lexsort((rank, whose))
    by_person, by_rank = whose[order], rank[order]
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (by_person[1:] != by_person[:-1]) | (by_rank[1:] != by_rank[:-1])
    begins = np.flatnonzero(fresh)
    tied = np.diff(np.append(begins, len(order)))[np.cumsum(fresh) - 1]
    first_of = np.searchsorted(by_person, by_person)
    # In the order of rank: below each stand those of its person before its ties.
    below = begins[np.cumsum(fresh) - 1] - first_of
    many = size[order]
    same = np.bincount(by_person, (tied - 1) / (many * (many - 1.0)))[whose[later]]
    above = np.zeros(len(later))
    place = steps.place[later]
    chance, active = 1 / many, np.arange(len(order))
    for at in range(2, int(many.max(initial=1)) + 1):
        active = active[many[active] >= at]
        # From C(below, at - 2) / C(many - 1, at - 2) to the next.
        chance[active] *= np.maximum(below[active] - at + 2, 0) / (many[active] - at + 1)
        total = np.bincount(by_person[active], chance[active], minlength=int(whose[-1]) + 1)
        here = np.flatnonzero(place == at)
        above[here] = total[whose[later[here]]]
    higher = (1 - same) / 2
    return higher, higher, same, above


def _row(seen: Bool, mean: Float64, person: Int64, drawn: Int64) -> tuple[Cell, ...]:
    """Return count, share, expected, ends of the null, p, excess and its ends."""
    size, count = len(seen), int(seen.sum())
    if size == 0:
        return (0, *[None] * 8)
    expected = float(mean.sum())
    null: tuple[float | None, float | None, float | None] = (None, None, None)
    if len(drawn):
        low, high = (np.quantile(drawn, q, method="inverted_cdf") / size for q in (0.025, 0.975))
        # Equal counts must stay equal to the mean's last digits.
        far = np.abs(drawn - expected) >= abs(count - expected) - 1e-9 * max(1.0, expected)
        null = (float(low), float(high), float((1 + far.sum()) / (1 + len(drawn))))
    excess = (count - expected) / size
    _, whose = np.unique(person, return_inverse=True)
    each = np.bincount(whose, seen - mean) - excess * np.bincount(whose)
    width = Z95 * float(np.sqrt((each**2).sum())) / size
    sure: tuple[float | None, float | None] = (excess - width, excess + width)
    if len(each) < 2:
        sure = (None, None)  # one person says nothing of how people differ
    return (count, count / size, expected / size, *null, excess, *sure)
