"""Entry point: run a command, and turn every ending into its exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import typer
from typer.exceptions import TyperException

from rfgscore.cli.signals import STOPPED, heed
from rfgscore.errors import OTHER_CODES, RfgError, page_of

__all__ = ["invoke", "main"]

#: Options that take several values after one flag.
_MANY = ("--offences",)


def main() -> None:
    """Run the command of this process and exit with its code."""
    heed()
    sys.exit(invoke(sys.argv[1:]))


def invoke(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str
        Words after ``rfgscore``.

    Returns
    -------
    int
        0 done; 1 input; 2 option, config or ``--out``; 3 internal fault or output not writable;
        130 interrupted; 143 terminated.
    """
    fault = _misused(arguments)
    if fault:
        return _refused("RFG-U01", fault)
    try:
        # Only here: an interruption while the libraries load is an ordinary one, too.
        from rfgscore.cli import models  # noqa: F401 - its commands join the others
        from rfgscore.cli.commands import app

        ended = typer.main.get_command(app).main(
            _spread(arguments), prog_name="rfgscore", standalone_mode=False
        )
        code = ended if isinstance(ended, int) else 0
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        # A library in between may have turned the interruption into an error of its own.
        code = 128 + STOPPED[0] if STOPPED else _code_of(error)
    if code in (130, 143):
        print("rfgscore: interrupted; no output is half-written", file=sys.stderr)
    try:
        print(end="", flush=True)
    except BrokenPipeError:
        _unread()
    return code


def _code_of(error: BaseException) -> int:
    """Say what went wrong, and return the exit code."""
    match error:
        case RfgError():
            return _refused(error.code, str(error), error.exit_code)
        case TyperException():
            said = error.format_message()
            if said.startswith("Usage"):
                print(said, file=sys.stderr)
                return error.exit_code
            return _refused("RFG-U01", _without_words(said))
        case KeyboardInterrupt() | typer.Abort():
            return 130
        case BrokenPipeError():
            return _unread()
        case SystemExit() if isinstance(error.__context__, BrokenPipeError):  # the parser makes it one
            return _unread()
        case SystemExit():
            return error.code if isinstance(error.code, int) else 1
        case MemoryError():
            return _refused("RFG-W02", "this input needs more memory than this machine has; try a larger one")
        case OSError():
            reason = error.strerror or type(error).__name__
            return _refused("RFG-W02", f"the system refused a file or folder: {reason}")
    # Kind and place only: a message could carry a value out of the data.
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    return _refused("RFG-I02", f"internal fault, {type(error).__name__} at {place}; please report it")


def _unread() -> int:
    """Let the rest go nowhere: whoever read the output has seen enough, and what was asked for is done."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    return 0


def _refused(code: str, message: str, exit_code: int | None = None) -> int:
    """Say what happened and where to read more."""
    from rfgscore.pipeline.plain import plain

    message = "\n".join(map(plain, message.split("\n")))  # a name may hold what a terminal obeys
    print(f"rfgscore: {code}: {message}\nrfgscore: for more see {page_of(code)}", file=sys.stderr)
    return OTHER_CODES[code] if exit_code is None else exit_code


def _without_words(said: str) -> str:
    """Say what is wrong with the words of a command without those that may be an id."""
    if said.startswith("Got unexpected extra argument"):
        return 'there are more words than the command takes; a name with a blank in it goes in "quotes"'
    if said.startswith("No such command"):
        return "there is no such command; rfgscore --help lists them"
    return f"{said.rstrip('.')}; --help after the command lists its options"


def _misused(arguments: Sequence[str]) -> str:
    """Say which option is given twice or left blank: the parser takes the last, or this folder."""
    seen: set[str] = set()
    for at, word in enumerate(arguments):
        if word == "--":
            break
        name, sign, value = word.partition("=")
        if not name.startswith("--"):
            continue
        if name in seen and name not in _MANY:
            return f"{name} is given twice, and one of them would be passed over; keep one"
        seen.add(name)
        given = value if sign else next(iter(arguments[at + 1 : at + 2]), name)
        if not given.strip():
            return f"{name} is given a blank; write what it is to be, or leave it out"
    return ""


def _spread(arguments: Sequence[str]) -> list[str]:
    """Repeat a flag that takes several values, as the parser wants it."""
    out: list[str] = []
    many = ""
    for word in arguments:
        if word.startswith("-"):
            many = word if word in _MANY else ""
        elif many and out[-1] != many:
            out.append(many)
        out.append(word)
    return out
