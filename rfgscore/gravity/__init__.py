"""Gravity: how much each offence weighs."""

from rfgscore.gravity.codes import name_code, normal_code
from rfgscore.gravity.table import NON_CRIME, Grade, Gravity, load_gravity, shipped_tables

__all__ = ["NON_CRIME", "Grade", "Gravity", "load_gravity", "name_code", "normal_code", "shipped_tables"]
