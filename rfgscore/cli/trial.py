"""What ``rfgscore backtest`` does beside the back-test: look at its options, and say what was found."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rfgscore.config import Config
from rfgscore.errors import ConfigError
from rfgscore.pipeline.trial import Backtest

__all__ = ["extract_of", "models_of", "said", "say_what_is_kept"]


def extract_of(given: str | None, settings: Config) -> str:
    """Return the day the extract was taken: what came after the landmarks is read up to it.

    Parameters
    ----------
    given : str or None
        ``--extract-date``.
    settings : Config
        The settings.

    Returns
    -------
    str
        The day.

    Raises
    ------
    ConfigError
        When neither says it.

    Examples
    --------
    >>> from rfgscore.config import preset
    >>> extract_of("2025-06-30", preset("illustrative-rfgv"))
    '2025-06-30'
    """
    stated = given if given is not None else settings.input.extract_date
    if stated is None:
        raise ConfigError(
            "on which day was the extract taken? Give --extract-date, or input.extract_date in the settings: "
            "what came after the landmarks is read up to that day"
        )
    return str(stated)


def models_of(text: str) -> tuple[str, ...]:
    """Return the models to be tested.

    Parameters
    ----------
    text : str
        Names with commas between them, as they were typed; ``none`` compares rules only.

    Returns
    -------
    tuple of str
        The names.

    Examples
    --------
    >>> models_of("cox, hazard"), models_of("none")
    (('cox', 'hazard'), ())
    """
    names = tuple(word.strip() for word in text.split(","))
    return () if names == ("none",) else names


def said(found: Backtest) -> Iterator[str]:
    """Yield what a back-test found, all landmarks together.

    Parameters
    ----------
    found : Backtest
        The back-test.

    Yields
    ------
    str
        A line.
    """
    design = found.design
    days, longest = design["landmarks"], f"{design['horizons'][-1]} d"
    yield (
        f"{len(days)} landmarks, {days[0]} to {days[-1]}; {design['outcome_words']}, "
        f"{design['clock_words']}; the record ends on {design['last_day']}."
    )
    for warning in design["warnings"]:
        yield f"  note {warning['code']}: {warning['text']}"
    wanted = {
        ("auc", longest, None): "AUC",
        ("capture", "top 5%", "harm_capped"): "top 5% holds of capped harm",
    }
    lines: dict[str, list[str]] = {}
    for row in _together(found):
        words = wanted.get((row["measure"], row["at"], row["of"]))
        if words is not None and row["value"] is not None:
            ends = "" if row["lower"] is None else f" ({row['lower']:.3f} to {row['upper']:.3f})"
            lines.setdefault(row["ranking"], []).append(f"{words} {row['value']:.3f}{ends}")
    for ranking, parts in lines.items():
        yield f"  {ranking}: {'; '.join(parts)}"


@contextmanager
def say_what_is_kept(folder: Path) -> Iterator[None]:
    """Say, where a back-test is stopped, that it can go on.

    Parameters
    ----------
    folder : pathlib.Path
        Where finished landmarks are kept.

    Yields
    ------
    None
        While the back-test runs.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if folder.is_dir():
            told = "rfgscore: finished landmarks are kept: the same command goes on from there"
            print(told, file=sys.stderr)
        raise


def _together(found: Backtest) -> Iterator[dict[str, Any]]:
    names = list(found.numbers.columns)
    for values in found.numbers.rows():
        row = dict(zip(names, values, strict=True))
        if row["landmark"] is None and row["group"] is None and row["against"] is None:
            yield row
