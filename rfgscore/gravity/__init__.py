"""Gravity: how much each offence weighs."""

from rfgscore.gravity.codes import normal_code
from rfgscore.gravity.table import NON_CRIME, Grade, Gravity, load_gravity, shipped_tables

__all__ = ["NON_CRIME", "Grade", "Gravity", "load_gravity", "normal_code", "shipped_tables"]
