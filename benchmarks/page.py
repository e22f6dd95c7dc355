"""The page and the plot of what was measured."""

from __future__ import annotations

import datetime as dt
import os
import platform
from importlib.metadata import version
from pathlib import Path

from results import FLOOR_BYTES, Measured, Result, Row

#: Shown in the plot and in the second table, in this order.
OURS = ("ours, cold", "ours, cold, out=", "ours, prepared", "ours, prepared, out=", "ours")
PEERS = ("polars", "DuckDB", "pandas")
#: Colours that people who see fewer colours tell apart, and marks that need none.
LOOKS = {
    "ours, cold": ("#0072b2", "-", "o"),
    "ours, cold, out=": ("#0072b2", ":", "h"),
    "ours, prepared": ("#56b4e9", "-", "s"),
    "ours, prepared, out=": ("#009e73", "-", "D"),
    "polars": ("#d55e00", "--", "^"),
    "DuckDB": ("#e69f00", "--", "v"),
    "pandas": ("#cc79a7", ":", "x"),
}

HEAD = """<!-- Written by `make bench` (benchmarks/windows.py). Do not edit: the next run writes it anew. -->

# How fast it is

The window engine is compared with polars, DuckDB and pandas, in one process and on the same data. Nothing
is measured before all engines give the same answer: equal whole numbers, sums and maxima, and decayed
gravities within one part in a billion. Only ratios mean something elsewhere. Seconds belong to the
machine below.

| question | |
| --- | --- |
| T1 | the features of each person on one day |
| T2 | the features at every line, as they stood on its day |
| T3 | T1 on 60 dates a month apart; the peer is asked T1 for each |
| T4 | from a Parquet file with text ids to bands, a score and the 500 highest as CSV |

The features are the days since the last line, and over 730 days the lines, their gravity summed and at
its highest, and the distinct victims; over all lines the gravity decayed with a half-life of 180 days.
*Cold* starts from unsorted arrays. *Prepared* starts from a history already built. *out=* also writes
over the arrays of an earlier result, as the peers' own memory managers do with theirs. Peers start from
tables of their own.
"""

TARGETS = """
## What was asked, and what is reached

A ratio is the peer's median time over ours. Beside it stand the least and the most of single rounds, and
the ratio of processor time. The memory floor is the time in which {bandwidth:.1f} GB/s, the speed at
which two threads copy 256 MB, read and write what T2 must read and write once, {floor} bytes a line.
There, as for seconds and bytes, less is better.
"""

QUICK = """
**This page is of a quick run.** The targets are for a million lines and more; here they stand beside the
ratios of fewer lines.
"""

SHORT = """
## What falls short of the aim, and why

The shares and times below are of this run.

{reasons}
"""

PLOT = """
## By the number of lines

![Nanoseconds a line against the number of lines, for T1 and T2](_static/performance.png)

"""

ROUND = """
## How it is measured

```sh
make bench
```

- Each of {rounds} rounds asks every engine once and starts with another one. Results are materialised,
  and given back after the clock is read. Code is compiled and every engine has run before.
- All engines have two threads. DuckDB keeps its result in a temporary table, the fastest of the ways
  tried.
- The lines are invented, with a seed: 2.8 a person on average, at most 500, two thirds of the people with
  one. Weights are whole numbers.
- First calls run in fresh processes: building a history of 20,000 lines, a snapshot, a panel and the
  features at every line, with all further features.
- Extra memory is the peak of a fresh process above what its inputs hold, after a small first run.

Not measured: other machines and systems, more than two threads, pandas where it takes minutes, more than
ten million lines, ids that lie close together, histories of more than 500 lines, files that are not in
the cache of the disk, CSV.
"""


def machine() -> list[tuple[str, str]]:
    """Return what the run stands on, in rows of two cells."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next(line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ("rfgscore", "numpy", "numba", "pandas", "polars", "duckdb", "pyarrow")
    return [
        ("date", f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"),
        ("processor", f"{model}, {os.cpu_count()} cores"),
        ("memory", f"{memory:.0f} GiB"),
        ("system", f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {platform.machine()}"),
        ("jobs waiting before the run", f"{os.getloadavg()[0]:.1f} on average of a minute"),
        ("versions", f"Python {platform.python_version()}, " + ", ".join(f"{n} {version(n)}" for n in names)),
    ]


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _cells(row: Row) -> list[str]:
    value, least, most = map(_short, row.reached)
    limit = "at most " if row.less_is_better else ""
    return [
        row.what,
        "" if row.lines is None else f"{row.lines:,}",
        row.against,
        f"{value}{row.unit}",
        "" if least == most else f"{least} to {most}",
        "" if row.cpu is None else f"{_short(row.cpu)}x",
        f"{limit}{row.must:g}",
        f"{limit}{row.aim:g}",
        row.verdict,
    ]


COLUMNS = ["question", "lines", "against", "reached", "rounds", "CPU", "must", "aim", "verdict"]


def text_table(rows: list[Row]) -> str:
    """Return the targets as text in columns."""
    cells = [COLUMNS, *map(_cells, rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def _markdown(head: list[str], lines: list[list[str]]) -> str:
    ruled = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in ruled) + "\n"


def _by_size(found: list[Measured]) -> str:
    lines = []
    for m in found:
        for ours in (name for name in OURS if name in m.wall):
            ratios = [f"{_short(m.ratio(peer, ours).value)}x" if peer in m.wall else "" for peer in PEERS]
            took = f"{1e9 * m.median(ours) / m.lines:,.0f} ns"
            lines.append([f"{m.task}{ours.removeprefix('ours')}", f"{m.lines:,}", took, *ratios])
    return _markdown(["question", "lines", "ours a line", *PEERS], lines)


def _reason(row: Row, found: list[Measured]) -> str:
    """Say by what was measured why an aim is missed."""
    if row.what.startswith("first calls"):
        return "numba itself: importing and starting it, and " + (
            "compiling the kernels" if "nothing" in row.what else "the smaller part, loading their code"
        )
    if row.what.endswith("extra memory a line"):
        return "the lines in order, six features and an id are held, and nothing more"
    task, _, ours = row.what.partition(", ")
    m = next(m for m in found if m.task == task and m.lines == row.lines)
    if task == "T4":
        return f"{m.median('read') / m.median('ours'):.0%} of the time is Arrow reading the file"
    if ours == "cold" and "ours, cold, out=" in m.wall:
        kept = m.median("ours, cold, out=") / m.median("ours, cold")
        return (
            f"with memory used again (out=) it takes {kept:.0%} of the time; the rest goes into fresh pages"
        )
    if ours.startswith("cold"):
        build = 1 - m.median(f"ours, {ours.replace('cold', 'prepared')}") / m.median(f"ours, {ours}")
        return f"{build:.0%} of the time goes into putting the lines in order, which is done once a history"
    took = 1e9 * m.median(f"ours, {ours}") / m.lines
    if task == "T3":
        return f"{took:.0f} ns a line, mostly writing: sixty dates make sixty times as many rows"
    if row.cpu is not None and row.cpu >= row.must:
        return (
            f"by processor time it is {_short(row.cpu)}x; a run of so few milliseconds does not always get a "
            "second core of a shared machine"
        )
    return f"{took:.1f} ns a line, most of it branches that the processor cannot foretell"


def _short_of(result: Result) -> str:
    found: dict[str, list[str]] = {}
    for row in result.rows:
        if row.verdict != "aim reached":
            beside = "" if row.cpu is None else f" against {row.against}"
            size = "" if row.lines is None else f", {row.lines:,} lines"
            found.setdefault(_reason(row, result.measured), []).append(
                f"{row.what}{size}{beside} ({row.verdict})"
            )
    reasons = [f"- {'; '.join(rows)}: {reason}." for reason, rows in found.items()]
    return SHORT.format(reasons="\n".join(reasons)) if reasons else ""


def plot(found: list[Measured], path: Path) -> None:
    """Draw time a line against the number of lines."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown = {"T1": "T1: one day", "T2": "T2: at every line"}
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.8), sharey=True, layout="constrained")
    for axis, (task, title) in zip(axes, shown.items(), strict=True):
        for engine, (colour, line, mark) in LOOKS.items():
            points = [
                (m.lines, 1e9 * m.median(engine) / m.lines)
                for m in found
                if m.task == task and engine in m.wall
            ]
            if points:
                axis.plot(*zip(*points, strict=True), color=colour, linestyle=line, marker=mark, label=engine)
        axis.set(xscale="log", yscale="log", xlabel="lines", title=title)
        axis.grid(visible=True, which="major", color="#dddddd")
        axis.legend(fontsize=9)
    axes[0].set_ylabel("nanoseconds a line (median)")
    figure.savefig(path, dpi=110, facecolor="white", metadata={"Software": None})
    plt.close(figure)


def write(result: Result, machine: list[tuple[str, str]], folder: Path) -> None:
    """Write ``performance.md`` and its plot into a folder of documents."""
    copies = [m for m in result.measured if "copy" in m.wall]
    bandwidth = 2 * 2**28 / copies[-1].median("copy") / 1e9 if copies else 0.0
    parts = [
        HEAD,
        TARGETS.format(bandwidth=bandwidth, floor=FLOOR_BYTES),
        QUICK if max(result.sizes) < 10**6 else "",
        "\n" + _markdown(COLUMNS, [_cells(row) for row in result.rows]),
        _short_of(result),
        PLOT,
        _by_size(result.measured),
        ROUND.format(rounds=result.rounds),
        "\n## The machine\n\n" + _markdown(["", ""], [list(row) for row in machine]),
    ]
    (folder / "_static").mkdir(parents=True, exist_ok=True)
    (folder / "performance.md").write_text("".join(parts), encoding="utf-8")
    plot(result.measured, folder / "_static" / "performance.png")
