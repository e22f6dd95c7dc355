"""An output set read back: its manifest, and files that are still those the manifest names."""

from __future__ import annotations

import csv
import glob
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rfgscore.dates import to_day
from rfgscore.errors import FormatError, InputNotFoundError, RfgError
from rfgscore.ingest.readers.engine import open_engine
from rfgscore.pipeline.folder import MANIFEST, SCHEMA
from rfgscore.pipeline.plain import plain
from rfgscore.pipeline.shape import NEEDED, WRITTEN, check_scores, components, finite, score_kinds, whole
from rfgscore.report.csv_file import true_text
from rfgscore.tables import Column, Kind, Table

__all__ = ["OutputSet", "read_output_set", "understood"]

Listed = Literal["cohort", "monitoring"]

#: The lists of a run, each in a file of its name.
LISTS: tuple[Listed, ...] = ("cohort", "monitoring")
#: Types of the columns of ``scores.parquet``.
_KINDS: dict[str, Kind] = {
    "VARCHAR": "text",
    "INTEGER": "int32",
    "BIGINT": "int64",
    "DOUBLE": "float64",
    "DATE": "date",
    "BOOLEAN": "bool",
}


@dataclass(frozen=True, eq=False, repr=False)
class OutputSet:
    """The folder of an earlier run.

    Parameters
    ----------
    name : str
        Name of the folder, as messages show it: unseen characters stand as escapes.
    folder : Path
        The folder.
    manifest : mapping
        Its manifest.
    sha256 : str
        Checksum of the manifest.
    """

    name: str
    folder: Path
    manifest: Mapping[str, Any]
    sha256: str

    def __repr__(self) -> str:
        return f"OutputSet({len(self.manifest['outputs'])} files)"

    @property
    def as_of(self) -> int:
        """The day the run looked at.

        Returns
        -------
        int
            Days since 1970-01-01.

        Raises
        ------
        FormatError
            When the manifest does not tell.
        """
        with understood(f"{self.name}/{MANIFEST}"):
            return to_day(str(self.manifest["as_of"]))

    def input_sums(self, table: str) -> tuple[str, ...]:
        """Return the checksums of what was read as a table.

        Parameters
        ----------
        table : str
            Such as ``offences``, ``gravity`` or ``previous``.

        Returns
        -------
        tuple of str
            In order; empty where none was given.

        Raises
        ------
        FormatError
            When the manifest does not tell.
        """
        with understood(f"{self.name}/{MANIFEST}"):
            entries = self.manifest["inputs"]
            return tuple(sorted(str(entry["sha256"]) for entry in entries if entry["table"] == table))

    def weights(self) -> dict[str, float]:
        """Return the weight of each offence code the run used.

        Returns
        -------
        dict of str to float
            By code; empty where the run, of an earlier version, does not tell.

        Raises
        ------
        FormatError
            When the manifest tells of anything but finite numbers.
        """
        with understood(f"{self.name}/{MANIFEST}"):
            told = self.manifest.get("run", {}).get("weights", {})
            return {code: finite(weight) for code, weight in told.items()}

    def edges(self) -> dict[str, tuple[float, ...]]:
        """Return the edges of the quantile bands the run used.

        Returns
        -------
        dict of str to tuple of float
            By component, ascending; only scores in quantiles have any.

        Raises
        ------
        FormatError
            When they are not those of the run's own components, or anything but finite numbers.
        """
        with understood(f"{self.name}/{MANIFEST}"):
            told, config = self.manifest.get("edges", {}), self.manifest["config"]
            edges = {name: tuple(map(finite, some)) for name, some in told.items()}
            # Without its edges a quantile would be cut anew, among other people.
            wanted = components(config) if config["score"]["method"] == "quantile" else ()
            if edges.keys() != set(wanted) or any(list(some) != sorted(some) for some in edges.values()):
                raise ValueError
            return edges

    def holds(self, file: str) -> bool:
        """Say whether the run wrote a file; earlier versions wrote fewer.

        Parameters
        ----------
        file : str
            Name of the file.

        Returns
        -------
        bool
            Whether the manifest names it.
        """
        return file in self.manifest["outputs"]

    def check(self, file: str) -> bytes:
        """Return the bytes of a file, which must be those the manifest names.

        Parameters
        ----------
        file : str
            Name of the file.

        Returns
        -------
        bytes
            Its content.

        Raises
        ------
        FormatError
            When the file is missing or was changed.
        """
        try:
            data = (self.folder / file).read_bytes()
        except OSError as error:
            raise FormatError(f"{self.name}/{file} is missing from the output set; run again") from error
        if hashlib.sha256(data).hexdigest() != self.manifest["outputs"].get(file):
            raise FormatError(
                f"{self.name}/{file} is not the file the manifest names: it was changed after the run; put "
                "back the file as written, or run again; write into copies only"
            )
        return data

    def rows(self, file: str) -> list[dict[str, str]]:
        """Return the rows of a CSV file, without the guards against spreadsheets.

        Parameters
        ----------
        file : str
            Name of the file.

        Returns
        -------
        list of dict of str to str
            One a row, by column; none where the run wrote no such file.

        Raises
        ------
        FormatError
            When the file is missing, was changed, lacks a column that is needed or cannot be read.
        """
        if not self.holds(file):
            return []
        data = self.check(file)
        csv.field_size_limit(2**31 - 1)  # the evidence of a long history is a long cell
        with understood(f"{self.name}/{file}"):
            reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
            header = reader.fieldnames or ()
            # A list without its header would be one of nobody.
            if len(set(header)) < len(header) or not set(header).issuperset(NEEDED.get(file, ())):
                raise ValueError
            return [{name: true_text(cell) for name, cell in row.items()} for row in reader]

    def lists(self) -> dict[Listed, list[dict[str, str]]]:
        """Return the rows of the two lists, as many as the manifest counts.

        Returns
        -------
        dict of str to list of dict of str to str
            Of ``cohort`` and ``monitoring``: one row a person, by column.

        Raises
        ------
        FormatError
            When a file is missing, was changed or cannot be read, rows are missing, somebody stands twice
            on a list or without an id, or a position is none.
        """
        found: dict[Listed, list[dict[str, str]]] = {}
        for listed in LISTS:
            found[listed] = rows = self.rows(f"{listed}.csv")
            with understood(f"{self.name}/{listed}.csv"):
                ids = {row["perpetrator_id"] for row in rows}
                if len(ids) < len(rows) or "" in ids:
                    raise ValueError
                for row in rows:
                    whole(row["position"] or "1")
        self._count("considered", sum(map(len, found.values())), "cohort.csv and monitoring.csv")
        return found

    def _count(self, what: str, held: int, files: str) -> None:
        """Refuse files from which people were lost."""
        with understood(f"{self.name}/{MANIFEST}"):
            counted = self.manifest["people"][what]
        if counted != held:
            raise FormatError(
                f"{self.name}: the rows of {files} are {held}, and not as many as {MANIFEST} counts; put "
                "back the files as written, or run again"
            )

    def scores(self, person: str | None = None) -> Table:
        """Return ``scores.parquet``.

        Parameters
        ----------
        person : str, optional
            Whom to look for; by default everyone is returned.

        Returns
        -------
        Table
            Its rows, in their order.

        Raises
        ------
        FormatError
            When the file is missing, was changed, cannot be read, or is not as the manifest has it.
        """
        import duckdb

        self.check("scores.parquet")
        with understood(f"{self.name}/{MANIFEST}"):
            kinds = score_kinds(self.manifest["config"])
        # Without escaping, a folder with * ? [ in its name would be looked for elsewhere.
        path = glob.escape(str((self.folder / "scores.parquet").absolute()))
        # Rows of nobody are damage, whoever is looked for.
        one = "WHERE perpetrator_id = ? OR coalesce(perpetrator_id, '') = ''"
        wanted, given = ("", [path]) if person is None else (one, [path, person])
        with understood(f"{self.name}/scores.parquet"), open_engine() as connection:
            try:
                asked = connection.execute(f"SELECT * FROM read_parquet(?) {wanted}", given)  # noqa: S608
                held = {name: _KINDS[str(kind)] for name, kind, *_ in asked.description or []}
                cells = asked.fetchnumpy()
            except duckdb.Error:
                raise ValueError from None
            found = Table({name: _column(kind, cells[name]) for name, kind in held.items()})
            check_scores(found, kinds)
        if person is None:
            self._count("scored", len(found), "scores.parquet")
        return found


def _column(kind: Kind, cells: Any) -> Column:
    values, null = np.ma.getdata(cells), np.ma.getmaskarray(cells)
    if kind == "date":
        values = values.astype("datetime64[D]").astype(np.int64)
        values[null] = 0
    if kind == "text":
        return Column.of(kind, [None if gone else text for text, gone in zip(values, null, strict=True)])
    return Column.of(kind, values, null)


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Refuse what is not of the shape it must be, without a word of what stands in it.

    Parameters
    ----------
    what : str
        Folder and file, as messages show them.

    Yields
    ------
    None
        Reading goes on in the block.

    Raises
    ------
    FormatError
        When the block stumbles over what it reads.
    """
    try:
        yield
    except RfgError:
        raise
    except (csv.Error, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise FormatError(f"{what}: the format is damaged; run again") from None


def read_output_set(folder: str | os.PathLike[str]) -> OutputSet:
    """Open the folder of an earlier run.

    Parameters
    ----------
    folder : path
        The folder.

    Returns
    -------
    OutputSet
        Its manifest; each file is checked when it is read.

    Raises
    ------
    InputNotFoundError
        When the folder holds no output set.
    FormatError
        When its manifest is damaged, of another schema, or does not name what every run writes.
    """
    path = Path(folder)
    name = plain(Path(os.path.abspath(path)).name)  # noqa: PTH100 - resolve() would follow a link
    if not os.path.isdir(path):  # noqa: PTH112 - is_dir() would raise on a folder that may not be looked into
        what = "it is no folder" if os.path.lexists(path) else "there is no such folder"
        raise InputNotFoundError(f"{name}: there is no output set here ({what}); name the folder of a run")
    try:
        data = (path / MANIFEST).read_bytes()
    except OSError as error:
        raise InputNotFoundError(
            f"{name}: there is no output set here ({MANIFEST} is missing); name the folder of a run"
        ) from error
    with understood(f"{name}/{MANIFEST}"):
        manifest = json.loads(data.decode("utf-8"), parse_constant=_no_number)
        if manifest["schema"] != SCHEMA:
            raise FormatError(f"{name}/{MANIFEST}: the format is not {SCHEMA}; use the version that wrote it")
        lacking = [file for file in WRITTEN if not isinstance(manifest["outputs"].get(file), str)]
    if lacking:
        raise FormatError(
            f"{name}/{MANIFEST}: the outputs in it do not name {', '.join(lacking)}, which every run writes; "
            "put back the file as written, or run again"
        )
    return OutputSet(name, path, manifest, hashlib.sha256(data).hexdigest())


def _no_number(text: str) -> float:
    raise ValueError
