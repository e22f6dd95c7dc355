"""What a configuration holds, key by key, with every default.

The models check one value at a time; rules that look at several keys stand in `rules`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, Tag

from rfgscore.config.reading import (
    CustodyConfig,
    DecisionsConfig,
    FlagsConfig,
    InputConfig,
    LimitsConfig,
    LinksConfig,
    MaxSetAside,
    OrdersConfig,
    OutcomesConfig,
    PlaceholdersConfig,
    ReferralsConfig,
    RemovalsConfig,
    RolesConfig,
    Section,
    SubjectsConfig,
)
from rfgscore.config.strict_yaml import write_yaml
from rfgscore.config.values import (
    COMPONENTS,
    CUSTODY_COLUMNS,
    DECISION_COLUMNS,
    LINK_COLUMNS,
    MOST,
    OFFENCE_COLUMNS,
    ORDER_COLUMNS,
    REFERRAL_COLUMNS,
    REMOVAL_COLUMNS,
    SCOPE_REASONS,
    SUBJECT_COLUMNS,
    TEXT_OR_MAP,
    Amount,
    ComponentWeights,
    Count,
    Days,
    Parts,
    Positive,
    Text,
    Unmapped,
    Weight,
)

__all__ = [
    "COMPONENTS",
    "CUSTODY_COLUMNS",
    "DECISION_COLUMNS",
    "LINK_COLUMNS",
    "MOST",
    "OFFENCE_COLUMNS",
    "ORDER_COLUMNS",
    "REFERRAL_COLUMNS",
    "REMOVAL_COLUMNS",
    "SCOPE_REASONS",
    "SUBJECT_COLUMNS",
    "CohortConfig",
    "ComponentsConfig",
    "Config",
    "CountBand",
    "CustodyConfig",
    "DecisionsConfig",
    "EscalationConfig",
    "FlagsConfig",
    "FrequencyConfig",
    "GravityBand",
    "GravityComponentConfig",
    "GravityConfig",
    "HeldRule",
    "InputConfig",
    "LimitsConfig",
    "LinksConfig",
    "MaxSetAside",
    "OrdersConfig",
    "OutcomesConfig",
    "OutputConfig",
    "PlaceholdersConfig",
    "RankConfig",
    "RecencyBand",
    "RecencyConfig",
    "ReferralsConfig",
    "RemovalsConfig",
    "RolesConfig",
    "RouteCaps",
    "ScoreConfig",
    "SubjectsConfig",
    "Uplift",
    "VictimsConfig",
]


class Uplift(Section):
    """A weight set by local decision in place of the table's, and why."""

    weight: Amount
    reason: Text


class GravityConfig(Section):
    """Where weights come from.

    `table` is a shipped table or a CSV path; `unmapped` a word or the weight of a code without one;
    `non_crime` None leaves non-crime incidents out.
    """

    table: Text
    level: Literal["subcode", "class"] = "subcode"
    unmapped: Unmapped = "set_aside"
    non_crime: Amount | None = 0.5
    uplift: dict[Text, Uplift] = {}  # noqa: RUF012 - pydantic copies it


class RecencyBand(Section):
    """`points` for a smallest age of at most `up_to` days."""

    up_to: Count
    points: Count


class CountBand(Section):
    """`points` for a count of at least `from_` (``from`` in the file)."""

    from_: Count = Field(alias="from")
    points: Count


class GravityBand(Section):
    """`points` for a gravity of at least `from_` (``from`` in the file)."""

    from_: Amount = Field(alias="from")
    points: Count


_Edges = Annotated[tuple[Weight, ...], Field(min_length=1)]


class RecencyConfig(Section):
    """The age of the latest line, in calendar days or days at liberty.

    `bands` are for ``method: points``; `edges`, in days, for ``method: quantile``.
    """

    clock: Literal["calendar", "at_liberty"] = "calendar"
    bands: Annotated[tuple[RecencyBand, ...], Field(min_length=1)] | None = None
    edges: _Edges | None = None


class FrequencyConfig(Section):
    """The number of incidents; `bands` for ``method: points``, `edges` for ``method: quantile``."""

    bands: Annotated[tuple[CountBand, ...], Field(min_length=1)] | None = None
    edges: _Edges | None = None


class GravityComponentConfig(Section):
    """The gravity of incidents; `half_life_days` is set for ``decayed`` and for nothing else.

    `bands` are for ``method: points``, `edges` for ``method: quantile``.
    """

    aggregate: Literal["max", "sum", "mean", "decayed"] = "max"
    half_life_days: Days | None = None
    bands: Annotated[tuple[GravityBand, ...], Field(min_length=1)] | None = None
    edges: _Edges | None = None


class VictimsConfig(Section):
    """The number of known victims; `bands` for ``method: points``, `edges` for ``method: quantile``."""

    bands: Annotated[tuple[CountBand, ...], Field(min_length=1)] | None = None
    edges: _Edges | None = None


class ComponentsConfig(Section):
    """The parts of the score; None for one the configuration lacks."""

    recency: RecencyConfig | None = None
    frequency: FrequencyConfig | None = None
    gravity: GravityComponentConfig | None = None
    victims: VictimsConfig | None = None


class ScoreConfig(Section):
    """How people are scored.

    ``points`` adds the points of fixed bands. ``quantile`` cuts each component into `q` bands of about
    equally many eligible people (or at given `edges`) and adds the band numbers. ``continuous`` adds the
    components' values, scaled as `scale` says, times their `weights`.
    """

    window_days: Days = 730
    method: Literal["points", "quantile", "continuous"] = "points"
    q: Parts | None = None
    weights: ComponentWeights | None = None
    scale: Literal["none", "max", "log1p_max"] | None = None
    components: ComponentsConfig


class RankConfig(Section):
    """The order of values that decide between equal scores."""

    tie_break: tuple[Literal["recency", "frequency", "gravity", "victims"], ...] = (
        "gravity",
        "victims",
        "recency",
        "frequency",
    )


class EscalationConfig(Section):
    """A fitted model whose figures stand beside the list, and what they may do there.

    `model` is a file, or given with ``--model``; ``annotate`` only shows its figures, ``tiebreak`` lets them
    order people who are equal in score and in every tie-break value; `horizons` are days.
    """

    model: Text | None = None
    use: Literal["annotate", "tiebreak"] = "annotate"
    horizons: Annotated[tuple[Days, ...], Field(min_length=1)] = (90, 180, 365)


class HeldRule(Section):
    """People held in custody beyond so many days are not eligible."""

    exclude_if_held_days: Count


class RouteCaps(Section):
    """How many people each route shows that it alone lists; the others are counted and printed."""

    release: Count = 30
    referral: Count = 50
    emerging: Count = 30


class CohortConfig(Section):
    """Who is listed.

    `reserve` is the written number, else `capacity`; `keep` the written number, else twice `capacity`.
    """

    capacity: Positive = 12
    reserve: Count = 12
    keep: Positive = 24
    meetings: Positive = 2
    min_incidents: Positive = 1
    min_age_at_event: Annotated[int, Field(ge=0, le=120)] = 16
    custody: Annotated[
        Annotated[Literal["show"], Tag("<text>")] | Annotated[HeldRule, Tag("<map>")],
        TEXT_OR_MAP,
    ] = "show"
    release_within_days: Annotated[int, Field(ge=0, le=36500)] = 28
    emerging_days: Days = 28
    emerging: tuple[
        Literal[
            "first-top-gravity",
            "rising-count",
            "new-victim",
            "strangulation",
            "order-breach",
            "above-maximum",
        ],
        ...,
    ] = (
        "first-top-gravity",
        "rising-count",
        "new-victim",
        "strangulation",
        "order-breach",
        "above-maximum",
    )
    route_caps: RouteCaps = RouteCaps()
    pathways: Annotated[tuple[Text, ...], Field(min_length=1)] = ("diversion", "disruption")
    areas: Literal["area", "force"] | None = None


class OutputConfig(Section):
    """What the written pages carry."""

    marking: Text = "OFFICIAL-SENSITIVE"


class Config(Section):
    """A checked configuration with every default filled in; made by `load_config` or `preset`.

    Attributes
    ----------
    schema_ : str
        ``rfgscore/1`` (``schema`` in the file).
    name : str
        Name of the deployment.
    input : InputConfig
        How the input files are read.
    gravity : GravityConfig
        Where weights come from.
    score : ScoreConfig
        How people are scored.
    rank : RankConfig
        How ties are ordered.
    escalation : EscalationConfig
        Which fitted model is used, and how.
    cohort : CohortConfig
        Who is listed.
    output : OutputConfig
        What the written pages carry.
    """

    schema_: Literal["rfgscore/1"] = Field(alias="schema")
    name: Text = "unnamed"
    input: InputConfig = InputConfig()
    gravity: GravityConfig
    score: ScoreConfig
    rank: RankConfig = RankConfig()
    escalation: EscalationConfig = EscalationConfig()
    cohort: CohortConfig = CohortConfig()
    output: OutputConfig = OutputConfig()

    # Outside the effective configuration: the same settings hash alike wherever the file lies.
    _gravity_path: Path | None = PrivateAttr(default=None)
    _model_path: Path | None = PrivateAttr(default=None)

    @property
    def gravity_path(self) -> Path | None:
        """The file `gravity.table` names.

        Returns
        -------
        pathlib.Path or None
            None where `gravity.table` names a shipped table.
        """
        return self._gravity_path

    @property
    def model_path(self) -> Path | None:
        """The file `escalation.model` names.

        Returns
        -------
        pathlib.Path or None
            None where it names none.
        """
        return self._model_path

    @property
    def max_score(self) -> int | None:
        """The most points a person can have.

        Returns
        -------
        int or None
            Sum of each component's highest points. Under ``method: quantile`` of the bands there are
            before equal edges collapse; None under ``method: continuous``, which has no most.
        """
        parts = self.score.components
        present = [part for part in (parts.recency, parts.frequency, parts.gravity, parts.victims) if part]
        if self.score.method == "continuous":
            return None
        if self.score.method == "quantile":
            return sum(len(part.edges) + 1 if part.edges else self.score.q or 1 for part in present)
        return sum(max(band.points for band in part.bands or ()) for part in present)

    def effective(self) -> dict[str, Any]:
        """Return every setting in force, defaults included, as a file would say it.

        Returns
        -------
        dict
            Plain data for JSON, keys in the order of the contract.
        """
        data = self.model_dump(mode="json", by_alias=True)
        data["score"]["components"] = {
            name: {key: value for key, value in part.items() if value is not None}
            for name, part in data["score"]["components"].items()
            if part is not None
        }
        # Keys of the other methods are no settings of this one.
        for key in ("q", "weights", "scale"):
            if data["score"][key] is None:
                del data["score"][key]
        return data

    def sha256(self) -> str:
        """Return the hash that stands for these settings.

        Returns
        -------
        str
            SHA-256 of the effective configuration as JSON with sorted keys and no blanks.
        """
        text = json.dumps(self.effective(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def to_yaml(self) -> str:
        """Return the effective configuration as YAML; loading it gives the same hash.

        Returns
        -------
        str
            YAML text.
        """
        return write_yaml(self.effective())

    def __repr__(self) -> str:
        return f"Config(name={self.name!r}, sha256={self.sha256()[:12]!r})"

    __str__ = __repr__
