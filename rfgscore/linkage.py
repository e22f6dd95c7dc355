"""Links between records of one person: chains resolved, circles refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rfgscore.errors import DataError, LinkCycleError

__all__ = ["resolve_links"]


def resolve_links(pairs: Iterable[tuple[str, str, int]]) -> Mapping[str, str]:
    """Follow every record to the record it finally stands under.

    Parameters
    ----------
    pairs : iterable of (str, str, int)
        Record, the record it is joined to, and the row of the links table, from 1; a record joined to
        itself says nothing.

    Returns
    -------
    mapping of str to str
        The last record of each chain, by record; a record joined to nothing is not in it.

    Raises
    ------
    LinkCycleError
        When a chain leads back to where it began; the rows are named.
    DataError
        When one record is joined to two others.

    Examples
    --------
    >>> dict(resolve_links([("c", "b", 1), ("b", "a", 2)]))
    {'c': 'a', 'b': 'a'}
    """
    step: dict[str, str] = {}
    row_of: dict[str, int] = {}
    for nominal, master, row in pairs:
        if nominal == master:
            continue
        if step.setdefault(nominal, master) != master:
            raise DataError(
                f"links: rows {row_of[nominal]} and {row} join one record to two others; keep one of them"
            )
        row_of.setdefault(nominal, row)
    resolved: dict[str, str] = {}
    for start in step:
        trail, passed = [start], {start}
        while trail[-1] in step:
            ahead = step[trail[-1]]
            if ahead in resolved:
                trail.append(resolved[ahead])
                break
            if ahead in passed:
                rows = ", ".join(
                    str(row) for row in sorted(row_of[node] for node in trail[trail.index(ahead) :])[:5]
                )
                raise LinkCycleError(
                    f"links: a chain of records runs in a circle, rows {rows}; remove one of them"
                )
            trail.append(ahead)
            passed.add(ahead)
        for node in trail[:-1]:
            resolved[node] = trail[-1]
    return resolved
