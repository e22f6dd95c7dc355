"""Who there is: how often each perpetrator comes up, and what kind of career that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfgscore.synth.assumptions import Assumptions, pick

__all__ = ["People", "draw_people", "incidents_a_person"]

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class People:
    """Perpetrators, one place an array.

    Parameters
    ----------
    count : numpy.ndarray
        int64 incidents of each in the whole period.
    male, grave, under_age, co_suspect, mover, double : numpy.ndarray
        Boolean: a man; has a grave incident; is under age; is the second suspect of another's incident;
        came from Force B; has a second id in Force A.
    answers : numpy.ndarray
        int64 place of the person whose victim this one-time perpetrator is, and accuses; -1 for none.
    """

    count: Int64
    male: Bool
    grave: Bool
    under_age: Bool
    co_suspect: Bool
    mover: Bool
    double: Bool
    answers: Int64

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.count)

    @property
    def borrowed(self) -> Bool:
        """Those whose one incident is shaped by another person, or out of scope."""
        return self.under_age | self.co_suspect | (self.answers >= 0)


def _counts(given: Assumptions) -> tuple[Int64, npt.NDArray[np.float64]]:
    """Return the numbers of incidents there are, and how likely each is."""
    more = np.arange(2, given.count("most_incidents") + 1)
    tail = more ** -given.number("repeat_exponent")
    once = given.number("one_event_share")
    return np.append(1, more), np.append(once, (1 - once) * tail / tail.sum())


def incidents_a_person(given: Assumptions) -> float:
    """Return how many incidents a perpetrator has in the mean.

    Parameters
    ----------
    given : Assumptions
        Parameters in force.

    Returns
    -------
    float
        The mean of the distribution drawn from.

    Examples
    --------
    >>> round(incidents_a_person(Assumptions()), 2)
    1.88
    """
    numbers, likely = _counts(given)
    return float(numbers @ likely / likely.sum()) if likely.sum() > 0 else float(numbers[-1])


def draw_people(
    rng: np.random.Generator, given: Assumptions, size: int, incidents: int | None = None
) -> People:
    """Draw the perpetrators.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.
    given : Assumptions
        Parameters in force.
    size : int
        How many.
    incidents : int, optional
        Incidents, in the place of `size`: the last person is the one with whom they are reached.

    Returns
    -------
    People
        The perpetrators, in no order.
    """
    numbers, likely = _counts(given)
    if incidents is not None:
        size = 200 + round(1.1 * incidents / float(numbers @ likely))
    count = numbers[pick(rng, likely, size)]
    if incidents is not None:
        count = count[: int(np.searchsorted(np.cumsum(count), incidents)) + 1]
        size = len(count)
    male = rng.random(size) < given.number("perpetrator_male")
    once = rng.permutation(np.flatnonzero(count == 1))
    wanted = [
        round(size * given.number("counter_allegation") / 2),
        round(size * given.number("co_suspect")),
        round(size * given.number("under_age")),
    ]
    accusers, seconds, young = np.split(once, np.cumsum(wanted))[:3]
    free = np.ones(size, np.bool_)
    free[np.concatenate([accusers, seconds, young])] = False
    accused = rng.permutation(np.flatnonzero(free))[: len(accusers)]
    accusers = accusers[: len(accused)]
    answers = np.full(size, -1, np.int64)
    answers[accusers] = accused
    male[accusers] = ~male[accused]
    steps = np.maximum(count - 2, 0)
    repeat = given.number("grave_repeat") + given.number("grave_repeat_step") * steps
    chance = np.where(
        count == 1, given.number("grave_one_time"), np.minimum(repeat, given.number("grave_repeat_most"))
    )
    again = free & (count > 1)
    return People(
        count=count,
        male=male,
        grave=free & (rng.random(size) < chance),
        under_age=_marked(size, young),
        co_suspect=_marked(size, seconds),
        mover=again & (rng.random(size) < given.number("mover")),
        double=again & (rng.random(size) < given.number("double_record")),
        answers=answers,
    )


def _marked(size: int, places: Int64) -> Bool:
    mask = np.zeros(size, np.bool_)
    mask[places] = True
    return mask
