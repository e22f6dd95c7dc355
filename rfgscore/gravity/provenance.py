"""Where a gravity table comes from: owner, edition, licence, and the checksum that shows it is whole."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from rfgscore.errors import ConfigError

__all__ = ["Provenance", "read_table", "shipped_sources", "shipped_tables"]


@dataclass(frozen=True)
class Provenance:
    """What is known of a gravity table besides its weights.

    Parameters
    ----------
    name : str
        Name of the shipped table, or of the file.
    sha256 : str
        Checksum of its bytes.
    title : str
        What the table is; blank where nobody said.
    edition : str
        Edition of the source; blank where nobody said.
    unit : str
        What a weight of 1 means; blank where nobody said.
    publisher : str
        Owner of the source; blank where nobody said.
    source : str
        The part of the source that was taken; blank where nobody said.
    licence : str
        Licence of the source.
    notice : str
        What the owner wants said, or what is to be known of the owner's rights.
    """

    name: str
    sha256: str
    title: str = ""
    edition: str = ""
    unit: str = ""
    publisher: str = ""
    source: str = ""
    licence: str = "not stated"
    notice: str = ""


@cache
def shipped_sources() -> tuple[Provenance, ...]:
    """Return what is known of every gravity table that comes with the package.

    Returns
    -------
    tuple of Provenance
        By name, in code-point order.

    Examples
    --------
    >>> [(source.name, source.edition) for source in shipped_sources()]
    [('cchi-da-2020-10', 'October 2020'), ('ons-css-2020', 'data tool of 2020')]
    """
    rows = csv.DictReader(_bytes_of("SOURCES").decode("utf-8").splitlines())
    return tuple(sorted((Provenance(**row) for row in rows), key=lambda source: source.name))


def shipped_tables() -> tuple[str, ...]:
    """Return the names of the gravity tables that come with the package.

    Returns
    -------
    tuple of str
        In code-point order.
    """
    return tuple(source.name for source in shipped_sources())


def read_table(table: str | Path) -> tuple[Provenance, bytes]:
    """Return the bytes of a gravity table, and where it comes from.

    Parameters
    ----------
    table : str or Path
        Name of a shipped table, or path of a file.

    Returns
    -------
    Provenance
        Of a file only its name and checksum are known.
    bytes
        The table.

    Raises
    ------
    ConfigError
        When there is no such table, it cannot be read, or the bytes of a shipped table are not those that
        were shipped.
    """
    if isinstance(table, Path):
        try:
            data = table.read_bytes()
        except OSError as error:
            raise ConfigError(f"gravity table {table.name} cannot be read: {error.strerror}") from error
        return Provenance(table.name, hashlib.sha256(data).hexdigest()), data
    known = {source.name: source for source in shipped_sources()}
    if table not in known:
        raise ConfigError(
            f"there is no shipped gravity table {table!r}: use one of {', '.join(known)}, or a path ending "
            "in .csv"
        )
    damaged = f"the shipped gravity table {table} is not as it was published: install rfgscore again, or "
    damaged += "give a table of your own as a path ending in .csv"
    try:
        data = _bytes_of(table)
    except OSError as error:
        raise ConfigError(damaged) from error
    if hashlib.sha256(data).hexdigest() != known[table].sha256:
        raise ConfigError(damaged)
    return known[table], data


def _bytes_of(name: str) -> bytes:
    return (files("rfgscore") / "gravity" / "tables" / f"{name}.csv").read_bytes()
