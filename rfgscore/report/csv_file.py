"""CSV for people and spreadsheets: exact bytes, and no cell that could come alive."""

from __future__ import annotations

import csv
import io
from typing import Any

from rfgscore.dates import from_day
from rfgscore.explain import number
from rfgscore.tables import Column, Table, safe_text, true_text

__all__ = ["csv_bytes", "safe_text", "true_text"]


def csv_bytes(table: Table) -> bytes:
    """Return a table as the bytes of a CSV file.

    UTF-8 with byte-order mark, comma, CRLF, minimal quoting, ISO dates, blank for null, ``true`` and
    ``false``, integers plain, whole floats without a point, other floats shortest round-trip.

    Parameters
    ----------
    table : Table
        The table.

    Returns
    -------
    bytes
        The file, header included.

    Examples
    --------
    >>> csv_bytes(Table({"n": Column.of("float64", [1.0, 2.5, None])}))
    b'\\xef\\xbb\\xbfn\\r\\n1\\r\\n2.5\\r\\n""\\r\\n'
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe_text(name) for name in table.columns])
    writer.writerows(zip(*(_cells(column) for column in table.columns.values()), strict=True))
    return out.getvalue().encode("utf-8-sig")


def _cells(column: Column) -> list[str]:
    values, null = column.values.tolist(), column.null.tolist()
    form: dict[str, Any] = {
        "float64": number,
        "date": lambda day: from_day(day).isoformat(),
        "bool": lambda value: "true" if value else "false",
    }
    if column.kind == "text":
        # Most text columns say the same few things again and again.
        safe = {text: safe_text(text) for text in set(values) if text is not None}
        return ["" if gone else safe[text] for text, gone in zip(values, null, strict=True)]
    say = form.get(column.kind, str)
    return ["" if gone else say(value) for value, gone in zip(values, null, strict=True)]
