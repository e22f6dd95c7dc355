"""Explanations: every score comes apart into parts, and every part into the incidents behind it."""

from rfgscore.explain.case import number
from rfgscore.explain.outlook import Outlook, Prospect, outlooks
from rfgscore.explain.person import (
    Explanation,
    Part,
    explain_considered,
    explain_person,
    explanation_table,
)
from rfgscore.explain.risk import risk_parts
from rfgscore.explain.sentence import summarise

__all__ = [
    "Explanation",
    "Outlook",
    "Part",
    "Prospect",
    "explain_considered",
    "explain_person",
    "explanation_table",
    "number",
    "outlooks",
    "risk_parts",
    "summarise",
]
