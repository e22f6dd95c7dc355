"""The guarded `njit`: nothing is imported or compiled before a kernel is first called.

Kernels are serial and release the GIL; threads share out persons (see `in_threads`). numba's own parallel
loops are never used: its layers die after a fork, or when two Python threads enter them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, TypeVar, cast
from zlib import crc32

import numpy as np
import numpy.typing as npt

__all__ = ["KERNELS", "THREADING", "Kernel", "given", "in_threads", "is_off", "njit"]

F = TypeVar("F", bound=Callable[..., Any])

#: What shares out the work, whatever numba itself would use.
THREADING = "python threads"
#: Every kernel there is, in the order in which they were marked.
KERNELS: list[Kernel] = []


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
        self._run: Callable[..., Any] | None = None
        self._ready: Any = None
        self._helper: Any = None
        self._lock = threading.RLock()
        KERNELS.append(self)

    def __call__(self, *arguments: Any) -> Any:
        """Run the kernel, compiling it first if it is not."""
        return (self._run or self._first(arguments))(*arguments)

    def ready(self) -> Any:
        """Return what runs: numba's dispatcher, or the plain function where compiling is off.

        Returns
        -------
        callable
            The same object at every call, compiled or not yet.
        """
        with self._lock:
            if self._ready is None:
                self._ready = self.plain if is_off() else _dispatcher(self._bound(), cache=True)
            return self._ready

    def kept(self) -> Path | None:
        """Return the folder in which the machine code is kept between starts.

        Returns
        -------
        pathlib.Path or None
            None where none can be written, or compiling is off.
        """
        path = None if is_off() else self.ready().stats.cache_path
        return None if path is None else Path(path)

    def is_kept(self) -> bool:
        """Say whether an earlier start left the machine code of this very kernel.

        Returns
        -------
        bool
            False where the first call must compile.
        """
        kept = self.kept()
        return kept is not None and any(kept.glob(f"*.{self.ready().__name__}-*.nbc"))

    def _first(self, arguments: tuple[Any, ...]) -> Callable[..., Any]:
        """Compile for these arguments, or load what an earlier start compiled."""
        with self._lock:
            if self._run is None:
                run = self.ready()
                if run is not self.plain and not _compiled(run, arguments):
                    run = self._ready = _dispatcher(self._bound(), cache=False)
                self._run = run
            return cast(Callable[..., Any], self._run)

    def _inner(self) -> Any:
        # What calls it is kept with it inside. Kept by itself too, several starts at once could mix up the
        # kinds of input it was compiled for: numba numbers them as they come.
        with self._lock:
            if self._helper is None:
                self._helper = _dispatcher(self._bound(), cache=False)
            return self._helper

    def _bound(self) -> FunctionType:
        """Copy the function so that it sees compiled helpers where its module holds kernels."""
        # numba files its cache under module and name, and looks at the date of one file only. All that shapes
        # the machine code goes into the name, so that no file of another version is ever taken for it.
        import numba

        told = f"{numba.__version__} {_told(self)}"
        name = f"{self.__name__}_{crc32(told.encode()):08x}"
        helpers = {its: found._inner() for its, found in _used(self.plain) if isinstance(found, Kernel)}
        copy = FunctionType(self.plain.__code__, {**self.plain.__globals__, **helpers}, name)
        copy.__qualname__ = name
        return copy


def is_off() -> bool:
    """Say whether compiling is off: ``NUMBA_DISABLE_JIT`` set to anything but ``0``.

    Returns
    -------
    bool
        Kernels then run as plain Python.

    Examples
    --------
    >>> is_off() in (True, False)
    True
    """
    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def _used(function: FunctionType) -> list[tuple[str, Any]]:
    """Return what a function finds in its module, by name."""
    names = function.__globals__
    return [(name, names[name]) for name in function.__code__.co_names if name in names]


def _told(kernel: Kernel) -> object:
    """Return what decides the machine code: code, constants and fields of tuples, and those of helpers."""
    parts = [
        _told(value) if isinstance(value, Kernel) else (name, value)
        for name, value in _used(kernel.plain)
        if isinstance(value, Kernel | int | float)
    ]
    names = kernel.plain.__globals__
    fields = [getattr(names.get(kind), "_fields", ()) for kind in kernel.plain.__annotations__.values()]
    return _code(kernel.plain.__code__), parts, fields


def _code(code: CodeType) -> tuple[object, ...]:
    consts = (_code(part) if isinstance(part, CodeType) else part for part in code.co_consts)
    return code.co_code, tuple(consts), code.co_names


def _dispatcher(function: FunctionType, cache: bool) -> Any:
    import numba

    try:
        return numba.njit(nogil=True, cache=cache)(function)
    except RuntimeError as error:
        # No folder can be written, or the source is no file (a zip): compile in every process.
        if "no locator available" not in str(error):
            raise
        return numba.njit(nogil=True)(function)


def _compiled(dispatcher: Any, arguments: tuple[Any, ...]) -> bool:
    """Compile for the kinds of these arguments; False where the cache stands in the way."""
    import numba

    try:
        dispatcher.compile(tuple(map(numba.typeof, arguments)))
    except Exception:
        if not dispatcher.signatures:
            # A spoilt file, as a machine that lost power leaves one: forgotten, so that the next start keeps
            # the code anew. Should it be no fault of the cache, compiling without one tells.
            with suppress(Exception):
                dispatcher._cache.flush()
            return False
        # Compiled but not kept: there is no room for it.
    return True


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


def in_threads(work: Callable[[Any], object], parts: Iterable[Any], threads: int) -> None:
    """Do a piece of work for each part, several at a time.

    Parameters
    ----------
    work : callable
        Called once with each part; it should spend its time in kernels.
    parts : iterable
        What to hand to it.
    threads : int
        How many run at a time; 1 starts none. They live for this call only, so that nothing is left
        behind for a process that forks.

    Examples
    --------
    >>> done = []
    >>> in_threads(done.append, [1, 2], 1)
    >>> done
    [1, 2]
    """
    listed = list(parts)
    if threads == 1 or len(listed) < 2:
        for part in listed:
            work(part)
        return
    with ThreadPoolExecutor(min(threads, len(listed)), thread_name_prefix="rfgscore") as pool:
        # Listing them raises what a part raised.
        list(pool.map(work, listed))


def given(array: npt.ArrayLike, dtype: Any) -> npt.NDArray[Any]:
    """Return an array as every kernel takes its input, so that each is compiled for one kind only.

    Parameters
    ----------
    array : array-like
        The input.
    dtype : numpy dtype
        What the kernel expects.

    Returns
    -------
    numpy.ndarray
        Contiguous, aligned and read-only; a view where the array is the first two and of that dtype.

    Examples
    --------
    >>> given([1, 2], np.int64).flags.writeable
    False
    """
    view = np.require(array, dtype, ["C", "A", "E"]).view()
    view.flags.writeable = False
    return view
