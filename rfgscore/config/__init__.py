"""Settings of a deployment: read strictly, checked whole, reported with file and line."""

from rfgscore.config.keys import config_schema
from rfgscore.config.load import PRESETS, SCHEMA, load_config, preset
from rfgscore.config.model import (
    COMPONENTS,
    CUSTODY_COLUMNS,
    DECISION_COLUMNS,
    LINK_COLUMNS,
    OFFENCE_COLUMNS,
    ORDER_COLUMNS,
    REFERRAL_COLUMNS,
    REMOVAL_COLUMNS,
    SCOPE_REASONS,
    SUBJECT_COLUMNS,
    CohortConfig,
    Config,
    GravityConfig,
    InputConfig,
    OutputConfig,
    RankConfig,
    ScoreConfig,
)

__all__ = [
    "COMPONENTS",
    "CUSTODY_COLUMNS",
    "DECISION_COLUMNS",
    "LINK_COLUMNS",
    "OFFENCE_COLUMNS",
    "ORDER_COLUMNS",
    "PRESETS",
    "REFERRAL_COLUMNS",
    "REMOVAL_COLUMNS",
    "SCHEMA",
    "SCOPE_REASONS",
    "SUBJECT_COLUMNS",
    "CohortConfig",
    "Config",
    "GravityConfig",
    "InputConfig",
    "OutputConfig",
    "RankConfig",
    "ScoreConfig",
    "config_schema",
    "load_config",
    "preset",
]
