"""Gravity: how much each offence weighs, where that comes from, and what kind of offence a code is."""

from rfgscore.gravity.classes import classes_of
from rfgscore.gravity.codes import name_code, normal_code
from rfgscore.gravity.coverage import coverage, coverage_lines
from rfgscore.gravity.groups import COURSE_OF_CONDUCT, GROUPS, groups_of, in_group
from rfgscore.gravity.provenance import Provenance, shipped_sources, shipped_tables
from rfgscore.gravity.table import NON_CRIME, Grade, Gravity, load_gravity

__all__ = [
    "COURSE_OF_CONDUCT",
    "GROUPS",
    "NON_CRIME",
    "Grade",
    "Gravity",
    "Provenance",
    "classes_of",
    "coverage",
    "coverage_lines",
    "groups_of",
    "in_group",
    "load_gravity",
    "name_code",
    "normal_code",
    "shipped_sources",
    "shipped_tables",
]
