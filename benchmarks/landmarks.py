"""A back-test of 60 monthly landmarks on a million invented lines, on two threads.

    python benchmarks/landmarks.py [LANDMARKS [LINES]]

Everything of a back-test is made: rankings and a Cox model refitted at each landmark, intervals from 200
resamples, capture, calibration, the sham, the page. Nobody else makes such a back-test, so that there is no
peer to be set against; what is promised is that it ends within 15 minutes on two cores.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
from events import AS_OF, events

import rfgscore as rfg
from rfgscore.dates import from_day, iso

PROMISED = 15 * 60


def main(landmarks: int, lines: int) -> int:
    """Time one back-test."""
    drawn = events(lines)
    history = rfg.History.from_arrays(
        person=drawn["person"], day=drawn["day"], gravity=drawn["gravity"], victim=drawn["victim"], threads=2
    )
    dates = [from_day(AS_OF - 365 - 30 * back) for back in range(landmarks - 1, -1, -1)]
    begun, spent = time.monotonic(), time.process_time()
    found = rfg.backtest(
        history, config=rfg.preset("illustrative-rfgv"), dates=dates, models=("cox",), threads=2
    )
    wall, spent = time.monotonic() - begun, time.process_time() - spent
    at_risk = [
        value
        for measure, landmark, group, value in zip(
            *(found.numbers[name] for name in ("measure", "landmark", "group", "value")), strict=True
        )
        if measure == "at_risk" and landmark is not None and group is None
    ]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{landmarks} landmarks from {dates[0]} to {dates[-1]}, {len(history.day):,} lines of "
        f"{history.size:,} people up to {iso(AS_OF)}, {np.mean(at_risk):,.0f} at risk at a landmark: "
        f"{wall:.0f} s ({wall / 60:.1f} minutes), {spent:.0f} s of processor time, {memory:.1f} GiB at most; "
        f"{len(found.numbers):,} numbers"
    )
    return 0 if wall < PROMISED else 1


if __name__ == "__main__":
    asked = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(asked + [60, 1_000_000][len(asked) :])))
