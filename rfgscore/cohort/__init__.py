"""The cohort: who is on which list, by which route, and what changed since the last meeting.

The program proposes; every decision column is left to people.
"""

from rfgscore.cohort.considered import Change, Cohort, Considered, Previous, Standing

__all__ = ["Change", "Cohort", "Considered", "Previous", "Standing"]
