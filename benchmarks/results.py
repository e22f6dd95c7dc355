"""What was measured, the ratios in it, and what they must be."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import NamedTuple

#: What each ratio must be at least and should be, by task, ours, peer and lines. Where the peer is the
#: memory floor, it is the time ours may take at most, in times that of the floor.
TARGETS = {
    ("T2", "ours, cold", "polars", 10**6): (20, 30),
    ("T2", "ours, cold", "DuckDB", 10**6): (15, 20),
    ("T2", "ours, cold, out=", "polars", 10**6): (20, 30),
    ("T2", "ours, cold, out=", "DuckDB", 10**6): (15, 20),
    ("T2", "ours, cold", "polars", 10**7): (14, 30),
    ("T2", "ours, cold", "DuckDB", 10**7): (8, 20),
    ("T2", "ours, cold, out=", "polars", 10**7): (14, 30),
    ("T2", "ours, cold, out=", "DuckDB", 10**7): (8, 20),
    ("T2", "ours, prepared", "DuckDB", 10**6): (40, 60),
    ("T2", "ours, prepared, out=", "DuckDB", 10**6): (40, 60),
    ("T2", "ours, prepared", "floor", 10**6): (12, 8),
    ("T2", "ours, prepared, out=", "floor", 10**6): (12, 8),
    ("T1", "ours, cold", "polars", 10**6): (1.5, 2.5),
    ("T1", "ours, prepared", "polars", 10**6): (8, 12),
    ("T3", "ours, prepared", "polars", 10**6): (15, 30),
    ("T4", "ours", "polars", 10**6): (1.2, 2),
}
FIRST_CACHED, FIRST_WITHOUT, MEMORY = (0.6, 0.3), (20, 12), (80, 64)
#: Bytes of a line that T2 must read and write once: day, offence and victim in; six features out.
FLOOR_BYTES = 13 + 36


class Ratio(NamedTuple):
    """Peer's time over ours: of the medians, and the least and the most of single rounds."""

    value: float
    least: float
    most: float


@dataclass(frozen=True)
class Measured:
    """Seconds of each engine in each round, answering one question at one size."""

    task: str
    lines: int
    wall: dict[str, list[float]]
    cpu: dict[str, list[float]]

    def median(self, engine: str) -> float:
        """Return the median wall time of an engine."""
        return statistics.median(self.wall[engine])

    def ratio(self, peer: str, ours: str) -> Ratio:
        """Return how many times as long the peer takes, by the clock."""
        return _ratio(self.wall[peer], self.wall[ours])

    def cpu_ratio(self, peer: str, ours: str) -> Ratio:
        """Return how many times as much processor time the peer takes."""
        return _ratio(self.cpu[peer], self.cpu[ours])


def _ratio(peer: list[float], ours: list[float]) -> Ratio:
    rounds = [theirs / own for theirs, own in zip(peer, ours, strict=True)]
    return Ratio(statistics.median(peer) / statistics.median(ours), min(rounds), max(rounds))


@dataclass(frozen=True)
class Row:
    """One line of the table of targets."""

    what: str
    lines: int | None
    against: str
    reached: Ratio
    unit: str
    cpu: float | None
    must: float
    aim: float
    less_is_better: bool = False

    @property
    def verdict(self) -> str:
        """Say what was reached."""
        sign = -1 if self.less_is_better else 1
        if sign * self.reached.value >= sign * self.aim:
            return "aim reached"
        return "must reached" if sign * self.reached.value >= sign * self.must else "missed"


@dataclass
class Result:
    """All of one run."""

    sizes: list[int]
    rounds: int
    measured: list[Measured] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def rows_of_ratios(found: list[Measured], copied: int) -> list[Row]:
    """Return the rows of the targets; of a run of small sizes, those of a million lines at its largest."""
    rows = []
    for (task, ours, peer, lines), (must, aim) in TARGETS.items():
        sizes = [m.lines for m in found if m.task == task]
        if lines == 10**6 and lines not in sizes and sizes:
            lines = min(max(sizes), lines)
        for m in found:
            if (m.task, m.lines) != (task, lines):
                continue
            what = f"{task}{ours.removeprefix('ours')}"
            if peer == "floor":
                floor = [FLOOR_BYTES * m.lines * seconds / (2 * copied) for seconds in m.wall["copy"]]
                # Each round has its own speed of memory; ours over the floor.
                reached = _ratio(m.wall[ours], floor)
                rows.append(Row(what, lines, "memory floor", reached, "x", None, must, aim, True))
            else:
                cpu = m.cpu_ratio(peer, ours).value
                rows.append(Row(what, lines, peer, m.ratio(peer, ours), "x", cpu, must, aim))
    return rows


def rows_of_first(without: list[dict[str, float]], cached: list[dict[str, float]]) -> list[Row]:
    """Return the rows of first calls, in CPU seconds; beside them the imports alone."""
    rows = []
    for what, runs, (must, aim) in (
        ("first calls, code cached", cached, FIRST_CACHED),
        ("first calls, nothing cached", without, FIRST_WITHOUT),
    ):
        imports = statistics.median(run["cpu"] - run["cpu_without"] for run in runs)
        wall = statistics.median(run["wall"] for run in runs)
        told = f"of it importing numpy and numba {imports:.2f} s; {wall:.2f} s by the clock"
        seconds = [run["cpu"] for run in runs]
        reached = Ratio(statistics.median(seconds), min(seconds), max(seconds))
        rows.append(Row(what, None, told, reached, " s", None, must, aim, True))
    return rows


def row_of_memory(lines: int, found: dict[str, float]) -> list[Row]:
    """Return the row of what T2 takes above its inputs."""
    told = ", ".join(f"{name} {value:.0f}" for name, value in found.items() if name != "ours")
    reached = Ratio(found["ours"], found["ours"], found["ours"])
    return [Row("T2, extra memory a line", lines, told, reached, " B", None, *MEMORY, True)]
