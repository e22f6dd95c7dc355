"""Everything compiled, or loaded from disk, before the first call that matters."""

from __future__ import annotations

from rfgscore.history.history import History
from rfgscore.windows.features import FURTHER, rfg
from rfgscore.windows.sliding import at_events, panel
from rfgscore.windows.snapshot import snapshot

__all__ = ["warmup"]


def warmup() -> None:
    """Compile every kernel, or load its machine code from where an earlier start left it.

    Each is compiled for one kind of input only, so nothing is compiled later. A service calls this once as it
    starts, before it begins to serve, and before it forks.

    Examples
    --------
    >>> warmup()
    """
    plain = History.from_arrays(person=[2, 1, 2], day=[3, 1, 2], gravity=[1.0, 2.0, 0.5], victim=[7, -1, 7])
    late = History.from_arrays(
        person=["b", "a", "b"],
        day=[3, 1, 2],
        gravity=[1.0, 2.0, 0.1],
        victim=["v", "", "v"],
        incident=[1, 1, 1],
        known_day=[3, 9, 8],
        rows=True,
    )
    for history in (plain, late):
        for features in (rfg(2, 2), rfg([2, 3], [2, 3], further=FURTHER)):
            snapshot(history, 9, features)
            panel(history, [1, 9], features)
            at_events(history, features)
