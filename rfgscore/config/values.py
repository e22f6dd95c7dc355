"""The kinds of value a configuration is made of, and the names the contract fixes."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Tag,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from rfgscore.dates import DateFormat, to_day

OFFENCE_COLUMNS: Final[tuple[str, ...]] = (
    "perpetrator_id",
    "event_date",
    "event_end",
    "offence_code",
    "victim_id",
    "event_id",
    "incident_id",
    "recorded_date",
    "role",
    "outcome",
    "is_crime",
    "domestic",
    "relationship",
    "risk_grade",
    "children_linked",
    "force",
    "area",
    "dob",
    "deceased_date",
)
SUBJECT_COLUMNS: Final[tuple[str, ...]] = (
    "perpetrator_id",
    "dob",
    "sex",
    "ethnicity",
    "area",
    "force",
    "deceased_date",
    "transferred_in",
    "managed_under",
    "recorded_date",
)
CUSTODY_COLUMNS: Final[tuple[str, ...]] = (
    "perpetrator_id",
    "start",
    "end",
    "planned_release",
    "recorded_date",
)
REFERRAL_COLUMNS: Final[tuple[str, ...]] = (
    "perpetrator_id",
    "referred_date",
    "agency",
    "reason",
    "reference",
    "recorded_date",
)
LINK_COLUMNS: Final[tuple[str, ...]] = ("nominal_id", "master_id", "recorded_date")
ORDER_COLUMNS: Final[tuple[str, ...]] = (
    "perpetrator_id",
    "kind",
    "start",
    "end",
    "protects",
    "recorded_date",
)
DECISION_COLUMNS: Final[tuple[str, ...]] = (
    "perpetrator_id",
    "meeting_date",
    "decision",
    "pathway",
    "owner",
    "decided_by",
    "reason",
    "review_by",
    "recorded_date",
)
REMOVAL_COLUMNS: Final[tuple[str, ...]] = ("perpetrator_id", "removed_on", "recorded_date")

#: Components of a score, in the order of the contract.
COMPONENTS: Final[tuple[str, ...]] = ("recency", "frequency", "gravity", "victims")

#: Reasons for setting a row aside that are no fault of the row.
SCOPE_REASONS: Final[tuple[str, ...]] = (
    "NO_NAMED_SUSPECT",
    "ROLE",
    "OUTCOME",
    "NOT_DOMESTIC",
    "NON_CRIME_OFF",
    "UNDER_AGE",
    "DUPLICATE",
    "REMOVED",
)


@dataclass(frozen=True)
class Keys:
    """Names the keys a map may have and puts them in that order.

    Parameters
    ----------
    names : tuple of str
        Allowed keys, in order.
    """

    names: tuple[str, ...]

    def _ordered(self, value: dict[str, Any]) -> dict[str, Any]:
        if unknown := sorted(set(value) - set(self.names)):
            raise ValueError(f"unknown key {unknown[0]!r}")
        return {name: value[name] for name in self.names if name in value}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._ordered, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "propertyNames": {"enum": list(self.names)}}


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _date_format(text: str) -> str:
    return DateFormat(text).text


def _iso_date(text: str) -> str:
    try:
        to_day(text)
    except ValueError:
        raise ValueError("must be a calendar date written YYYY-MM-DD") from None
    return text


def _zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (KeyError, OSError, ValueError):  # not found, a folder of zones, or no name of a file at all
        raise ValueError("must be the name of a time zone, such as Europe/London") from None
    return text


def _encoding(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    name = value.strip().casefold()
    return "utf-8" if name == "utf8" else name


def _no_minus_zero(value: float) -> float:
    return value + 0.0  # -0.0 and 0.0 are one setting and must hash alike


def _text_or_map(value: Any) -> str:
    return "<map>" if isinstance(value, dict | BaseModel) else "<text>"


def _text_or_number(value: Any) -> str:
    return "<number>" if isinstance(value, int | float) and not isinstance(value, bool) else "<text>"


#: Largest day, count and number of points; keeps them inside 32-bit whole numbers.
MOST: Final = 10**9

#: Chooses between a word and a map, so that only the one meant is reported on.
TEXT_OR_MAP: Final = Discriminator(_text_or_map)

Text = Annotated[str, AfterValidator(_not_blank)]
Words = tuple[str, ...]
FormatText = Annotated[str, AfterValidator(_date_format)]
Formats = Annotated[
    Annotated[FormatText, Tag("<text>")] | Annotated[dict[str, FormatText], Tag("<map>")],
    TEXT_OR_MAP,
]
Zone = Annotated[str, AfterValidator(_zone)]
IsoDate = Annotated[str, AfterValidator(_iso_date)]
Count = Annotated[int, Field(ge=0, le=MOST)]
Positive = Annotated[int, Field(ge=1, le=MOST)]
Limit = Annotated[int, Field(ge=1, le=10**15)]
Days = Annotated[int, Field(ge=1, le=36500)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False), AfterValidator(_no_minus_zero)]
#: Beyond 10**9 the parts of a score could no longer be added up exactly to six decimals.
Weight = Annotated[float, Field(ge=-MOST, le=MOST, allow_inf_nan=False), AfterValidator(_no_minus_zero)]
Parts = Annotated[int, Field(ge=2, le=1000)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), AfterValidator(_no_minus_zero)]
OffenceColumns = Annotated[dict[str, Text], Keys(OFFENCE_COLUMNS)]
SubjectColumns = Annotated[dict[str, Text], Keys(SUBJECT_COLUMNS)]
CustodyColumns = Annotated[dict[str, Text], Keys(CUSTODY_COLUMNS)]
ReferralColumns = Annotated[dict[str, Text], Keys(REFERRAL_COLUMNS)]
LinkColumns = Annotated[dict[str, Text], Keys(LINK_COLUMNS)]
OrderColumns = Annotated[dict[str, Text], Keys(ORDER_COLUMNS)]
DecisionColumns = Annotated[dict[str, Text], Keys(DECISION_COLUMNS)]
RemovalColumns = Annotated[dict[str, Text], Keys(REMOVAL_COLUMNS)]
ComponentWeights = Annotated[dict[str, Weight], Keys(COMPONENTS)]
Encoding = Annotated[Literal["utf-8", "cp1252"], BeforeValidator(_encoding)]
Unmapped = Annotated[
    Annotated[Literal["set_aside", "stop"], Tag("<text>")] | Annotated[Amount, Tag("<number>")],
    Discriminator(_text_or_number),
]
