"""A back-test in one call: numbers, design, and the files that tell of them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from rfgscore.backtests.driver import back_test
from rfgscore.backtests.kept import Kept
from rfgscore.backtests.options import Options, options_of
from rfgscore.config import Config
from rfgscore.dates import iso
from rfgscore.escalation.episodes import last_day
from rfgscore.escalation.outcomes import Outcome
from rfgscore.history.history import History
from rfgscore.history.read import gravity_of
from rfgscore.pipeline.folder import MANIFEST, write_folder
from rfgscore.pipeline.manifest import environment
from rfgscore.report.csv_file import csv_bytes
from rfgscore.tables import Table

__all__ = ["SCHEMA", "Backtest", "backtest", "recovery"]

Day = dt.date | str | int
FilePath = str | os.PathLike[str]

#: Schema of the files of a back-test, named in their manifest.
SCHEMA: Final = "backtest/1"
#: What the numbers come from, beside those of every run.
_PACKAGES: Final = ("lifelines", "pandas", "scikit-learn", "scipy")


@dataclass(frozen=True, repr=False)
class Backtest:
    """What a back-test found; frozen.

    Parameters
    ----------
    numbers : Table
        Every number, a row each: ``landmark`` (null: all together), ``group``, ``outcome``, ``ranking``,
        ``measure``, ``at``, ``of``, ``value``, ``lower``, ``upper``, ``against`` (null: the value itself;
        else the ranking it is a difference to), ``people``, ``events``.
    design : dict
        How it was made, as plain data.
    files : mapping of str to bytes
        ``report.html``, ``backtest.csv``, ``design.json``, and ``manifest.json`` last.
    kept : Kept
        Finished landmarks, until the files are written.
    """

    numbers: Table
    design: dict[str, Any]
    files: Mapping[str, bytes]
    kept: Kept

    def __repr__(self) -> str:
        days = self.design["landmarks"]
        return f"Backtest({len(days)} landmarks, {days[0]} to {days[-1]}; {len(self.numbers)} numbers)"

    @property
    def manifest(self) -> dict[str, Any]:
        """What went in, what came out, and how; a fresh copy of what is written."""
        told: dict[str, Any] = json.loads(self.files[MANIFEST])
        return told

    def write(self, out: FilePath, *, replace: bool = False) -> Path:
        """Write the files as one folder, all of them or nothing, and remove what was kept to go on from.

        Parameters
        ----------
        out : path
            Folder: absent, empty, or with `replace` an earlier back-test.
        replace : bool
            Whether an earlier back-test may be replaced.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        OutputError
            When `out` is in use.
        WriteError
            When it cannot be written; what stood there before is untouched.
        """
        folder = write_folder(out, self.files, replace=replace, schema=SCHEMA)
        self.kept.remove()
        return folder


def backtest(
    history: History,
    *,
    config: Config,
    dates: Iterable[Day],
    outcome: str | Outcome = "repeat",
    horizons: Sequence[int] = (90, 180, 365),
    models: Sequence[str] = ("cox",),
    features: Sequence[str] | None = None,
    look_ahead_days: int = 365,
    serious_from: float = 365.0,
    cap: float = 730.0,
    hold_out: str | None = None,
    held: str = "include",
    clock: str | None = None,
    recalibrate: bool = False,
    landmarks: int = 4,
    every_days: int = 182,
    resamples: int = 200,
    seed: int = 1,
    threads: int = 1,
    resume: FilePath | None = None,
    tell: Callable[[str], None] = lambda step: None,
) -> Backtest:
    """Show whether a ranking is any good: what it would have caught at each landmark.

    At a landmark everything is ranked and fitted by what was known on that day; what came after it is used to
    test, and for nothing else.

    Parameters
    ----------
    history : History
        The history, read for the day of the extract: what happened after the landmarks must be in it.
    config : Config
        Settings: look-back, gravity table and profile.
    dates : iterable of date-like
        Landmarks; `every` makes them.
    outcome : str or Outcome
        ``repeat``, ``serious``, ``worse``, ``new_victim``, or one of your own.
    horizons : sequence of int
        Days on the clock at which risk is judged.
    models : sequence of str
        Some of ``cox``, ``weibull``, ``hazard``; none compares rules only.
    features : sequence of str, optional
        Columns the models look at, as in `EscalationModel`; by default all that the record can fill. One that
        separates the events at a landmark is left out there.
    look_ahead_days : int
        Calendar days after a landmark whose incidents are counted.
    serious_from : float
        Weight from which an incident is serious.
    cap : float
        Most that one incident adds to the capped harm.
    hold_out : str, optional
        ``area`` or ``force``: also fit without the people of each, and test on them.
    held : str
        Whether people in custody at a landmark are at risk: ``include`` or ``exclude``.
    clock : str, optional
        ``at_liberty`` or ``calendar``; by default at liberty where custody is known. There is no other: one
        that passes over when a line became known would tell what nobody knew.
    recalibrate : bool
        Whether risks are also shown as moved by how far off a model was in the half year before.
    landmarks, every_days : int
        How many training landmarks there may be before each landmark, and the days between two of them.
    resamples : int
        Resamples of people behind the intervals.
    seed : int
        Of the resamples, and of the shuffles of the sham check.
    threads : int
        Threads to use; the result is the same to the byte with any number.
    resume : path, optional
        Folder in which finished landmarks are kept until the result is written; a back-test that was stopped
        goes on from there, if nothing that defines it has changed.
    tell : callable
        Called with the date of each landmark, and the name of each step after them, as it begins.

    Returns
    -------
    Backtest
        Numbers, design and files; ``.write(out)`` writes them.

    Raises
    ------
    ConfigError
        When something asked for cannot be used.
    FollowUpError
        When a look-ahead passes the end of the data, or the record before a landmark is too short.
    TooFewEventsError
        When too little happened at a landmark.
    DataError
        When something asked for needs a table or column that was not given, or what is known only as of
        the extract would be used.

    Examples
    --------
    >>> import numpy as np
    >>> import rfgscore as rfg
    >>> rng = np.random.default_rng(1)
    >>> person, day = rng.integers(0, 400, 4000), rng.integers(0, 2000, 4000).astype(np.int32)
    >>> history = rfg.History.from_arrays(person=person, day=day, gravity=np.ones(4000))
    >>> backtest(
    ...     history,
    ...     config=rfg.preset("illustrative-rfh"),
    ...     dates=rfg.every(90, "1974-01-01", "1974-04-01"),
    ...     models=(),
    ...     resamples=20,
    ... )
    Backtest(2 landmarks, 1974-01-01 to 1974-04-01; 2742 numbers)
    """
    options = options_of(
        outcome=outcome,
        horizons=horizons,
        models=models,
        features=features,
        look_ahead_days=look_ahead_days,
        serious_from=serious_from,
        cap=cap,
        hold_out=hold_out,
        held=held,
        clock=clock,
        recalibrate=recalibrate,
        landmarks=landmarks,
        every_days=every_days,
        resamples=resamples,
        seed=seed,
    )
    numbers, design, kept = back_test(
        history,
        config=config,
        gravity=gravity_of(config),
        dates=dates,
        options=options,
        threads=threads,
        resume=resume,
        tell=tell,
    )
    tell("laying out")
    files = _files(history, config, options, numbers, design)
    return Backtest(numbers, design, MappingProxyType(files), kept)


def recovery(out: FilePath) -> Path:
    """Return where finished landmarks are kept while a back-test is made for a folder.

    Parameters
    ----------
    out : path
        Folder to write.

    Returns
    -------
    Path
        A folder beside it.
    """
    target = Path(os.path.abspath(out))  # noqa: PTH100 - resolve() would follow a link
    return target.parent / f".{target.name}.rfgscore-landmarks"


def _files(
    history: History, config: Config, options: Options, numbers: Table, design: dict[str, Any]
) -> dict[str, bytes]:
    """Lay out the files, the manifest last."""
    from rfgscore.backtests.page import page_bytes

    files = {
        "report.html": page_bytes(numbers, design, config.output.marking, config.name),
        "backtest.csv": csv_bytes(numbers),
        "design.json": _json(design),
    }
    source = history.source
    manifest = {
        "schema": SCHEMA,
        "version": version("rfgscore"),
        "last_day": iso(last_day(history)),
        "extract_date": None if source is None else iso(source.extract),
        "config_sha256": config.sha256(),
        "config": config.effective(),
        "landmarks": design["landmarks"],
        "options": options.plain(),
        "seeds": {"resamples": options.seed, "shuffles": options.seed},
        "inputs": [] if source is None else list(source.account.inputs),
        "outputs": {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)},
        "warnings": [*design["warnings"], *_warnings(history)],
        "run": environment(_PACKAGES),
    }
    return {**files, MANIFEST: _json(manifest)}


def _warnings(history: History) -> list[dict[str, str]]:
    told = () if history.source is None else history.source.account.warnings
    return [{"code": code, "text": text} for code, text in told]


def _json(what: dict[str, Any]) -> bytes:
    return (json.dumps(what, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
