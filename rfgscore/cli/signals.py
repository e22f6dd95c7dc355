"""Ctrl-C and a request to terminate, also where a library in between loses or renames them."""

from __future__ import annotations

import signal
from types import FrameType

__all__ = ["STOPPED", "heed", "stop_if_asked"]

#: Signals that came, first one first. Compiled code may swallow the exception, or turn it into another.
STOPPED: list[int] = []


def heed() -> None:
    """Let both signals end the process in order: an exception, so that half-written files are cleared."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    STOPPED.append(number)
    stop_if_asked()


def stop_if_asked() -> None:
    """Raise what the first signal asks for, if one came.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C.
    SystemExit
        After a request to terminate.
    """
    if STOPPED:
        raise KeyboardInterrupt if STOPPED[0] == signal.SIGINT else SystemExit(128 + STOPPED[0])
