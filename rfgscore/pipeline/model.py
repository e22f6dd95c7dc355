"""Which model of escalation risk a run uses: the one given, or that of the settings."""

from __future__ import annotations

import os

from rfgscore.config import Config
from rfgscore.errors import ConfigError
from rfgscore.escalation.risks import GivenModel, open_model

__all__ = ["given_model"]


def given_model(config: Config, path: str | os.PathLike[str] | None = None) -> GivenModel | None:
    """Read the model a run uses.

    Parameters
    ----------
    config : Config
        Settings.
    path : path, optional
        A model file; it goes before that of the settings.

    Returns
    -------
    GivenModel or None
        None where neither names one.

    Raises
    ------
    ConfigError
        When equals are to be ordered by the figures of a model, and none is named.
    InputNotFoundError
        When there is no such file.
    ModelFileError
        When it cannot be used.
    """
    file = path if path is not None else config.model_path
    if file is not None:
        return open_model(file)
    if config.escalation.use == "tiebreak":
        raise ConfigError(
            "escalation.use: tiebreak orders equals by the figures of a model, and none is given: name one "
            "under escalation.model or with --model, or set annotate"
        )
    return None
