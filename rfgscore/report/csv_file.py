"""CSV for people and spreadsheets: exact bytes, and no cell that could come alive."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from rfgscore.dates import from_day
from rfgscore.explain import number
from rfgscore.tables import Column, Table

__all__ = ["csv_bytes", "safe_text", "true_text"]

# Blanks and apostrophes before the sign are looked through, so that stripping exactly one leading
# apostrophe gives back every text that was written.
_LIVE = re.compile("[\\s']*[=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20]")


def safe_text(text: str) -> str:
    """Return a text a spreadsheet program will not take for a formula.

    A text whose first non-blank character is ``= + - @``, tab, CR, LF or a full-width twin, or that has
    apostrophes before one of them, gets one leading apostrophe. Stripping exactly one gives it back.

    Parameters
    ----------
    text : str
        A cell.

    Returns
    -------
    str
        The cell to write.

    Examples
    --------
    >>> safe_text("=1+1"), safe_text("'=1+1"), safe_text("007"), safe_text("O'Neill")
    ("'=1+1", "''=1+1", '007', "O'Neill")
    """
    return f"'{text}" if _LIVE.match(text) else text


def true_text(cell: str) -> str:
    """Return the text that `safe_text` guarded.

    Parameters
    ----------
    cell : str
        A cell as written.

    Returns
    -------
    str
        The cell without the guard.

    Examples
    --------
    >>> true_text("'=1+1"), true_text("O'Neill")
    ('=1+1', "O'Neill")
    """
    return cell[1:] if cell.startswith("'") and _LIVE.match(cell) else cell


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
