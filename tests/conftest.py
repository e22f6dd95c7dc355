"""What all tests share: data that may be absent, and the rule that CI skips nothing."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import rfgscore as rfg

HERE = Path(__file__).parent


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Under RFG_REQUIRE_ALL a skipped test is a failed one."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("RFG_REQUIRE_ALL") == "1" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under RFG_REQUIRE_ALL=1: {report.longrepr}"


@pytest.fixture(scope="session")
def nyc() -> Path:
    """Folder of the New York admissions, beside the checkout or where RFG_NYC_DATA says."""
    folder = Path(os.environ.get("RFG_NYC_DATA", HERE.parent.parent / "shared" / "data" / "nyc_custody"))
    if not (folder / "admissions.parquet").is_file():
        pytest.skip("the New York admissions are not here; set RFG_NYC_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def worked() -> Path:
    """Folder of the case worked by hand."""
    return HERE / "worked"


class Desk:
    """Writes small tables to files, and reads them under a small configuration."""

    as_of = "2025-06-30"
    #: Every row starts from this one; a test names what differs.
    row = {"perpetrator_id": "P1", "event_date": "2025-03-01", "offence_code": "8/6"}  # noqa: RUF012

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory

    def config(
        self,
        reading: Mapping[str, Any] | None = None,
        gravity: Mapping[str, Any] | None = None,
        **sections: Any,
    ) -> rfg.Config:
        """Return a small configuration; `reading` is its ``input``."""
        score = {"components": {"frequency": {"bands": [{"from": 1, "points": 5}]}}}
        return rfg.load_config(
            {
                "schema": "rfgscore/1",
                "input": dict(reading or {}),
                "gravity": {"table": "cchi-da-2020-10", **(gravity or {})},
                "score": score,
                **sections,
            }
        )

    def file(self, content: str | bytes | Sequence[Mapping[str, Any]], name: str = "offences.csv") -> Path:
        """Write text, bytes, or rows whose columns are all those that occur."""
        path = self._factory.mktemp("desk") / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_bytes(content.encode())
        else:
            header = list(dict.fromkeys(column for row in content for column in row))
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, header, restval="")
                writer.writeheader()
                writer.writerows(content)
        return path

    def rows(self, *changes: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return rows that differ from the plain one; None leaves a column out."""
        merged = [{**self.row, **change} for change in changes]
        return [{name: cell for name, cell in row.items() if cell is not None} for row in merged]

    def history(
        self,
        *changes: Mapping[str, Any],
        config: rfg.Config | None = None,
        as_of: str | None = None,
        extract_date: str | None = None,
        allow_empty: bool = False,
        **tables: Sequence[Mapping[str, Any]],
    ) -> rfg.History:
        """Read one offence file of such rows, and the side tables given as rows."""
        sides = {name: self.file(rows, f"{name}.csv") for name, rows in tables.items()}
        return rfg.read_offences(
            self.file(self.rows(*changes)),
            config=config or self.config(),
            as_of=as_of or self.as_of,
            extract_date=extract_date,
            allow_empty=allow_empty,
            **sides,
        )


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Small files and a small configuration."""
    return Desk(tmp_path_factory)
