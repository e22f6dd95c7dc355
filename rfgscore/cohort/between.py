"""What differs between the settings of two runs, as far as it bears on who stands where."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rfgscore.cohort.considered import Previous
from rfgscore.config import COMPONENTS, Config
from rfgscore.config.model import HeldRule
from rfgscore.gravity import NON_CRIME
from rfgscore.scoring import Scored

__all__ = ["Between", "asks_custody"]

#: Settings of the input that decide no row.
_NO_ROWS = {"point_in_time", "extract_date", "max_set_aside", "warn_scope"}


class Between:
    """The settings and weights of a run against those of the previous one.

    Parameters
    ----------
    scored : Scored
        The run.
    previous : Previous
        The previous one.
    """

    def __init__(self, scored: Scored, previous: Previous) -> None:
        self._scored, self._previous = scored, previous
        self._now, self._then = scored.config, previous.config

    @cached_property
    def weights(self) -> dict[str, float]:
        """Weight then of each offence of today's history; today's of offences that did not occur then."""
        history, then = self._scored.history, self._previous.weights
        pairs = zip(history.offences, history.weights.tolist(), strict=True)
        return {code: then.get(code, weight) for code, weight in pairs}

    @cached_property
    def unweighed(self) -> npt.NDArray[np.bool_]:
        """Lines that were known then, and set aside because the gravity table had no weight for them."""
        history, source = self._scored.history, self._scored.history.source
        tables = () if source is None else source.account.inputs
        sums = [table["sha256"] for table in tables if table["table"] == "gravity"]
        same = sums == [self._previous.gravity] and self._now.gravity == self._then.gravity
        if source is None or same or not self._previous.weights:  # runs of earlier versions told no weights
            return np.zeros(len(history.day), np.bool_)
        # Non-crime incidents are left out by a setting, not for want of a weight.
        known = {*self._previous.weights, NON_CRIME}
        new = np.array([code not in known for code in history.offences], np.bool_)
        return np.asarray(new[history.code] & history.visible(self._previous.as_of), np.bool_)

    @cached_property
    def other_weights(self) -> bool:
        """Whether any line of today weighed something else then."""
        history = self._scored.history
        now = dict(zip(history.offences, history.weights.tolist(), strict=True))
        return self.weights != now or bool(self.unweighed.any())

    @cached_property
    def other_settings(self) -> bool:
        """Whether people are scored or ranked under other settings; rows and weights are apart."""
        return _scoring(self._now) != _scoring(self._then)

    @cached_property
    def both_by_risk(self) -> bool:
        """Whether both runs order equals by the figures of a model."""
        return self._previous.by_risk and self._scored.risk is not None

    @cached_property
    def other_model(self) -> bool:
        """Whether they use another model."""
        return self._previous.model != self._scored.model

    @property
    def same_rules(self) -> bool:
        """Whether scores of the two runs mean the same."""
        return not self.other_settings and not self.other_weights

    @cached_property
    def same_scale(self) -> bool:
        """Whether the points of the two runs count the same things in the same way."""
        now, then = self._now.score, self._then.score
        return now.method == then.method and all(
            (getattr(now.components, name) is None) == (getattr(then.components, name) is None)
            for name in COMPONENTS
        )

    @cached_property
    def can_score(self) -> bool:
        """Whether today's tables hold what the previous settings ask for."""
        source = self._scored.history.source
        custody = source is not None and source.spells is not None
        victims = source is None or "victim_id" in source.mapped
        return (custody or not asks_custody(self._then)) and (
            victims or self._then.score.components.victims is None
        )

    @cached_property
    def other_rows(self) -> bool:
        """Whether the settings that decide which rows count are others."""
        now, then = self._now, self._then
        return (
            now.input.model_dump(exclude=_NO_ROWS) != then.input.model_dump(exclude=_NO_ROWS)
            or now.cohort.min_age_at_event != then.cohort.min_age_at_event
            or (now.gravity.non_crime is None) != (then.gravity.non_crime is None)
        )


def asks_custody(config: Config) -> bool:
    """Say whether custody bears on who stands where.

    Parameters
    ----------
    config : Config
        Settings.

    Returns
    -------
    bool
        True where recency counts days at liberty, or people held long are not ranked.
    """
    recency = config.score.components.recency
    at_liberty = recency is not None and recency.clock == "at_liberty"
    return at_liberty or isinstance(config.cohort.custody, HeldRule)


def _scoring(config: Config) -> tuple[Any, ...]:
    cohort = config.cohort
    return config.score, config.rank, config.escalation.use, cohort.min_incidents, cohort.custody
