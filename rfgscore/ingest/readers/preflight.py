"""What a file is, told by its bytes alone, before anything is made of them."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO, cast

from rfgscore.errors import FormatError, InputNotFoundError

__all__ = ["Source", "Survey", "identify", "survey"]

_CHUNK = 1 << 20
#: Bytes that are looked at to tell a kind.
_HEAD = 512
_KINDS = {"csv.gz": b"\x1f\x8b", "parquet": b"PAR1", "csv": b""}
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: Zip, which xlsx is, and the older workbooks.
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True)
class Source:
    """A file, and what it was when first looked at.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    kind : str
        ``csv``, ``csv.gz`` or ``parquet``.
    sha256 : str
        Checksum of its bytes.
    stamp : tuple of int
        Size first, time of change, place on disk and mode last: a file that differs in any was changed.
    """

    path: Path
    kind: str
    sha256: str
    stamp: tuple[int, ...]

    @property
    def name(self) -> str:
        """Name of the file, without its folder."""
        return self.path.name

    @contextmanager
    def held(self) -> Iterator[None]:
        """Refuse what was read meanwhile if the file was changed: its passes must see the same bytes.

        Yields
        ------
        None
            While the file is read.

        Raises
        ------
        FormatError
            When the file was changed.
        """
        fault: Exception | None = None
        try:
            yield
        except (OSError, EOFError, UnicodeError, zlib.error) as error:
            # None of these comes twice from bytes that have once been read to their end.
            fault = error
        if fault is not None or not self._same():
            raise FormatError(
                f"{self.name}: the file was changed while it was read, or cannot be read again; "
                "wait until it is written in full"
            ) from fault

    def _same(self) -> bool:
        try:
            return _stamp(self.path) == self.stamp
        except OSError:
            return False

    @contextmanager
    def plain(self) -> Iterator[IO[bytes]]:
        """Open the file's plain bytes, unpacked where it is packed.

        Yields
        ------
        binary file
            The bytes.
        """
        with self.path.open("rb") as file:
            if self.kind == "csv.gz":
                with gzip.open(file) as plain:
                    yield cast(IO[bytes], plain)
            else:
                yield file

    @contextmanager
    def text(self, encoding: str) -> Iterator[Iterator[str]]:
        """Open the file's lines, each ended by a line feed and by nothing else.

        Parameters
        ----------
        encoding : str
            How its bytes are read.

        Yields
        ------
        iterator of str
            The lines, ends included.
        """
        with self.plain() as plain, TextIOWrapper(plain, encoding=encoding, newline="\n") as lines:
            yield lines


@dataclass(frozen=True)
class Survey:
    """What a pass over the bytes of a text file found.

    Parameters
    ----------
    encoding : str
        Python's name of the encoding, the mark of UTF-8 left out where there is one.
    lines : int
        Line feeds.
    even : bool
        Whether all lines end in the same way and no carriage return stands alone.
    """

    encoding: str
    lines: int
    even: bool


def identify(path: Path) -> Source:
    """Tell a file's kind by its first bytes, which must agree with its name.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    Source
        The file, its kind and its checksum.

    Raises
    ------
    InputNotFoundError
        When there is no such file, or it cannot be read.
    FormatError
        When it is of no known kind, empty, or of another kind than its name says.
    """
    name = path.name
    try:
        stamp = _stamp(path)
        if not stat.S_ISREG(stamp[-1]) and not stat.S_ISDIR(stamp[-1]):
            raise FormatError(f"{name}: this is no plain file; save it as one, for it is read more than once")
        with path.open("rb") as file:
            held = _held(name, file.read(_HEAD))
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise InputNotFoundError(f"{name}: there is no such file; check the path") from error
    except OSError as error:
        raise InputNotFoundError(
            f"{name}: cannot be read ({error.strerror}); name a file that you may open"
        ) from error
    said = next((kind for kind in _KINDS if name.lower().endswith(f".{kind}")), None)
    if held != said:
        raise FormatError(f"{name}: the name says {said}, the format is {held}; rename or extract again")
    return Source(path, held, sha256, stamp)


def _stamp(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev, found.st_mode


def _held(name: str, head: bytes) -> str:
    """Return the kind that a file's first bytes tell."""
    if head.startswith(_ARCHIVES):
        raise FormatError(f"{name}: the format is a workbook or an archive; save it as UTF-8 CSV")
    if not any(name.lower().endswith(f".{kind}") for kind in _KINDS):
        raise FormatError(f"{name}: unknown format; the name must end in .csv, .csv.gz or .parquet")
    if not head:
        raise FormatError(f"{name}: the file is empty (0 bytes); extract it again")
    kind = next(kind for kind, magic in _KINDS.items() if head.startswith(magic))
    if head.startswith(_UTF16_MARKS):
        raise FormatError(f"{name}: the format is UTF-16 text; save it as UTF-8 CSV")
    if kind == "csv" and _wide(head):
        raise FormatError(
            f"{name}:1: every other byte is a NUL byte, as in UTF-16 text without its mark; "
            "save it as UTF-8 CSV"
        )
    return kind


def _wide(head: bytes) -> bool:
    """Say whether every other byte is a NUL: Latin letters in UTF-16 without its mark."""
    low, high = head[0::2], head[1::2]
    zeros = low.count(0), high.count(0)
    return min(zeros) == 0 and max(zeros) * 2 > len(high) > 1


def survey(source: Source, encoding: str, ratio: int) -> Survey:
    """Read a text file once from end to end, a piece at a time, and refuse what is no text.

    A gzip is unpacked to its end, so that its length and checksum are proved, of every member.

    Parameters
    ----------
    source : Source
        A CSV, packed or not.
    encoding : str
        Declared encoding; a mark of UTF-8 is accepted.
    ratio : int
        Most bytes out for each byte of a gzip.

    Returns
    -------
    Survey
        What the file holds.

    Raises
    ------
    FormatError
        When a gzip is damaged or unpacks to too much, or the text holds a NUL, cannot be decoded, or
        knows no line feed.
    """
    count = _Count(source.name, "utf-8" if codecs.lookup(encoding).name.startswith("utf-8") else encoding)
    most = source.stamp[0] * ratio if source.kind == "csv.gz" else source.stamp[0]
    try:
        with source.plain() as plain:
            while piece := plain.read(_CHUNK):
                count.add(piece)
                if source.kind == "csv.gz" and count.size > most:
                    raise FormatError(
                        f"{source.name}: unpacks to more than {ratio} times its size "
                        "(input.limits.decompression_ratio)"
                    )
    except (OSError, EOFError, zlib.error) as error:
        if source.kind != "csv.gz":
            raise
        raise FormatError(
            f"{source.name}: the gzip format is damaged or cut short; transfer it again"
        ) from error
    return count.end()


class _Count:
    """Counts over the pieces of a file as they come.

    Parameters
    ----------
    name : str
        Name of the file.
    encoding : str
        How its bytes are read.
    """

    def __init__(self, name: str, encoding: str) -> None:
        self.name = name
        self.encoding = encoding
        self.size = self.feeds = self.returns = self.pairs = 0
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._last = b""

    def add(self, piece: bytes) -> None:
        """Count a piece, and refuse it where it is no text."""
        if not self.size:
            self._begin(piece)
        if b"\x00" in piece:
            line = self.feeds + piece[: piece.index(b"\x00")].count(b"\n") + 1
            raise FormatError(f"{self.name}:{line}: a NUL byte; this is no text format")
        self._decode(piece)
        self.size += len(piece)
        self.feeds += piece.count(b"\n")
        self.returns += piece.count(b"\r")
        # A pair may be cut in two by the end of a piece.
        self.pairs += piece.count(b"\r\n") + (self._last == b"\r" and piece[:1] == b"\n")
        self._last = piece[-1:]

    def end(self) -> Survey:
        """Return what was counted, and refuse a file that was no text as a whole."""
        if not self.size:
            raise FormatError(f"{self.name}: the file is empty (0 bytes once unpacked); extract it again")
        self._decode(b"", final=True)
        if self.returns and not self.feeds:
            raise FormatError(
                f"{self.name}:1: the only line ends are carriage returns; "
                "save it with line feeds (LF or CRLF)"
            )
        even = self.returns == self.pairs and self.pairs in (0, self.feeds)
        return Survey("utf-8-sig" if self.encoding == "utf-8" else self.encoding, self.feeds, even)

    def _begin(self, piece: bytes) -> None:
        held = _held(self.name, piece[:_HEAD])
        if held != "csv":
            raise FormatError(f"{self.name}: the gzip holds a file of the format {held}; unpack it first")
        if self.encoding != "utf-8" and piece.startswith(codecs.BOM_UTF8):
            raise FormatError(
                f"{self.name}:1: the mark of UTF-8 at its head, and {self.encoding} declared; "
                "set input.encoding to utf-8"
            )

    def _decode(self, piece: bytes, final: bool = False) -> None:
        try:
            self._decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            # The decoder may still hold the first bytes of a character that began in the piece before.
            at = error.start - (len(error.object) - len(piece))
            line = self.feeds + piece[: max(at, 0)].count(b"\n") + 1
            raise FormatError(
                f"{self.name}:{line}: byte {self.size + at + 1} is no {self.encoding}; "
                "declare input.encoding or save as UTF-8"
            ) from error
