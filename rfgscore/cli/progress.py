"""How far a long command is: a bar on standard error, where someone is looking."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rfgscore.cli.signals import stop_if_asked

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["RUN_STEPS", "Tell", "progress"]

#: Steps of a run, in the order in which they begin; one that a run does not tell of is passed over.
RUN_STEPS = ("reading", "scoring", "looking ahead", "explaining", "laying out", "writing")


class Tell:
    """Says that a step begins; the steps before it are then done.

    Parameters
    ----------
    steps : sequence of str
        Steps in their order.
    bar : rich.progress.Progress or None
        Where it is shown; None shows nothing.
    """

    def __init__(self, steps: Sequence[str], bar: Progress | None = None) -> None:
        self._steps = list(steps)
        self._bar = bar
        self._task = None if bar is None else bar.add_task("starting", total=len(self._steps))

    def __call__(self, step: str) -> None:
        """Begin a step, unless the command was asked to stop.

        Parameters
        ----------
        step : str
            Its name; one that is not in the list is shown and counts for nothing.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C.
        SystemExit
            After a request to terminate.
        """
        stop_if_asked()
        if self._bar is not None and self._task is not None:
            done = self._steps.index(step) if step in self._steps else None
            # Shown at once: a step may keep the processor so busy that no other thread gets to draw.
            self._bar.update(self._task, description=step, completed=done, refresh=True)


@contextmanager
def progress(quiet: bool, steps: Sequence[str] = RUN_STEPS) -> Iterator[Tell]:
    """Show a bar while a block runs, if standard error is a terminal; it is wiped away at the end.

    Parameters
    ----------
    quiet : bool
        Whether nothing is to be shown.
    steps : sequence of str
        Steps in their order.

    Yields
    ------
    Tell
        To be called with the name of each step as it begins.
    """
    if quiet or not sys.stderr.isatty():
        yield Tell(steps)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed

    columns = (SpinnerColumn(), BarColumn(bar_width=24), MofNCompleteColumn(), Elapsed())
    words = TextColumn("{task.description}", markup=False)
    # Standard output stays as it is: what is printed there is a result.
    with Progress(
        *columns,
        words,
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        yield Tell(steps, bar)
