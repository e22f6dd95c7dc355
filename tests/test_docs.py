"""The pages say what is so: their examples, numbers, commands, keys and notebooks are run and compared."""

from __future__ import annotations

import doctest
import json
import re
import runpy
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import rfgscore
from rfgscore.cli.main import invoke
from rfgscore.config import config_schema
from rfgscore.config.keys import NOT_BUILT
from rfgscore.config.nodes import plain
from rfgscore.config.strict_yaml import read_yaml
from rfgscore.history.store import Store
from rfgscore.tables import Column, Table
from rfgscore.vocabulary import reasons, words
from rfgscore.windows.features import FURTHER, places, rfg

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
DEFINITIONS = (DOCS / "definitions.md").read_text(encoding="utf-8")
WINDOWS = (DOCS / "windows.md").read_text(encoding="utf-8")
#: Pages whose commands are run, and the commands each must show.
TUTORIALS = {
    "tutorial.md": {"demo", "init", "config", "validate", "run", "explain"},
    "tutorial-matac.md": {"demo", "run", "diff", "explain"},
    "tutorial-dappa.md": {"demo", "config", "run", "explain"},
    "escalation.md": {"fit", "run", "explain", "backtest"},
}
REFERENCE = runpy.run_path(str(ROOT / "tools" / "make_config_reference.py"))
ASIDE = doctest.ELLIPSIS

#: Every key of the contract that holds a value; maps with names of their own go no further.
CONTRACT = re.findall(
    r"\S+",
    """
schema name extends
input.columns input.date_format input.encoding input.delimiter input.timezone input.extract_date
input.point_in_time input.roles.count input.roles.set_aside input.outcomes.exclude input.outcomes.count
input.flags.true input.flags.false input.placeholders.person input.placeholders.victim input.sentinel_dates
input.duplicates input.max_set_aside.share input.max_set_aside.floor_rows input.warn_scope
input.limits.cell_chars input.limits.id_chars input.limits.file_rows input.limits.decompression_ratio
input.subjects.columns input.subjects.date_format input.custody.columns input.custody.date_format
input.custody.end_is input.referrals.columns input.links.columns input.orders.columns input.decisions
input.removals gravity.table gravity.level gravity.unmapped gravity.non_crime gravity.uplift
score.window_days score.method score.components.recency.clock score.components.recency.bands
score.components.frequency.bands score.components.gravity.aggregate
score.components.gravity.half_life_days score.components.gravity.bands score.components.victims.bands
rank.tie_break escalation.model escalation.use escalation.horizons
cohort.capacity cohort.reserve cohort.keep cohort.meetings cohort.min_incidents cohort.min_age_at_event
cohort.custody cohort.custody.exclude_if_held_days cohort.release_within_days cohort.emerging_days
cohort.emerging cohort.route_caps cohort.pathways cohort.areas
output.marking output.small_number output.victim_lists
""",
)
NUMBERS = {"three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}


@dataclass
class Block:
    """A fenced block of a page: its language, its text, and how many lines of the page stand before it.

    One with a caption is a file of that name, which the reader writes.
    """

    language: str
    text: str
    before: int
    file: str = ""


FENCED = re.compile(
    r"^```(?:(\w+)|\{code-block\} (\w+)\n:caption: (\S+)\n)\n(.*?)^```$", re.DOTALL | re.MULTILINE
)


def blocks(page: str) -> Iterator[Block]:
    for found in FENCED.finditer(page):
        before = page.count("\n", 0, found.start(4))
        yield Block(found[1] or found[2], found[4], before, found[3] or "")


def run_examples(block: Block, names: dict[str, object], page: str) -> None:
    """Run the examples of a block; a failure names the line of the page."""
    name = f"{page} from line {block.before}"
    examples = doctest.DocTestParser().get_doctest(block.text, names, name, page, block.before)
    examples.globs = names  # shared by all blocks of the page
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=ASIDE, verbose=False)
    runner.run(examples, out=told.append, clear_globs=False)
    assert not runner.summarize(verbose=False).failed, "".join(told)


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("page", "least"), [("docs/definitions.md", 60), ("docs/windows.md", 30), ("README.md", 5)]
)
def test_the_examples_of_a_page_hold(page, least, tmp_path, monkeypatch):
    text = (ROOT / page).read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)  # runs are written here, to be previous ones, and stores
    names: dict[str, object] = {}
    for block in blocks(text):
        run_examples(block, names, page)
    assert len(names) > least


def numbers(text: str) -> set[float]:
    """Return the numbers of a text, from three on also those written as words."""
    found = {float(number) for number in re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?", text)}
    return found | {
        float(NUMBERS[word]) for word in re.findall(r"[a-z]+", text.casefold()) if word in NUMBERS
    }


def unproved(page: str) -> list[tuple[str, float]]:
    """Return the numbers of each section's prose that no example of that section has."""
    lost = []
    for section in re.findall(r"^##? .*?(?=^## |\Z)", page, re.DOTALL | re.MULTILINE):
        title, examples = section.splitlines()[0], "".join(block.text for block in blocks(section))
        prose = re.sub(r"```.*?^```$", "", section, flags=re.DOTALL | re.MULTILINE)
        prose = re.sub(r"^\|.*\|$|`[^`]*`", "", prose, flags=re.MULTILINE)  # tables are the vocabulary's
        lost += [(title, number) for number in sorted(numbers(prose) - numbers(examples))]
    return lost


@pytest.mark.parametrize("page", [DEFINITIONS, WINDOWS], ids=["definitions", "windows"])
def test_every_number_of_a_page_comes_from_an_example_of_its_section(page):
    assert unproved(page) == []


@pytest.mark.parametrize(
    "page",
    [
        "## A\n\nIn 30 days.\n\n```pycon\n>>> 31\n31\n```\n",
        "## A\n\nThere are seven.\n",
        "## A\n\n```pycon\n>>> 3\n3\n```\n\n## B\n\nIn 3 days.\n",
    ],
)
def test_a_number_out_of_the_air_is_found(page):
    assert len(unproved(page)) == 1


def test_the_definitions_tell_every_reason_in_order_and_every_flag_of_the_readme():
    rows = [f"| `{word.word}` | {word.family} | {word.meaning} |" for word in reasons().values()]
    assert "\n".join(rows) in DEFINITIONS
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    flags = {f"| `{word.word}` | {word.meaning} |" for word in words() if word.kind == "flag"}
    told = [line for line in readme.splitlines() if line in flags]
    assert len(told) > 10 and "\n".join(told) in DEFINITIONS


def test_the_definitions_tell_every_route_status_and_cause():
    told = {
        kind: [f"| `{word.word}` | {word.meaning} |" for word in words() if word.kind == kind]
        for kind in ("route", "status")
    }
    assert all(rows and "\n".join(rows) in DEFINITIONS for rows in told.values())
    causes = re.findall(r"`(\w+)`", DEFINITIONS.split("| cause |")[1].split("\n\n")[0])
    assert [word for word in causes if word != "since"] == [w.word for w in words() if w.kind == "cause"]


def test_the_definitions_tell_every_column_of_the_windows_in_order():
    asked = rfg(1, 2, further=FURTHER)
    columns = [place.name for place in places(asked, "days_since_last")][1:]
    told = re.findall(r"^\| `(\w+)` \|", DEFINITIONS.split("## Features of a window")[1], re.MULTILINE)
    assert told == [name.replace("_1d", "_Wd").replace("_2d", "_Hd") for name in columns]


def test_the_page_of_the_windows_tells_every_further_feature():
    assert "\n".join(f"{name}: {meaning}" for name, meaning in FURTHER.items()) in WINDOWS


def commands(block: Block) -> Iterator[tuple[list[str], str]]:
    """Yield the commands of a console block, after `$`, and what each is to print."""
    for said in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command = re.match(r"(?:[^\n]*\\\n)*[^\n]*\n", said)
        assert command
        yield shlex.split(command[0].replace("\\\n", " ")), said[command.end() :]


@pytest.mark.compiled
@pytest.mark.parametrize("page", TUTORIALS)
def test_a_tutorial_shows_what_its_commands_print(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    done = []
    for block in blocks((DOCS / page).read_text(encoding="utf-8")):
        if block.file:
            Path(block.file).write_text(block.text, encoding="utf-8")
            continue
        if block.language == "pycon":
            run_examples(block, names, page)
        for (program, *arguments), printed in commands(block):
            assert program == "rfgscore"
            code, told = invoke(arguments), capsys.readouterr()
            assert code == 0, told.err
            assert doctest.OutputChecker().check_output(printed, told.out, ASIDE), f"{arguments}\n{told.out}"
            done.append(arguments[0])
    assert set(done) == TUTORIALS[page]


def test_the_settings_page_is_what_the_generator_writes():
    page = (DOCS / "config-reference.md").read_text(encoding="utf-8")
    assert page == REFERENCE["page"](), "run: python tools/make_config_reference.py"


def test_every_key_has_a_meaning_and_no_other_has_one():
    keys = [key.path for key in REFERENCE["all_keys"]()[0]]
    told = REFERENCE["descriptions"]()
    assert list(told) == keys
    assert [key for key, said in told.items() if not said.meaning.endswith(".")] == []


def test_every_example_of_a_key_is_valid_there():
    schema = Draft202012Validator({**config_schema(), "required": [], "anyOf": [{}]})
    for key, said in REFERENCE["descriptions"]().items():
        if said.example and "*" not in key:  # items of a list are in the example of the list
            *above, name = key.split(".")
            node, problems = read_yaml(said.example.encode(), key)
            held = json.loads(json.dumps(plain(node)))
            assert (list(held), problems) == ([name], [])
            for step in reversed(above):
                held = {step: held}
            assert [error.message for error in schema.iter_errors(held)] == [], key


def test_every_key_of_the_contract_is_told_or_listed_as_not_built():
    told = set(REFERENCE["descriptions"]())
    lost = {key for key in CONTRACT if key not in told}
    assert {key for key in lost if not any(f"{key}.".startswith(f"{name}.") for name in NOT_BUILT)} == set()
    page = (DOCS / "config-reference.md").read_text(encoding="utf-8")
    assert all(f"- `{name}`" in page for name in NOT_BUILT)


def test_every_public_name_is_on_a_page_of_the_python_part():
    pages = "".join(path.read_text(encoding="utf-8") for path in sorted((DOCS / "api").glob("*.md")))
    named = set(re.findall(r"\.\. auto\w+:: (?:rfgscore\.)?(\w+)", pages)) | {"__version__"}
    assert set(rfgscore.__all__) - named == set()
    assert set(rfgscore.windows.__all__) - named == set()
    listed = {member for members in re.findall(r":members: (.+)", pages) for member in members.split(", ")}
    for thing in (Table, Column, Store):
        public = {name for name in vars(thing) if not name.startswith("_")}
        assert public - set(getattr(thing, "__dataclass_fields__", ())) - listed == set(), thing


@pytest.mark.compiled
@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_gives_the_outputs_that_are_kept_in_it(path, tmp_path):
    import nbformat

    kept = nbformat.read(path, as_version=4)
    found = runpy.run_path(str(ROOT / "tools" / "run_notebooks.py"))["ran"](path, tmp_path)
    for before, after in zip(kept.cells, found.cells, strict=True):
        assert after.get("outputs") == before.get("outputs"), "run: python tools/run_notebooks.py"
    assert sum(bool(cell.get("outputs")) for cell in kept.cells) > 10
