"""Windows: what was known of each person on a day, over the last so many days.

>>> from rfgscore.history.history import History
>>> history = History.from_arrays(person=[7, 7], day=[0, 400], gravity=[3.0, 5.0])
>>> snapshot(history, 730, rfg(730))["gravity_sum_730d"]
[5.0]
"""

from rfgscore.windows.snapshot import Features, Walk, in_window, rfg, rounded, snapshot, walk

__all__ = ["Features", "Walk", "in_window", "rfg", "rounded", "snapshot", "walk"]
