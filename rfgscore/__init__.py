"""Recency-Frequency-Gravity scores of recorded domestic-abuse perpetrators.

The tool ranks and explains; people decide. Importing this package loads nothing heavy: each name
below loads what it needs on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rfgscore import windows
    from rfgscore.backtests.dates import every
    from rfgscore.config import Config, config_schema, load_config, preset
    from rfgscore.errors import ConfigError, DataError, RfgError
    from rfgscore.escalation import careers
    from rfgscore.escalation.model import EscalationModel
    from rfgscore.escalation.outcomes import Outcome
    from rfgscore.explain import Explanation
    from rfgscore.history.history import History
    from rfgscore.history.read import read_offences
    from rfgscore.history.store import Store
    from rfgscore.pipeline.diff import Diff, diff
    from rfgscore.pipeline.run import Run, run
    from rfgscore.pipeline.scores import Scores, score
    from rfgscore.pipeline.trial import Backtest, backtest
    from rfgscore.windows.warmup import warmup

__all__ = [
    "Backtest",
    "Config",
    "ConfigError",
    "DataError",
    "Diff",
    "EscalationModel",
    "Explanation",
    "History",
    "Outcome",
    "RfgError",
    "Run",
    "Scores",
    "Store",
    "__version__",
    "backtest",
    "careers",
    "config_schema",
    "diff",
    "every",
    "load_config",
    "preset",
    "read_offences",
    "run",
    "score",
    "warmup",
    "windows",
]

_HOMES = {
    "Backtest": "rfgscore.pipeline.trial",
    "Config": "rfgscore.config",
    "ConfigError": "rfgscore.errors",
    "DataError": "rfgscore.errors",
    "Diff": "rfgscore.pipeline.diff",
    "EscalationModel": "rfgscore.escalation.model",
    "Explanation": "rfgscore.explain",
    "History": "rfgscore.history.history",
    "RfgError": "rfgscore.errors",
    "Outcome": "rfgscore.escalation.outcomes",
    "Run": "rfgscore.pipeline.run",
    "Scores": "rfgscore.pipeline.scores",
    "Store": "rfgscore.history.store",
    "backtest": "rfgscore.pipeline.trial",
    "config_schema": "rfgscore.config",
    "diff": "rfgscore.pipeline.diff",
    "every": "rfgscore.backtests.dates",
    "load_config": "rfgscore.config",
    "preset": "rfgscore.config",
    "read_offences": "rfgscore.history.read",
    "run": "rfgscore.pipeline.run",
    "score": "rfgscore.pipeline.scores",
    "warmup": "rfgscore.windows.warmup",
}

#: Modules that are used as such.
_ROOMS = {"careers": "rfgscore.escalation.careers", "windows": "rfgscore.windows"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("rfgscore")
    if name in _ROOMS:
        return import_module(_ROOMS[name])
    if name not in _HOMES:
        raise AttributeError(f"module 'rfgscore' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
