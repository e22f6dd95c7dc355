"""Entry point: run a command, and turn every ending into its exit code."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import typer
from typer.exceptions import TyperException

from rfgscore.cli.commands import app
from rfgscore.errors import RfgError

__all__ = ["invoke", "main"]

#: Options that take several values after one flag.
_MANY = ("--offences",)


def main() -> None:
    """Run the command of this process and exit with its code."""
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(invoke(sys.argv[1:]))


def _terminated(number: int, frame: FrameType | None) -> None:
    # An exception, so that half-written files are cleared on the way out.
    raise SystemExit(128 + number)


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
    try:
        ended = typer.main.get_command(app).main(
            _spread(arguments), prog_name="rfgscore", standalone_mode=False
        )
    except RfgError as error:
        print(f"rfgscore: {error.code}: {error}", file=sys.stderr)
        return error.exit_code
    except TyperException as error:
        said = error.format_message()
        print(said if said.startswith("Usage") else f"rfgscore: {said}", file=sys.stderr)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        print("rfgscore: interrupted; no output is half-written", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read the output has seen enough; what was asked for is done.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        return 0
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 1
    except OSError as error:
        print(f"rfgscore: RFG-W02: the system refused a file or folder: {error.strerror}", file=sys.stderr)
        return 3
    except Exception as error:
        # Kind and place only: a message could carry a value out of the data.
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        print(
            f"rfgscore: RFG-I02: internal fault, {type(error).__name__} at {place}; please report it",
            file=sys.stderr,
        )
        return 3
    return ended if isinstance(ended, int) else 0


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
