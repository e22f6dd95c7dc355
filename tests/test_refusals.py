"""Every refusal of the command line: how it ends, what it says, and that it leaves everything alone."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rfgscore.cli.main import invoke
from rfgscore.errors import page_of

CANARY = "ZQ-CANARY"
HEAD = "perpetrator_id,event_date,offence_code,victim_id"


def line(number: int = 1, day: str = "2025-03-01", code: str = "8/6", more: str = "") -> str:
    """One record whose ids must never be seen again."""
    return f"{CANARY}-{number},{day},{code},{CANARY}-V{number}{more}\n"


PLAIN = HEAD + "\n" + "".join(line(number) for number in range(1, 31))


def settings(**sections: Any) -> str:
    """Return small settings; JSON is YAML."""
    parts = {
        "schema": "rfgscore/1",
        "gravity": {"table": "cchi-da-2020-10"},
        "score": {"components": {"frequency": {"bands": [{"from": 1, "points": 5}]}}},
    }
    return json.dumps({**parts, **sections})


def packed(text: str = PLAIN) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


def parquet(**columns: Any) -> bytes:
    held = {"perpetrator_id": [f"{CANARY}-1"], "event_date": ["2025-03-01"], "offence_code": ["8/6"]}
    buffer = io.BytesIO()
    pq.write_table(pa.table({**held, **columns}), buffer)
    return buffer.getvalue()


def workbook() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


def weights(*lines: str, header: str = "offence_code,weight") -> dict[str, str]:
    """Return settings with a gravity table of their own."""
    table = "\n".join([header, *lines]) + "\n"
    return {"c.yaml": settings(gravity={"table": "w.csv"}), "w.csv": table}


class Case(NamedTuple):
    """What is laid down, what is asked, and how it must end.

    `files` come on top of plain settings and a plain extract; None takes one away, `...` makes a folder.
    `asked` changes options of a plain run, or is a whole command.
    """

    name: str
    files: Mapping[str, Any]
    asked: Mapping[str, str | None] | list[str]
    exit_code: int
    code: str
    words: tuple[str, ...]


def offences(name: str, content: Any, code: str, *words: str, file: str = "o.csv", **inputs: Any) -> Case:
    """A case of one offence file, perhaps under settings of its `input`."""
    files = {"o.csv": None, file: content}
    if inputs:
        files["c.yaml"] = settings(input=inputs)
    return Case(name, files, {"--offences": file}, 1, code, words)


def side(name: str, table: str, content: Any, code: str, *words: str, **more: Any) -> Case:
    """A case of a table beside the offences."""
    files = {f"{table}.csv": content, **more.pop("files", {})}
    return Case(name, files, {f"--{table}": f"{table}.csv", **more}, 1, code, words)


def config(name: str, text: Any, *words: str, **files: Any) -> Case:
    """A case of settings."""
    return Case(name, {"c.yaml": text, **files}, {}, 2, "RFG-C01", words)


def gravity(name: str, *words: str, **table: Any) -> Case:
    """A case of a gravity table."""
    return Case(name, weights(*table.pop("lines", ()), **table), {}, 2, "RFG-C01", ("w.csv", *words))


def option(name: str, asked: Any, code: str, *words: str, files: Mapping[str, Any] | None = None) -> Case:
    """A case of a command line."""
    return Case(name, files or {}, asked, 2, code, words)


def decided(name: str, cells: str, *words: str) -> Case:
    """A case of a row of the decisions table after a good one."""
    rows = f"{CANARY}-1,2025-06-02,removed,,,\n{CANARY}-2,{cells}\n"
    told = (
        "1 of 2 decisions cannot be read (decisions.csv row 2 (line 3); first ",
        "mend these rows",
        *words,
    )
    return side(name, "decisions", MET + rows, "RFG-D01", *told)


BAD_DAY = line(90, day="31/02/2025")
FAULTS = {"max_set_aside": {"share": 0.0, "floor_rows": 2}}
LINKS = "nominal_id,master_id\n"
CUSTODY = "perpetrator_id,start,end\n"
MET = "perpetrator_id,meeting_date,decision,pathway,decided_by,reason\n"
HELD = {"c.yaml": settings(cohort={"custody": {"exclude_if_held_days": 30}})}
AT_LIBERTY = {"recency": {"clock": "at_liberty", "bands": [{"up_to": 90, "points": 5}]}}

FILES = [
    offences("a missing file", None, "RFG-D02", "o.csv: there is no such file", "check the path"),
    offences("a folder as a file", ..., "RFG-D02", "o.csv", "Is a directory"),
    offences("another ending", PLAIN, "RFG-D03", "must end in .csv", file="o.txt"),
    offences("no ending", PLAIN, "RFG-D03", "must end in .csv", file="o"),
    offences("a workbook by name", workbook(), "RFG-D03", "workbook or an archive", file="o.xlsx"),
    offences(
        "a workbook called CSV", workbook(), "RFG-D03", "workbook or an archive", "save it as UTF-8 CSV"
    ),
    offences("a zip called Parquet", workbook(), "RFG-D03", "workbook or an archive", file="o.parquet"),
    offences("a gzip called CSV", packed(), "RFG-D03", "the name says csv", "csv.gz"),
    offences("a CSV called gzip", PLAIN, "RFG-D03", "the name says csv.gz", file="o.csv.gz"),
    offences("a CSV called Parquet", PLAIN, "RFG-D03", "the name says parquet", file="o.parquet"),
    offences("a Parquet called CSV", parquet(), "RFG-D03", "the name says csv", "parquet"),
    offences("zero bytes", b"", "RFG-D03", "empty (0 bytes)", "extract it again"),
    offences("a header alone", HEAD + "\n", "RFG-D01", "no rows below the header", "allow"),
    offences("a blank first line", "\n" + PLAIN, "RFG-D03", "o.csv:1", "must be the header"),
    offences("UTF-16 with a mark", PLAIN.encode("utf-16"), "RFG-D03", "UTF-16", "save it as UTF-8"),
    offences("UTF-16 of the other order", ("\ufeff" + PLAIN).encode("utf-16-be"), "RFG-D03", "UTF-16"),
    offences("UTF-16 without a mark", PLAIN.encode("utf-16-le"), "RFG-D03", "o.csv", "NUL"),
    offences("a NUL", PLAIN + line(40, more="\x00"), "RFG-D03", "o.csv:32", "NUL byte"),
    offences(
        "bytes that are no UTF-8",
        (PLAIN + line(40, more="\xeb")).encode("cp1252"),
        "RFG-D03",
        "o.csv:32",
        "is no utf-8",
        "input.encoding",
    ),
    offences(
        "bytes that are no cp1252",
        PLAIN.encode() + b"\x81",
        "RFG-D03",
        "o.csv:32",
        "is no cp1252",
        encoding="cp1252",
    ),
    offences("half a gzip", packed()[:60], "RFG-D03", "damaged or cut short", "transfer", file="o.csv.gz"),
    offences("a gzip without its end", packed()[:-8], "RFG-D03", "damaged or cut short", file="o.csv.gz"),
    offences(
        "a spoilt gzip", packed()[:-6] + b"\x00\x00" + packed()[-4:], "RFG-D03", "damaged", file="o.csv.gz"
    ),
    offences(
        "a gzip that swells",
        packed(PLAIN + line() * 4000),
        "RFG-D03",
        "more than 5 times its size",
        "input.limits.decompression_ratio",
        file="o.csv.gz",
        limits={"decompression_ratio": 5},
    ),
    offences("a gzip of nothing", packed(""), "RFG-D03", "o.csv.gz", file="o.csv.gz"),
    offences("a gzip in a gzip", gzip.compress(packed()), "RFG-D03", "o.csv.gz", file="o.csv.gz"),
    offences("lines of the old Macintosh", PLAIN.replace("\n", "\r"), "RFG-D03", "o.csv:1"),
    offences("half a Parquet", parquet()[:200], "RFG-D03", "damaged or cut short", file="o.parquet"),
    offences(
        "a spoilt Parquet", parquet()[:-9] + b"\xff" * 5 + b"PAR1", "RFG-D03", "damaged", file="o.parquet"
    ),
    offences(
        "a nested column",
        parquet(event_date=[["2025-03-01"]]),
        "RFG-D03",
        "'event_date'",
        "nested",
        file="o.parquet",
    ),
    offences(
        "a column of bytes",
        parquet(perpetrator_id=[b"ZQ-CANARY-1"]),
        "RFG-D03",
        "'perpetrator_id'",
        "BLOB",
        file="o.parquet",
    ),
    offences(
        "moments of no zone",
        parquet(event_date=pa.array([0], pa.timestamp("us", "UTC"))),
        "RFG-D03",
        "'event_date'",
        file="o.parquet",
    ),
    offences("too many rows", PLAIN, "RFG-D03", "input.limits.file_rows (29)", limits={"file_rows": 29}),
    offences(
        "a mapped column that a Parquet file lacks",
        parquet(),
        "RFG-D04",
        "o.parquet",
        "victim_id",
        file="o.parquet",
        columns={"perpetrator_id": "perpetrator_id", "event_date": "event_date", "is_crime": "victim_id"},
    ),
    offences(
        "a header that stands twice",
        PLAIN.replace("victim_id", "event_date", 1),
        "RFG-D03",
        "o.csv:1",
        "'event_date' stands in the header 2 times",
    ),
    offences("a missing column", PLAIN.replace("event_date", "day", 1), "RFG-D04", "'event_date'", "map"),
    offences("no offence code", PLAIN.replace("offence_code", "code", 1), "RFG-D04", "'offence_code'", "map"),
    offences(
        "a mapped column that is missing",
        PLAIN,
        "RFG-D04",
        "missing 'nominal'",
        columns={"perpetrator_id": "nominal", "event_date": "event_date", "offence_code": "offence_code"},
    ),
    offences("no header at all", line() * 3, "RFG-D04", "o.csv", "first line must be the header"),
    offences("a title above the header", "Report of June\n" + PLAIN, "RFG-D04", "must be the header"),
    offences("another delimiter", PLAIN.replace(",", ";"), "RFG-D04", "among its 1 columns"),
    offences(
        "a quote that is never closed", PLAIN + '"' + line(40) + line(41), "RFG-D03", "o.csv:32", "quote"
    ),
    offences(
        "a quote that swallows records",
        PLAIN + '"' + line(40) + line(41) + line(42).replace(",", '",', 1),
        "RFG-D03",
        "o.csv:32",
        "holds whole records",
    ),
    offences("a quote in the header", '"' + PLAIN, "RFG-D03", "o.csv:1"),
    Case("no such second file", {}, {"--offences": "p.csv"}, 1, "RFG-D02", ("p.csv",)),
]

ROWS = [
    offences(
        "one fault too many",
        PLAIN + BAD_DAY * 3,
        "RFG-D05",
        "3 of 33 rows",
        "input.max_set_aside",
        "o.csv rows 31, 32, 33",
        **FAULTS,
    ),
    offences(
        "more than a share",
        PLAIN + BAD_DAY,
        "RFG-D05",
        "1 of 31 rows",
        "3.22%",
        max_set_aside={"share": 0.0322, "floor_rows": 0},
    ),
    offences("twenty-one faults", PLAIN + BAD_DAY * 21, "RFG-D05", "BAD_DATE: 21", "and others"),
    offences(
        "days after the extract",
        PLAIN + line(9, day="2025-07-01") * 21,
        "RFG-D05",
        "FUTURE_DATE",
        "extract_date",
    ),
    offences("ids in scientific notation", HEAD + "\n1.2E+10,2025-01-01,8/6,v\n" * 30, "RFG-D05", "BAD_ID"),
    Case(
        "a code without a weight under stop",
        {
            "c.yaml": settings(gravity={"table": "cchi-da-2020-10", "unmapped": "stop"}),
            "o.csv": PLAIN + line(40, code="999/99"),
        },
        {},
        1,
        "RFG-D01",
        ("999/99 (1 rows)", "gravity.unmapped"),
    ),
    Case(
        "names in place of codes under stop",
        {
            "c.yaml": settings(gravity={"table": "cchi-da-2020-10", "unmapped": "stop"}),
            "o.csv": PLAIN + line(40, code="ZQ-CANARY-9"),
        },
        {},
        1,
        "RFG-D01",
        ("a text that is no code (1 rows)",),
    ),
    Case(
        "weights too large to add up",
        {
            **weights("8/6,1.7e308"),
            "c.yaml": settings(
                gravity={"table": "w.csv"},
                score={"components": {"gravity": {"aggregate": "sum", "bands": [{"from": 1, "points": 5}]}}},
            ),
            "o.csv": HEAD + "\n" + line() + line(day="2025-03-02"),
        },
        {},
        1,
        "RFG-D01",
        ("too large to add up", "smaller weights"),
    ),
    Case(
        "nobody in the window",
        {},
        {"--as-of": "2035-01-01"},
        1,
        "RFG-D09",
        ("nobody can be ranked", "--allow-empty"),
    ),
    Case(
        "nobody with incidents enough",
        {"o.csv": PLAIN, "c.yaml": settings(cohort={"min_incidents": 5})},
        {},
        1,
        "RFG-D09",
        ("nobody can be ranked",),
    ),
    offences(
        "one id of two forces with two birth dates",
        HEAD
        + ",force,dob\n"
        + line(1, more="").replace("\n", ",North,1980-01-01\n")
        + line(1, day="2025-03-02").replace("\n", ",South,1990-01-01\n"),
        "RFG-D07",
        "o.csv row 1",
        "o.csv row 2",
        "links table",
    ),
    offences(
        "an outcome on an earlier day",
        HEAD + ",outcome\n" + line(1).replace("\n", ",charged\n"),
        "RFG-D08",
        "outcome",
        "accept_extract_state",
    )._replace(asked={"--extract-date": "2025-07-31"}),
    side(
        "links on an earlier day",
        "links",
        LINKS + "a,b\n",
        "RFG-D08",
        "links",
        **{"--extract-date": "2025-07-31"},
    ),
    side(
        "a circle of links",
        "links",
        LINKS + f"{CANARY}-1,{CANARY}-2\n{CANARY}-2,{CANARY}-1\n",
        "RFG-D06",
        "rows 1, 2",
        "remove one",
    ),
    side(
        "a record of two masters",
        "links",
        LINKS + f"{CANARY}-1,{CANARY}-2\n{CANARY}-1,{CANARY}-3\n",
        "RFG-D01",
        "rows 1 and 2",
    ),
    side("links without a master", "links", f"nominal_id\n{CANARY}-1\n", "RFG-D04", "links.csv", "master_id"),
    side("no such links", "links", None, "RFG-D02", "links.csv"),
    side("empty links", "links", b"", "RFG-D03", "links.csv", "0 bytes"),
    side(
        "custody without days",
        "custody",
        f"perpetrator_id\n{CANARY}-1\n",
        "RFG-D04",
        "custody.csv",
        "'start'",
    ),
    side(
        "custody of no use",
        "custody",
        CUSTODY + f"{CANARY}-1,x,y\n",
        "RFG-D01",
        "none of its 1 rows",
        "BAD_DATE",
    ),
    side("no such custody", "custody", None, "RFG-D02", "custody.csv"),
    side("a folder as custody", "custody", ..., "RFG-D02", "custody.csv"),
    side("subjects without a person", "subjects", "dob\n1980-01-01\n", "RFG-D04", "subjects.csv"),
    side("subjects of no use", "subjects", f"perpetrator_id,dob\n{CANARY}-1,x\n", "RFG-D01", "BAD_DOB"),
    side("subjects in UTF-16", "subjects", "perpetrator_id\n".encode("utf-16"), "RFG-D03", "subjects.csv"),
    side(
        "referrals without a day",
        "referrals",
        f"perpetrator_id\n{CANARY}-1\n",
        "RFG-D04",
        "referrals.csv",
        "'referred_date'",
    ),
    side(
        "referrals of no use",
        "referrals",
        f"perpetrator_id,referred_date,agency\n{CANARY}-1,soon,{CANARY}\n",
        "RFG-D01",
        "none of its 1 rows",
        "BAD_DATE",
    ),
    side("no such referrals", "referrals", None, "RFG-D02", "referrals.csv"),
    side("orders without a start", "orders", f"perpetrator_id,end\n{CANARY}-1,\n", "RFG-D04", "'start'"),
    side(
        "orders of no use",
        "orders",
        f"perpetrator_id,start,end,kind\n{CANARY}-1,2025-03-02,2025-03-01,{CANARY}\n",
        "RFG-D01",
        "none of its 1 rows",
        "BAD_INTERVAL",
    ),
    side("decisions without a word", "decisions", MET[:27] + "\n", "RFG-D04", "'decision'"),
    side("empty decisions", "decisions", b"", "RFG-D03", "decisions.csv", "0 bytes"),
    decided("a decision of another word", "2025-06-02,taken on,diversion,,", "column decision: not one of"),
    decided("a decision in half", "2025-06-02,,diversion,,", "column decision: blank, while another cell"),
    decided("a chair without a decision", f"2025-06-02,,,{CANARY},", "column decision: blank, while"),
    decided("a reason without a decision", f"2025-06-02,,,,{CANARY}", "column decision: blank, while"),
    decided("a decision of no day", ",managed,diversion,,", "column meeting_date: blank"),
    decided("a decision of a bad day", "02/06/2025,managed,diversion,,", "column meeting_date: not in"),
    decided("a decision of tomorrow", "2025-07-01,managed,diversion,,", "extract_date"),
    decided("no pathway", "2025-06-02,managed,,,", "column pathway: blank", "(diversion, disruption)"),
    decided("an unknown pathway", "2025-06-02,monitoring,prison,,", "column pathway: not one of cohort."),
    decided("a short decision", "2025-06-02,managed", "3 cells, not 6"),
    side(
        "two decisions of one meeting",
        "decisions",
        MET + f"{CANARY}-1,2025-06-02,removed,,,\n{CANARY}-1,2025-06-02,monitoring,,,\n",
        "RFG-D01",
        "decisions.csv row 1 (line 2), row 2 (line 3): one meeting decided two things on one person",
        "keep one",
        "recorded_date",
    ),
    Case("a custody rule without a table", HELD, {}, 1, "RFG-D01", ("exclude_if_held_days", "--custody")),
    Case(
        "days at liberty without a table",
        {"c.yaml": settings(score={"components": AT_LIBERTY})},
        {},
        1,
        "RFG-D01",
        ("at_liberty", "--custody"),
    ),
]

SETTINGS = [
    option("no such settings", {"--config": "no.yaml"}, "RFG-C01", "no.yaml"),
    option(
        "no such preset", {"--config": "illustrative-rgfv"}, "RFG-C01", "did you mean 'illustrative-rfgv'"
    ),
    option("a folder as settings", {"--config": "d.yaml"}, "RFG-C01", "d.yaml", files={"d.yaml": ...}),
    config("an empty file", "", "c.yaml:1", "empty"),
    config("no YAML", "schema: [rfgscore/1\n", "c.yaml:2"),
    config("no map", "- 1\n", "c.yaml:1", "must be a map"),
    config("no UTF-8", b"name: \xff\n", "c.yaml:1", "UTF-8"),
    config("a NUL in the settings", "name: a\x00\n", "c.yaml:1"),
    config("an alias", "name: &a x\nschema: *a\n", "c.yaml:2", "write the value out"),
    config("a key that stands twice", "schema: rfgscore/1\nschema: rfgscore/1\n", "c.yaml:2", "schema"),
    config("two documents", "schema: rfgscore/1\n---\na: 1\n", "c.yaml:2", "second document"),
    config("no schema", settings(schema=None), "schema", "is needed"),
    config("another schema", settings(schema="rfgscore/9"), "must be rfgscore/1"),
    config("an unknown key", settings(cohrt={}), "cohrt", "did you mean 'cohort'"),
    config(
        "a key that is not built",
        settings(output={"small_number": 5}),
        "output.small_number",
        "not built",
    ),
    config("a use of a model nobody knows", settings(escalation={"use": "rank"}), "escalation.use", "one of"),
    config("the same horizon twice", settings(escalation={"horizons": [90, 90]}), "repeated; keep one"),
    config("no horizon", settings(escalation={"horizons": []}), "escalation.horizons", "at least one"),
    config("an unknown value", settings(input={"duplicates": "drop"}), "input.duplicates", "must be one of"),
    config("a number in quotes", settings(cohort={"capacity": "12"}), "cohort.capacity", "whole number"),
    config("fewer kept than proposed", settings(cohort={"keep": 11}), "cohort.keep", "12 or more"),
    config("no pathways", settings(cohort={"pathways": []}), "cohort.pathways", "at least one"),
    config("a rule nobody knows", settings(cohort={"emerging": ["rising"]}), "did you mean 'rising-count'"),
    config("areas by another column", settings(cohort={"areas": "district"}), "one of area, force"),
    config("a negative number", settings(cohort={"capacity": -1}), "cohort.capacity", "1 or more"),
    config("an unknown component", settings(score={"components": {"fear": {}}}), "score.components.fear"),
    config(
        "bands that go down",
        settings(
            score={
                "components": {"frequency": {"bands": [{"from": 2, "points": 1}, {"from": 1, "points": 2}]}}
            }
        ),
        "must be above 2",
    ),
    config("a date format of two digits", settings(input={"date_format": "%d/%m/%y"}), "%Y"),
    config("an encoding that is not read", settings(input={"encoding": "utf-16"}), "input.encoding"),
    config("a column of no table", settings(input={"columns": {"nominal": "x"}}), "input.columns"),
    config(
        "a needed column that is not mapped",
        settings(input={"columns": {"event_date": "d"}}),
        "perpetrator_id",
    ),
    config("a word on both sides", settings(input={"flags": {"true": ["y"], "false": ["y"]}}), "keep one"),
    config("everything at once", settings(a={}, b={}, cohort={"capacity": 0}), "3 problems"),
    config(
        "extends in a circle", settings(extends="d.yaml"), "circle", **{"d.yaml": settings(extends="c.yaml")}
    ),
    config("extends nothing", settings(extends="e.yaml"), "e.yaml"),
    config("extends an unknown preset", settings(extends="illustrative-rfg"), "did you mean"),
    config("extends a broken file", settings(extends="d.yaml"), "d.yaml:1", **{"d.yaml": "["}),
    config("a tie-break the score lacks", settings(rank={"tie_break": ["victims"]}), "rank.tie_break"),
    config(
        "the victims component without victims",
        settings(
            input={"columns": {"perpetrator_id": "p", "event_date": "d", "offence_code": "o"}},
            score={"components": {"victims": {"bands": [{"from": 1, "points": 1}]}}},
        ),
        "victim_id",
    ),
    config("an unknown time zone", settings(input={"timezone": "Europe/Lodnon"}), "input.timezone"),
    config(
        "quantiles of no number",
        settings(score={"method": "quantile", "components": {"frequency": {}}}),
        "score.q",
    ),
    config(
        "weights that are missing",
        settings(score={"method": "continuous", "components": {"frequency": {}}}),
        "score.weights",
        "frequency",
    ),
    config(
        "a weight that rewards doing more",
        settings(
            score={"method": "continuous", "components": {"frequency": {}}, "weights": {"frequency": -1.0}}
        ),
        "score.weights.frequency",
        "0 or more",
    ),
    config("points without bands", settings(score={"components": {"frequency": {}}}), "bands", "is needed"),
    config(
        "an uplift without a reason",
        settings(gravity={"table": "cchi-da-2020-10", "uplift": {"8/6": {"weight": 1, "reason": " "}}}),
        "gravity.uplift",
        "reason",
    ),
    config(
        "an uplift below 0",
        settings(gravity={"table": "cchi-da-2020-10", "uplift": {"8/6": {"weight": -1, "reason": "r"}}}),
        "gravity.uplift",
    ),
    gravity("a gravity table without a column", header="code,weight"),
    gravity("an empty gravity table", header=""),
    gravity("a weight below 0", "w.csv:2", "8/6", "at or above 0", lines=("8/6,-1",)),
    gravity("a weight that is no number", "w.csv:2", lines=("8/6,many",)),
    gravity("a weight that is not finite", "w.csv:2", lines=("8/6,nan",)),
    gravity("a blank weight", "w.csv:2", lines=("8/6,",)),
    gravity("a blank code", "w.csv:2", "blank", lines=(",3",)),
    gravity("a code that stands twice", "w.csv:3", "twice", lines=("8/6,1", "008/06,2")),
    gravity("a row too short", "w.csv:2", "1 cells, not 2", lines=("8/6",)),
    gravity("the code of other incidents", "w.csv:2", "NON_CRIME", lines=("NON_CRIME,1",)),
    gravity("an open quote in a gravity table", lines=('"8/6,1',)),
    Case("no such gravity table", {**weights(), "w.csv": None}, {}, 2, "RFG-C01", ("w.csv", "No such file")),
    Case("a folder as gravity table", {**weights(), "w.csv": ...}, {}, 2, "RFG-C01", ("w.csv",)),
    Case(
        "a gravity table in cp1252",
        {**weights(), "w.csv": "offence_code,weight\né,1\n".encode("cp1252")},
        {},
        2,
        "RFG-C01",
        ("w.csv", "UTF-8"),
    ),
    config("no such shipped table", settings(gravity={"table": "cchi"}), "cchi-da-2020-10"),
    config(
        "an uplift in two spellings",
        settings(
            gravity={
                "table": "cchi-da-2020-10",
                "uplift": {"8/6": {"weight": 1, "reason": "r"}, "008/06": {"weight": 2, "reason": "r"}},
            }
        ),
        "keep one",
    ),
]


def sealed() -> str:
    """Return the manifest of an earlier run that names its files, whatever stands in them."""
    named = ("cohort.csv", "monitoring.csv", "excluded.csv", "explanations.csv", "scores.parquet")
    return json.dumps({"schema": "run/1", "outputs": dict.fromkeys(named, "")})


EXPLAIN = ["explain", "older", f"{CANARY}-1"]
OPTIONS = [
    option("a day in another order", {"--as-of": "30/06/2025"}, "RFG-C01", "as_of", "YYYY-MM-DD"),
    option("a day that is none", {"--as-of": "2025-02-29"}, "RFG-C01", "as_of"),
    option("an extract that is no day", {"--extract-date": "soon"}, "RFG-C01", "extract_date"),
    option(
        "an extract before its day", {"--extract-date": "2025-06-29"}, "RFG-C01", "2025-06-29", "take a later"
    ),
    option("an unknown option", {"--modle": "m.json"}, "RFG-U01", "No such option: --modle"),
    option("a missing option", {"--as-of": None}, "RFG-U01", "Missing option '--as-of'"),
    option("no file after its flag", ["run", "--offences"], "RFG-U01", "requires an argument"),
    option("no threads", {"--threads": "0"}, "RFG-U01", "greater than or equal to 1"),
    option("threads that are no number", {"--threads": "two"}, "RFG-U01", "--threads"),
    option("a word too many", [*EXPLAIN, f"{CANARY}-2"], "RFG-U01", "more words than"),
    option("an id in place of a command", [f"{CANARY}-2"], "RFG-U01", "no such command", "rfgscore --help"),
    option("an id left out", EXPLAIN[:2], "RFG-U01", "PERPETRATOR_ID"),
    option("a file as output", {"--out": "c.yaml"}, "RFG-C02", "c.yaml is not a folder"),
    option(
        "an output folder in use",
        {"--out": "full"},
        "RFG-C02",
        "not empty",
        "--replace",
        files={"full/notes.txt": "mine"},
    ),
    option(
        "an output folder of something else",
        {"--out": "full", "--replace": None},
        "RFG-C02",
        "holds something else",
        files={"full/notes.txt": "mine"},
    ),
    Case(
        "output below a file",
        {},
        {"--out": "c.yaml/out"},
        3,
        "RFG-W01",
        ("out cannot be written", "untouched"),
    ),
    Case("output of a name too long", {}, {"--out": "x" * 300}, 3, "RFG-W02", ("File name too long",)),
    Case(
        "explain without a run",
        {},
        ["explain", "nowhere", f"{CANARY}-1"],
        1,
        "RFG-D02",
        ("no output set here",),
    ),
    Case("explain a file", {}, ["explain", "c.yaml", f"{CANARY}-1"], 1, "RFG-D02", ("no output set here",)),
    Case("explain a damaged run", {"older/manifest.json": "{"}, EXPLAIN, 1, "RFG-D03", ("damaged",)),
    Case(
        "explain a run of another kind",
        {"older/manifest.json": '{"schema": "run/9"}'},
        EXPLAIN,
        1,
        "RFG-D03",
        ("not run/1", "use the version"),
    ),
    Case(
        "explain a run that lacks a file",
        {"older/manifest.json": sealed()},
        EXPLAIN,
        1,
        "RFG-D03",
        ("cohort.csv is missing",),
    ),
    Case(
        "explain a run that was changed",
        {"older/manifest.json": sealed(), "older/cohort.csv": "P1"},
        EXPLAIN,
        1,
        "RFG-D03",
        ("cohort.csv", "changed after the run"),
    ),
    Case(
        "check settings that are wrong",
        {"c.yaml": "[]"},
        ["config", "check", "c.yaml"],
        2,
        "RFG-C01",
        ("c.yaml:1",),
    ),
    Case("show settings that are not there", {}, ["config", "show", "no.yaml"], 2, "RFG-C01", ("no.yaml",)),
    Case(
        "a demo over other files",
        {"full/notes.txt": "mine"},
        ["demo", "--out", "full"],
        2,
        "RFG-C02",
        ("not empty",),
    ),
    Case(
        "validate what is missing",
        {},
        ["validate", "--config", "c.yaml", "--offences", "no.csv", "--as-of", "2025-06-30"],
        1,
        "RFG-D02",
        ("no.csv",),
    ),
]

CASES = [*FILES, *ROWS, *SETTINGS, *OPTIONS]


def command(asked: Mapping[str, str | None] | list[str]) -> list[str]:
    """Return the words of a case."""
    if isinstance(asked, list):
        return asked
    options: dict[str, str | None] = {
        "--config": "c.yaml", "--offences": "o.csv", "--as-of": "2025-06-30", "--out": "out",
    }  # fmt: skip
    for flag, value in asked.items():
        if flag in options and value is None:
            del options[flag]
        else:
            options[flag] = value
    return ["run", *(word for pair in options.items() for word in pair if word is not None)]


def lay_down(files: Mapping[str, Any]) -> None:
    for name, content in {"c.yaml": settings(), "o.csv": PLAIN, **files}.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is ...:
            path.mkdir()
        elif content is not None:
            path.write_bytes(content.encode() if isinstance(content, str) else content)


def everything(folder: Path) -> dict[str, bytes | None]:
    """Return every file and folder below, hidden ones included."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def refused(case: Case, words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Run a case and look at everything that must hold of any refusal."""
    before = everything(folder)
    exit_code = invoke(words)
    said = capsys.readouterr()
    assert (exit_code, said.out) == (case.exit_code, "")
    assert everything(folder) == before  # no folder, no temporary folder, no file touched
    assert said.err.startswith(f"rfgscore: {case.code}: ")
    assert said.err.endswith(f"rfgscore: for more see {page_of(case.code)}\n")
    assert [word for word in case.words if word not in said.err] == [], said.err
    assert "Traceback" not in said.err and CANARY not in said.err and str(folder) not in said.err


def test_the_plain_run_that_every_case_spoils_is_in_order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lay_down({})
    assert invoke(command({})) == 0
    said = capsys.readouterr()
    assert said.err == "" and CANARY not in said.out


def test_there_are_many_cases_of_different_names():
    assert len({case.name for case in CASES}) == len(CASES) >= 120


@pytest.mark.filterwarnings("ignore:overflow encountered")  # plain kernels say so besides
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_refusal_says_why_and_leaves_everything_alone(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lay_down(case.files)
    refused(case, command(case.asked), tmp_path, capsys)


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("case", FILES + ROWS, ids=lambda case: case.name)
def test_a_refusal_leaves_an_older_output_set_as_it_was(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    older = {
        "out/manifest.json": '{"schema": "run/1", "outputs": {"cohort.csv": ""}}',
        "out/cohort.csv": "old",
    }
    lay_down({**case.files, **older})
    refused(case, [*command(case.asked), "--replace"], tmp_path, capsys)


@pytest.mark.parametrize(
    ("inputs", "rows"),
    [
        ({"max_set_aside": {"share": 0.0, "floor_rows": 2}}, PLAIN + BAD_DAY * 2),
        ({"max_set_aside": {"share": 1 / 31, "floor_rows": 0}}, PLAIN + BAD_DAY),
        ({}, PLAIN + BAD_DAY * 20),
        ({"limits": {"file_rows": 30}}, PLAIN),
    ],
)
def test_a_limit_that_is_just_met_stops_nothing(inputs, rows, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lay_down({"o.csv": rows, "c.yaml": settings(input=inputs)})
    assert invoke(command({})) == 0
    assert CANARY not in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
@pytest.mark.parametrize("flag", ["--offences", "--links"])
def test_a_pipe_is_refused_before_anyone_waits_for_it(flag, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lay_down({})
    os.mkfifo("pipe.csv")
    case = Case("", {}, {}, 1, "RFG-D03", ("pipe.csv: this is no plain file",))
    release = threading.Timer(2, let_go)  # a reader that waits gets nothing, and the test fails
    release.start()
    try:
        refused(case, command({flag: "pipe.csv"}), tmp_path, capsys)
    finally:
        release.cancel()
        release.join()


def let_go() -> None:
    with contextlib.suppress(OSError):
        os.close(os.open("pipe.csv", os.O_WRONLY | os.O_NONBLOCK))


@pytest.mark.parametrize("stated", ["yesterday", "1.5", "9" * 30])
def test_a_build_time_that_is_none_is_refused(stated, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", stated)
    lay_down({})
    case = Case("", {}, {}, 2, "RFG-C01", ("SOURCE_DATE_EPOCH", "whole seconds since 1970-01-01"))
    refused(case, command({}), tmp_path, capsys)


def test_an_unknown_person_of_a_true_run_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lay_down({})
    assert invoke([*command({}), "--quiet"]) == 0
    case = Case("", {}, {}, 1, "RFG-P01", ("nobody was scored under this id in out", "check the id"))
    refused(case, ["explain", "out", f"{CANARY}-99"], tmp_path, capsys)
    for name in ("explanations.csv", "cohort.csv", "excluded.csv"):
        kept = Path("out", name).read_bytes()
        Path("out", name).unlink()
        gone = Case("", {}, {}, 1, "RFG-D03", (f"{name} is missing",))
        refused(gone, ["explain", "out", f"{CANARY}-1"], tmp_path, capsys)
        Path("out", name).write_bytes(kept)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (MemoryError(f"{CANARY}-1"), "RFG-W02", "memory"),
        (PermissionError(13, "Permission denied", f"{CANARY}-1"), "RFG-W02", "Permission denied"),
        (OSError(f"{CANARY}-1"), "RFG-W02", "OSError"),
        (KeyError(f"{CANARY}-1"), "RFG-I02", "KeyError at test_refusals.py:"),
    ],
)
def test_what_nobody_foresaw_names_no_value(error, code, words, tmp_path, monkeypatch, capsys):
    from rfgscore.cli import commands

    def broken(**_: Any) -> None:
        raise error

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "run_all", broken)
    lay_down({})
    refused(Case("", {}, {}, 3, code, (words,)), command({}), tmp_path, capsys)
