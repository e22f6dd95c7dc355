"""The guarded `njit`: nothing is imported or compiled before a kernel is first called."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar, cast

__all__ = ["Kernel", "njit"]

F = TypeVar("F", bound=Callable[..., Any])


class Kernel:
    """A function that becomes machine code at its first call.

    With ``NUMBA_DISABLE_JIT`` set (to anything but ``0``) it stays plain Python and numba is never
    imported.

    Parameters
    ----------
    function : callable
        Written in the part of Python numba compiles. It may call other kernels of its module.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.plain = cast(FunctionType, function)
        self.__name__ = self.plain.__name__
        self.__doc__ = function.__doc__
        self._ready: Callable[..., Any] | None = None
        self._lock = threading.Lock()

    def __call__(self, *arguments: Any) -> Any:
        """Run the kernel, compiling it first if it is not."""
        return (self._ready or self.ready())(*arguments)

    def ready(self) -> Callable[..., Any]:
        """Return what runs: the compiled function, or the plain one where compiling is off.

        Returns
        -------
        callable
            The same object at every call.
        """
        with self._lock:
            if self._ready is None:
                off = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
                self._ready = self.plain if off else _compiled(_bound(self.plain))
            return self._ready


def _bound(function: FunctionType) -> FunctionType:
    """Copy a function so that it sees compiled helpers where its module holds `Kernel` objects."""
    names = function.__globals__
    helpers = {
        name: names[name].ready()
        for name in function.__code__.co_names
        if isinstance(names.get(name), Kernel)
    }
    # Module and name come along: numba files its cache under them.
    return FunctionType(function.__code__, {**names, **helpers}, function.__name__)


def _compiled(function: FunctionType) -> Callable[..., Any]:
    import numba

    try:
        return cast(Callable[..., Any], numba.njit(nogil=True, cache=True)(function))
    except RuntimeError as error:
        # No folder can be written, or the source is no file (a zip): compile in every process.
        if "no locator available" not in str(error):
            raise
        return cast(Callable[..., Any], numba.njit(nogil=True)(function))


def njit(function: F) -> F:
    """Mark a function as a kernel: compiled lazily, without the GIL, cached on disk if possible.

    Parameters
    ----------
    function : callable
        The kernel, called with positional arguments only.

    Returns
    -------
    callable
        A `Kernel` with the signature of `function`.

    Examples
    --------
    >>> @njit
    ... def twice(x):
    ...     return x + x
    >>> twice.__name__
    'twice'
    """
    return cast(F, Kernel(function))
