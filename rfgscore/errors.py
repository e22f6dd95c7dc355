"""Every error the library raises on purpose, as one tree.

::

    RfgError
    ├── ConfigError(ValueError)          settings, gravity table, --out: exit 2
    │   ├── OutputError                  the output folder is not absent or empty
    │   ├── ProtectedFeatureError        a protected characteristic as an input of a model
    │   └── ModelFileError               a model file that is damaged, or does not fit
    ├── DataError(ValueError)            input missing, unreadable or refused: exit 1
    │   ├── InputNotFoundError(FileNotFoundError)
    │   ├── FormatError                  a file that is not what it must be
    │   ├── MissingColumnError(KeyError)
    │   ├── TooManyFaultsError           more faults than the configured limit
    │   ├── LinkCycleError               the links table runs in a circle
    │   ├── AmbiguousPersonError         one id, two forces, two birth dates
    │   ├── PointInTimeError             something later than the date looked at
    │   ├── NobodyEligibleError
    │   ├── TooFewEventsError            too little happened for what is asked of a model
    │   ├── FollowUpError                a horizon or day beyond what was followed
    │   └── FitError                     a model cannot be fitted, or did not converge
    ├── NotFittedError(ValueError, AttributeError)  a model that was not fitted: exit 1
    ├── UnknownPersonError(KeyError)     a person the run does not hold: exit 1
    ├── MissingExtraError(ImportError)   an optional package is not installed
    ├── WriteError(OSError)              the output cannot be written: exit 3
    └── InternalError(RuntimeError)      a promise of the library did not hold: exit 3

Messages say what happened, where, and what to do. They name row numbers (five at most), columns, offence
codes and config words, never an id or another cell's value. Codes are for good: one is never given to
another error, and each has a page, ``docs/errors/CODE.md``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "OTHER_CODES",
    "AmbiguousPersonError",
    "ConfigError",
    "ConfigProblem",
    "DataError",
    "FitError",
    "FollowUpError",
    "FormatError",
    "InputNotFoundError",
    "InternalError",
    "LinkCycleError",
    "MissingColumnError",
    "MissingExtraError",
    "ModelFileError",
    "NobodyEligibleError",
    "NotFittedError",
    "OutputError",
    "PointInTimeError",
    "ProtectedFeatureError",
    "RfgError",
    "TooFewEventsError",
    "TooManyFaultsError",
    "UnknownPersonError",
    "WriteError",
    "did_you_mean",
    "nearest",
    "page_of",
]

#: Codes of endings that are no `RfgError`, with their exit codes; the command line alone shows them.
OTHER_CODES = {
    "RFG-U01": 2,  # an option or command that cannot be used
    "RFG-W02": 3,  # the system refused a file, a folder or memory
    "RFG-I02": 3,  # a fault in the program itself
}


def page_of(code: str) -> str:
    """Return where a code is explained.

    Parameters
    ----------
    code : str
        Code of an error.

    Returns
    -------
    str
        The page, from the top of the source.

    Examples
    --------
    >>> page_of(FormatError.code)
    'docs/errors/RFG-D03.md'
    """
    return f"docs/errors/{code}.md"


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the word most like another, or None where none is.

    Parameters
    ----------
    word : str
        What was written.
    words : iterable of str
        What could have been meant.

    Returns
    -------
    str or None
        The nearest word.
    """
    by_folded = {candidate.casefold(): candidate for candidate in words}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1)
    return by_folded[found[0]] if found else None


def did_you_mean(word: object, words: Iterable[str]) -> str:
    """Return what a message about an unknown word ends with.

    Parameters
    ----------
    word : object
        What was written; only text is like a word.
    words : iterable of str
        What could have been meant.

    Returns
    -------
    str
        Blank where no word is near.

    Examples
    --------
    >>> did_you_mean("coxx", ["cox", "weibull"]), did_you_mean("forest", ["cox", "weibull"])
    ("; did you mean 'cox'?", '')
    """
    near = nearest(word, words) if isinstance(word, str) else None
    return f"; did you mean {near!r}?" if near else ""


class RfgError(Exception):
    """Root of every error the library raises on purpose.

    Parameters
    ----------
    message : str
        What happened, where, and what to do about it.
    """

    code = "RFG-000"
    exit_code = 3

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)

    def __str__(self) -> str:
        # KeyError would show the message quoted.
        return self.message


@dataclass(frozen=True)
class ConfigProblem:
    """One thing wrong with a configuration.

    Parameters
    ----------
    file : str
        File the problem stands in, or ``"<preset NAME>"``.
    line : int
        Line in that file, from 1.
    path : str
        Dotted path of the key, such as ``score.components.gravity``.
    text : str
        What is wrong and, where one exists, the nearest valid word.
    """

    file: str
    line: int
    path: str
    text: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{where}: {self.path}: {self.text}" if self.path else f"{where}: {self.text}"


class ConfigError(RfgError, ValueError):
    """A configuration or gravity table cannot be used.

    Parameters
    ----------
    message : str
        What happened and what to do about it.
    problems : sequence of ConfigProblem
        Every problem found, in file order.
    """

    code = "RFG-C01"
    exit_code = 2

    def __init__(self, message: str, problems: Sequence[ConfigProblem] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([message, *(f"  {problem}" for problem in self.problems)]))


class OutputError(ConfigError):
    """The output folder is in use, or cannot take a result."""

    code = "RFG-C02"


class ProtectedFeatureError(ConfigError):
    """A protected characteristic was asked for as an input of a model."""

    code = "RFG-C03"


class ModelFileError(ConfigError):
    """A model file is damaged, is no model file, or does not fit what it is used on."""

    code = "RFG-C04"


class DataError(RfgError, ValueError):
    """The input cannot be used."""

    code = "RFG-D01"
    exit_code = 1


class InputNotFoundError(DataError, FileNotFoundError):
    """An input file does not exist."""

    code = "RFG-D02"


class FormatError(DataError):
    """A file is not what its name, its bytes or the contract say it must be."""

    code = "RFG-D03"


class MissingColumnError(DataError, KeyError):
    """A mapped or needed column is not in the file."""

    code = "RFG-D04"


class TooManyFaultsError(DataError):
    """More rows are at fault than the configured limit allows."""

    code = "RFG-D05"


class LinkCycleError(DataError):
    """The links table leads from a record back to itself."""

    code = "RFG-D06"


class AmbiguousPersonError(DataError):
    """One id stands for people of two forces with two birth dates."""

    code = "RFG-D07"


class PointInTimeError(DataError):
    """Something later than the date looked at was asked for or would be used."""

    code = "RFG-D08"


class NobodyEligibleError(DataError):
    """No one in the input can be ranked."""

    code = "RFG-D09"


class TooFewEventsError(DataError):
    """Too little happened for what is asked of a model or a back-test."""

    code = "RFG-D10"


class FollowUpError(DataError):
    """A horizon or a day lies beyond what was followed."""

    code = "RFG-D11"


class FitError(DataError):
    """A model cannot be fitted on these columns, or its fit did not converge."""

    code = "RFG-D12"


class NotFittedError(RfgError, ValueError, AttributeError):
    """A model was asked before it was fitted."""

    code = "RFG-P02"
    exit_code = 1


class UnknownPersonError(RfgError, KeyError):
    """The person asked for is not among those scored."""

    code = "RFG-P01"
    exit_code = 1


class MissingExtraError(RfgError, ImportError):
    """An optional package is needed and not installed."""

    code = "RFG-X01"
    exit_code = 1


class WriteError(RfgError, OSError):
    """The output could not be written; what stood there before is untouched."""

    code = "RFG-W01"
    exit_code = 3


class InternalError(RfgError, RuntimeError):
    """A promise of the library did not hold; please report it."""

    code = "RFG-I01"
    exit_code = 3
