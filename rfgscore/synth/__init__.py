"""A police force that never was: seeded, of the published shape, with the truth beside it."""

from rfgscore.synth.assumptions import Assumption, Assumptions, read_assumptions
from rfgscore.synth.force import Force, make_force

__all__ = ["Assumption", "Assumptions", "Force", "make_force", "read_assumptions"]
