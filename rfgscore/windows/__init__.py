"""Windows: what was known of each person on a day, over the last so many days.

>>> from rfgscore.history.history import History
>>> history = History.from_arrays(person=[7, 7], day=[0, 400], gravity=[3.0, 5.0])
>>> snapshot(history, 730, rfg(730))["gravity_sum_730d"]
[5.0]
>>> at_events(history, rfg(730))["gravity_sum_730d"]
[3.0, 8.0]
"""

from rfgscore.windows.features import FURTHER, Features, rfg
from rfgscore.windows.sliding import at_events, panel
from rfgscore.windows.snapshot import Walk, in_window, rounded, snapshot, walk
from rfgscore.windows.warmup import warmup

__all__ = [
    "FURTHER",
    "Features",
    "Walk",
    "at_events",
    "in_window",
    "panel",
    "rfg",
    "rounded",
    "snapshot",
    "walk",
    "warmup",
]
