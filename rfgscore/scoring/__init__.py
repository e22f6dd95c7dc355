"""Scoring: components, bands, points, rank, flags and eligibility."""

from rfgscore.scoring.score import Scored, order_equals, score_people

__all__ = ["Scored", "order_equals", "score_people"]
