"""What a configuration holds, key by key, with every default.

The models check one value at a time; rules that look at several keys stand in `rules`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, Tag

from rfgscore.config.strict_yaml import write_yaml
from rfgscore.config.values import (
    COMPONENTS,
    CUSTODY_COLUMNS,
    LINK_COLUMNS,
    MOST,
    OFFENCE_COLUMNS,
    SCOPE_REASONS,
    SUBJECT_COLUMNS,
    TEXT_OR_MAP,
    Amount,
    Count,
    CustodyColumns,
    Days,
    Encoding,
    Formats,
    IsoDate,
    Keys,
    Limit,
    LinkColumns,
    OffenceColumns,
    Positive,
    Share,
    SubjectColumns,
    Text,
    Unmapped,
    Words,
)
from rfgscore.dates import ISO

__all__ = [
    "COMPONENTS",
    "CUSTODY_COLUMNS",
    "LINK_COLUMNS",
    "MOST",
    "OFFENCE_COLUMNS",
    "SCOPE_REASONS",
    "SUBJECT_COLUMNS",
    "CohortConfig",
    "ComponentsConfig",
    "Config",
    "CountBand",
    "CustodyConfig",
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
    "OutcomesConfig",
    "PlaceholdersConfig",
    "RankConfig",
    "RecencyBand",
    "RecencyConfig",
    "RolesConfig",
    "ScoreConfig",
    "SubjectsConfig",
    "Uplift",
    "VictimsConfig",
]


class _Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class RolesConfig(_Section):
    """Which values of `role` count (`count`) and which put a row out of scope (`set_aside`)."""

    count: Words = ("suspect", "offender", "accused", "charged", "convicted")
    set_aside: Words = ("victim", "witness", "other")


class OutcomesConfig(_Section):
    """Which values of `outcome` are left out (`exclude`), and the closed list of others (`count`) if any."""

    exclude: Words = ("cancelled", "transferred", "no crime")
    count: Words | None = None


class FlagsConfig(_Section):
    """The words that mean `true` and `false` in the yes-or-no columns."""

    true: Words = ("y", "yes", "true", "1")
    false: Words = ("n", "no", "false", "0")


_NOBODY = ("unknown", "not known", "n/k", "n/a", "none", "null", "nan", "0")


class PlaceholdersConfig(_Section):
    """Ids that stand for no named `person`, or for no known `victim`."""

    person: Words = (*_NOBODY, "tbc")
    victim: Words = (*_NOBODY, "regina", "the crown", "the state", "society")


class MaxSetAside(_Section):
    """Faults above both `share` of the rows and `floor_rows` rows stop the run."""

    share: Share = 0.01
    floor_rows: Count = 20


class LimitsConfig(_Section):
    """Largest cell, id, file and unpacking that are read."""

    cell_chars: Limit = 10_000
    id_chars: Limit = 200
    file_rows: Limit = 200_000_000
    decompression_ratio: Limit = 200


class SubjectsConfig(_Section):
    """How the subjects table is read."""

    columns: SubjectColumns | None = None
    date_format: Formats = ISO


class CustodyConfig(_Section):
    """How the custody table is read; `end_is` says whether the end day was still spent in custody."""

    columns: CustodyColumns | None = None
    date_format: Formats = ISO
    end_is: Literal["release_day", "last_day_held"] = "release_day"


class LinksConfig(_Section):
    """How the links table is read."""

    columns: LinkColumns | None = None
    date_format: Formats = ISO


class InputConfig(_Section):
    """How the input files are read.

    `columns` None means that every column named as in the contract is mapped. `encoding` is ``utf-8`` or
    ``cp1252``; dates stay ISO text here.
    """

    columns: OffenceColumns | None = None
    date_format: Formats = ISO
    encoding: Encoding = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    extract_date: IsoDate | None = None
    point_in_time: Literal["strict", "accept_extract_state"] = "strict"
    roles: RolesConfig = RolesConfig()
    outcomes: OutcomesConfig = OutcomesConfig()
    flags: FlagsConfig = FlagsConfig()
    placeholders: PlaceholdersConfig = PlaceholdersConfig()
    sentinel_dates: tuple[IsoDate, ...] = ("0001-01-01", "1900-01-01", "1970-01-01", "9999-12-31")
    duplicates: Literal["set_aside", "keep"] = "set_aside"
    max_set_aside: MaxSetAside = MaxSetAside()
    warn_scope: Annotated[dict[str, Share], Keys(SCOPE_REASONS)] = {"NO_NAMED_SUSPECT": 0.6, "ROLE": 0.8}
    limits: LimitsConfig = LimitsConfig()
    subjects: SubjectsConfig = SubjectsConfig()
    custody: CustodyConfig = CustodyConfig()
    links: LinksConfig = LinksConfig()


class Uplift(_Section):
    """A weight set by local decision in place of the table's, and why."""

    weight: Amount
    reason: Text


class GravityConfig(_Section):
    """Where weights come from.

    `table` is a shipped table or a CSV path; `unmapped` a word or the weight of a code without one;
    `non_crime` None leaves non-crime incidents out.
    """

    table: Text
    level: Literal["subcode", "class"] = "subcode"
    unmapped: Unmapped = "set_aside"
    non_crime: Amount | None = 0.5
    uplift: dict[Text, Uplift] = {}


class RecencyBand(_Section):
    """`points` for a smallest age of at most `up_to` days."""

    up_to: Count
    points: Count


class CountBand(_Section):
    """`points` for a count of at least `from_` (``from`` in the file)."""

    from_: Count = Field(alias="from")
    points: Count


class GravityBand(_Section):
    """`points` for a gravity of at least `from_` (``from`` in the file)."""

    from_: Amount = Field(alias="from")
    points: Count


class RecencyConfig(_Section):
    """Points by the age of the latest line, in calendar days or days at liberty."""

    clock: Literal["calendar", "at_liberty"] = "calendar"
    bands: Annotated[tuple[RecencyBand, ...], Field(min_length=1)]


class FrequencyConfig(_Section):
    """Points by the number of incidents."""

    bands: Annotated[tuple[CountBand, ...], Field(min_length=1)]


class GravityComponentConfig(_Section):
    """Points by the gravity of incidents; `half_life_days` is set for ``decayed`` and for nothing else."""

    aggregate: Literal["max", "sum", "mean", "decayed"] = "max"
    half_life_days: Days | None = None
    bands: Annotated[tuple[GravityBand, ...], Field(min_length=1)]


class VictimsConfig(_Section):
    """Points by the number of known victims."""

    bands: Annotated[tuple[CountBand, ...], Field(min_length=1)]


class ComponentsConfig(_Section):
    """The parts of the score; None for one the configuration lacks."""

    recency: RecencyConfig | None = None
    frequency: FrequencyConfig | None = None
    gravity: GravityComponentConfig | None = None
    victims: VictimsConfig | None = None


class ScoreConfig(_Section):
    """How people are scored."""

    window_days: Days = 730
    method: Literal["points"] = "points"
    components: ComponentsConfig


class RankConfig(_Section):
    """The order of values that decide between equal scores."""

    tie_break: tuple[Literal["recency", "frequency", "gravity", "victims"], ...] = (
        "gravity",
        "victims",
        "recency",
        "frequency",
    )


class HeldRule(_Section):
    """People held in custody beyond so many days are not eligible."""

    exclude_if_held_days: Count


class CohortConfig(_Section):
    """Who is listed; `reserve` is the written number, else `capacity`."""

    capacity: Positive = 12
    reserve: Count = 12
    min_incidents: Positive = 1
    min_age_at_event: Annotated[int, Field(ge=0, le=120)] = 16
    custody: Annotated[
        Annotated[Literal["show"], Tag("<text>")] | Annotated[HeldRule, Tag("<map>")],
        TEXT_OR_MAP,
    ] = "show"


class Config(_Section):
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
    cohort : CohortConfig
        Who is listed.
    """

    schema_: Literal["rfgscore/1"] = Field(alias="schema")
    name: Text = "unnamed"
    input: InputConfig = InputConfig()
    gravity: GravityConfig
    score: ScoreConfig
    rank: RankConfig = RankConfig()
    cohort: CohortConfig = CohortConfig()

    # Outside the effective configuration: the same settings hash alike wherever the file lies.
    _gravity_path: Path | None = PrivateAttr(default=None)

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
    def max_score(self) -> int:
        """The most points a person can have.

        Returns
        -------
        int
            Sum of each component's highest points.
        """
        parts = self.score.components
        present = (parts.recency, parts.frequency, parts.gravity, parts.victims)
        return sum(max(band.points for band in part.bands) for part in present if part)

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
