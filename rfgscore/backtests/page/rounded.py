"""Numbers rounded for a reader."""

from __future__ import annotations

from collections.abc import Callable

from rfgscore.backtests.page.reading import Number

__all__ = ["decimal", "interval", "percent", "plain", "points", "three", "whole_percent"]


def percent(value: float | None) -> str:
    """Return a share as a percentage.

    Parameters
    ----------
    value : float or None
        From 0 to 1.

    Returns
    -------
    str
        One digit after the point; a dash for no value.

    Examples
    --------
    >>> percent(0.1234), percent(1.0), percent(0.0004), percent(None)
    ('12.3%', '100%', 'under 0.1%', '–')
    """
    if value is None:
        return "–"
    if 0 < value < 0.0005:
        return "under 0.1%"
    return f"{100 * value:.1f}%".replace("100.0%", "100%").replace("-", "−")


def points(value: float | None) -> str:
    """Return a difference of shares in percentage points, with its sign.

    Parameters
    ----------
    value : float or None
        The difference.

    Returns
    -------
    str
        One digit after the point; a dash for no value.

    Examples
    --------
    >>> points(0.021), points(-0.0149), points(0.0)
    ('+2.1', '−1.5', '0.0')
    """
    return _signed(value, 100.0, 1)


def decimal(value: float | None, digits: int = 2, signed: bool = False) -> str:
    """Return a number with so many digits after the point.

    Parameters
    ----------
    value : float or None
        The number.
    digits : int
        Digits after the point.
    signed : bool
        Whether a plus is written.

    Returns
    -------
    str
        The number; a dash for no value.

    Examples
    --------
    >>> decimal(0.7049), decimal(-1.5, 1), decimal(0.02, 3, signed=True)
    ('0.70', '−1.5', '+0.020')
    """
    return _signed(value, 1.0, digits) if signed else _signed(value, 1.0, digits).removeprefix("+")


def three(value: float | None) -> str:
    """Return a number with three digits after the point.

    Parameters
    ----------
    value : float or None
        The number.

    Returns
    -------
    str
        A dash for None.

    Examples
    --------
    >>> three(0.71249)
    '0.712'
    """
    return decimal(value, 3)


def _signed(value: float | None, times: float, digits: int) -> str:
    if value is None:
        return "–"
    text = f"{times * value:+.{digits}f}".replace("-", "−")
    return text[1:] if not float(text.replace("−", "-")) else text


def interval(number: Number, text: Callable[[float | None], str]) -> str:
    """Return the interval of a number.

    Parameters
    ----------
    number : Number
        The number.
    text : callable
        How its ends are written.

    Returns
    -------
    str
        Both ends; blank where they are not known.
    """
    if number.lower is None or number.upper is None:
        return ""
    lower = text(number.lower).removesuffix("%").replace("under 0.1", "0.0")
    return f"{lower} to {text(number.upper)}"


def whole_percent(value: float) -> str:
    """Return a share as a tick of an axis.

    Parameters
    ----------
    value : float
        From 0 to 1.

    Returns
    -------
    str
        As short as it can be.

    Examples
    --------
    >>> whole_percent(0.05), whole_percent(0.025)
    ('5%', '2.5%')
    """
    return f"{plain(100 * value)}%"


def plain(value: float) -> str:
    """Return a number as a tick of an axis.

    Parameters
    ----------
    value : float
        The number.

    Returns
    -------
    str
        As short as it can be.

    Examples
    --------
    >>> plain(-0.05)
    '−0.05'
    """
    return f"{value:g}".replace("-", "−")
