"""Recency-Frequency-Gravity scores of recorded domestic-abuse perpetrators.

The tool ranks and explains; people decide. Importing this package loads nothing heavy: each name
below loads what it needs on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rfgscore import windows
    from rfgscore.config import Config, config_schema, load_config, preset
    from rfgscore.errors import ConfigError, DataError, RfgError
    from rfgscore.explain import Explanation
    from rfgscore.history.history import History
    from rfgscore.history.read import read_offences
    from rfgscore.history.store import Store
    from rfgscore.pipeline.diff import Diff, diff
    from rfgscore.pipeline.run import Run, run
    from rfgscore.pipeline.scores import Scores, score
    from rfgscore.windows.warmup import warmup

__all__ = [
    "Config",
    "ConfigError",
    "DataError",
    "Diff",
    "Explanation",
    "History",
    "RfgError",
    "Run",
    "Scores",
    "Store",
    "__version__",
    "config_schema",
    "diff",
    "load_config",
    "preset",
    "read_offences",
    "run",
    "score",
    "warmup",
    "windows",
]

_HOMES = {
    "Config": "rfgscore.config",
    "ConfigError": "rfgscore.errors",
    "DataError": "rfgscore.errors",
    "Diff": "rfgscore.pipeline.diff",
    "Explanation": "rfgscore.explain",
    "History": "rfgscore.history.history",
    "RfgError": "rfgscore.errors",
    "Run": "rfgscore.pipeline.run",
    "Scores": "rfgscore.pipeline.scores",
    "Store": "rfgscore.history.store",
    "config_schema": "rfgscore.config",
    "diff": "rfgscore.pipeline.diff",
    "load_config": "rfgscore.config",
    "preset": "rfgscore.config",
    "read_offences": "rfgscore.history.read",
    "run": "rfgscore.pipeline.run",
    "score": "rfgscore.pipeline.scores",
    "warmup": "rfgscore.windows.warmup",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("rfgscore")
    if name == "windows":
        return import_module("rfgscore.windows")
    if name not in _HOMES:
        raise AttributeError(f"module 'rfgscore' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
