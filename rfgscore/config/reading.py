"""How the input files are read, key by key, with every default."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

from rfgscore.config.values import (
    SCOPE_REASONS,
    Count,
    CustodyColumns,
    DecisionColumns,
    Encoding,
    Formats,
    IsoDate,
    Keys,
    Limit,
    LinkColumns,
    OffenceColumns,
    OrderColumns,
    ReferralColumns,
    RemovalColumns,
    Share,
    SubjectColumns,
    Words,
    Zone,
)
from rfgscore.dates import ISO

__all__ = [
    "CustodyConfig",
    "DecisionsConfig",
    "FlagsConfig",
    "InputConfig",
    "LimitsConfig",
    "LinksConfig",
    "MaxSetAside",
    "OrdersConfig",
    "OutcomesConfig",
    "PlaceholdersConfig",
    "ReferralsConfig",
    "RemovalsConfig",
    "RolesConfig",
    "Section",
    "SubjectsConfig",
]


class Section(BaseModel):
    """A part of the settings: strict, closed and frozen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class RolesConfig(Section):
    """Which values of `role` count (`count`) and which put a row out of scope (`set_aside`)."""

    count: Words = ("suspect", "offender", "accused", "charged", "convicted")
    set_aside: Words = ("victim", "witness", "other")


class OutcomesConfig(Section):
    """Which values of `outcome` are left out (`exclude`), and the closed list of others (`count`) if any."""

    exclude: Words = ("cancelled", "transferred", "no crime")
    count: Words | None = None


class FlagsConfig(Section):
    """The words that mean `true` and `false` in the yes-or-no columns."""

    true: Words = ("y", "yes", "true", "1")
    false: Words = ("n", "no", "false", "0")


_NOBODY = ("unknown", "not known", "n/k", "n/a", "none", "null", "nan", "0")


class PlaceholdersConfig(Section):
    """Ids that stand for no named `person`, or for no known `victim`."""

    person: Words = (*_NOBODY, "tbc")
    victim: Words = (*_NOBODY, "regina", "the crown", "the state", "society")


class MaxSetAside(Section):
    """Faults above both `share` of the rows and `floor_rows` rows stop the run."""

    share: Share = 0.01
    floor_rows: Count = 20


class LimitsConfig(Section):
    """Largest cell, id, file and unpacking that are read."""

    cell_chars: Limit = 10_000
    id_chars: Limit = 200
    file_rows: Limit = 200_000_000
    decompression_ratio: Limit = 200


class SubjectsConfig(Section):
    """How the subjects table is read."""

    columns: SubjectColumns | None = None
    date_format: Formats = ISO


class CustodyConfig(Section):
    """How the custody table is read; `end_is` says whether the end day was still spent in custody."""

    columns: CustodyColumns | None = None
    date_format: Formats = ISO
    end_is: Literal["release_day", "last_day_held"] = "release_day"


class ReferralsConfig(Section):
    """How the table of partner referrals is read."""

    columns: ReferralColumns | None = None
    date_format: Formats = ISO


class LinksConfig(Section):
    """How the links table is read."""

    columns: LinkColumns | None = None
    date_format: Formats = ISO


class OrdersConfig(Section):
    """How the table of protective orders is read."""

    columns: OrderColumns | None = None
    date_format: Formats = ISO


class DecisionsConfig(Section):
    """How the table of what meetings decided is read."""

    columns: DecisionColumns | None = None
    date_format: Formats = ISO


class RemovalsConfig(Section):
    """How the table of people taken off is read."""

    columns: RemovalColumns | None = None
    date_format: Formats = ISO


class InputConfig(Section):
    """How the input files are read.

    `columns` None means that every column named as in the contract is mapped. `encoding` is ``utf-8`` or
    ``cp1252``; dates stay ISO text here. `timezone` names the zone whose calendar a timestamp with a zone
    is read in; without it such a timestamp is refused.
    """

    columns: OffenceColumns | None = None
    date_format: Formats = ISO
    encoding: Encoding = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    timezone: Zone | None = None
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
    referrals: ReferralsConfig = ReferralsConfig()
    links: LinksConfig = LinksConfig()
    orders: OrdersConfig = OrdersConfig()
    decisions: DecisionsConfig = DecisionsConfig()
    removals: RemovalsConfig = RemovalsConfig()
