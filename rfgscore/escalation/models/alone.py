"""Fitting on one thread: a matrix product is added up in another order by more, and the last bits differ."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

__all__ = ["on_one_thread"]

Given = ParamSpec("Given")
Made = TypeVar("Made")


def on_one_thread(fit: Callable[Given, Made]) -> Callable[Given, Made]:
    """Make a fit the same to the bit, whatever number of threads the linear algebra may use.

    Parameters
    ----------
    fit : callable
        What fits a model.

    Returns
    -------
    callable
        The same, with one thread for linear algebra while it works.

    Examples
    --------
    >>> on_one_thread(sum)([1, 2])
    3
    """

    @wraps(fit)
    def alone(*given: Given.args, **named: Given.kwargs) -> Made:
        import scipy.linalg  # noqa: F401 - brings linear algebra of its own, which must be there to be told
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, user_api="blas"):
            return fit(*given, **named)

    return alone
