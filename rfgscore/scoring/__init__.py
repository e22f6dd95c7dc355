"""Scoring: components, bands, points, rank, flags and eligibility."""

from rfgscore.scoring.score import Scored, score_people

__all__ = ["Scored", "score_people"]
