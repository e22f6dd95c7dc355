"""The commands."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from rfgscore.cli.signals import stop_if_asked
from rfgscore.config import Config, config_schema, load_config
from rfgscore.gravity import coverage_lines
from rfgscore.history.read import gravity_of, read_offences
from rfgscore.history.source import Account, Source
from rfgscore.pipeline.folder import MANIFEST, check_out
from rfgscore.pipeline.look_up import look_up
from rfgscore.pipeline.run import Run
from rfgscore.pipeline.run import run as run_all
from rfgscore.sample import SAMPLE_AS_OF, sample_file
from rfgscore.vocabulary import meaning, reasons

__all__ = ["app"]

app = typer.Typer(
    help="Rank recorded domestic-abuse perpetrators by recency, frequency and gravity, and explain every "
    "score. The tool ranks and explains; people decide.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
config_app = typer.Typer(help="Look at settings.", no_args_is_help=True)
app.add_typer(config_app, name="config")

ConfigOption = Annotated[str, typer.Option("--config", metavar="FILE|PRESET", help="Settings.")]
OffencesOption = Annotated[
    list[Path], typer.Option("--offences", metavar="FILE...", help="Offence files: CSV, CSV.gz or Parquet.")
]
AsOf = Annotated[str, typer.Option("--as-of", metavar="DATE", help="Day looked at, YYYY-MM-DD.")]
Extract = Annotated[
    str | None,
    typer.Option("--extract-date", metavar="DATE", help="Day the extract was taken; default: as-of."),
]
SubjectsOption = Annotated[Path | None, typer.Option("--subjects", metavar="FILE", help="Subjects table.")]
CustodyOption = Annotated[Path | None, typer.Option("--custody", metavar="FILE", help="Custody table.")]
LinksOption = Annotated[Path | None, typer.Option("--links", metavar="FILE", help="Links table.")]
RemovalsOption = Annotated[Path | None, typer.Option("--removals", metavar="FILE", help="People taken off.")]
Threads = Annotated[int, typer.Option("--threads", min=1, help="Threads; results do not depend on it.")]
AllowEmpty = Annotated[bool, typer.Option("--allow-empty", help="Accept an empty input and an empty list.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing when all goes well.")]


@app.callback(invoke_without_command=True)
def _top(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        from rfgscore import __version__

        print(__version__)
        raise typer.Exit


@app.command("run")
def run_command(
    config: ConfigOption,
    offences: OffencesOption,
    as_of: AsOf,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write: absent or empty.")],
    extract_date: Extract = None,
    subjects: SubjectsOption = None,
    custody: CustodyOption = None,
    links: LinksOption = None,
    removals: RemovalsOption = None,
    threads: Threads = 1,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an earlier output set.")] = False,
    allow_empty: AllowEmpty = False,
    quiet: Quiet = False,
) -> None:
    """Rank, explain, and write the output set."""
    settings = load_config(config)
    check_out(out, replace=replace)
    with _progress(quiet) as tell:
        found = run_all(
            config=settings,
            offences=offences,
            as_of=as_of,
            extract_date=extract_date,
            subjects=subjects,
            custody=custody,
            links=links,
            removals=removals,
            threads=threads,
            allow_empty=allow_empty,
            tell=tell,
        )
        tell("writing")
        folder = found.write(out, replace=replace)
    if not quiet:
        _print_run(found, settings)
        _print_missing(settings, subjects=subjects, custody=custody, links=links, removals=removals)
        _print_lists(found, folder)


@app.command("validate")
def validate_command(
    config: ConfigOption,
    offences: OffencesOption,
    as_of: AsOf,
    extract_date: Extract = None,
    subjects: SubjectsOption = None,
    custody: CustodyOption = None,
    links: LinksOption = None,
    removals: RemovalsOption = None,
    allow_empty: AllowEmpty = False,
) -> None:
    """Read and check the input, say where every row went, and write nothing."""
    settings = load_config(config)
    with _progress(quiet=False) as tell:
        tell("reading")
        history = read_offences(
            offences,
            config=settings,
            as_of=as_of,
            extract_date=extract_date,
            subjects=subjects,
            custody=custody,
            links=links,
            removals=removals,
            allow_empty=allow_empty,
        )
    assert history.source is not None  # noqa: S101 - read from files
    print(f"As of {as_of}, settings {settings.name}.")
    _print_account(history.source.account)
    _print_coverage(history.source, settings)
    for code, text in history.source.account.warnings:
        print(f"  note {code}: {text}")
    _print_missing(settings, subjects=subjects, custody=custody, links=links, removals=removals)


@app.command("explain")
def explain_command(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of an earlier run.")],
    perpetrator_id: Annotated[str, typer.Argument(metavar="PERPETRATOR_ID", help="A person scored in it.")],
) -> None:
    """Show why a person of an earlier run stands where they stand."""
    print(look_up(run_dir, perpetrator_id))


@app.command("demo")
def demo_command(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder to write; an earlier demo there is replaced.")
    ] = Path("out/demo"),
) -> None:
    """Run the main job on a small invented extract and show the top of the list."""
    settings = load_config(sample_file("config.yaml"))
    earlier = _is_demo(out, settings.name)
    check_out(out, replace=earlier)
    with _progress(quiet=False) as tell:
        found = run_all(
            config=settings,
            offences=sample_file("offences.csv"),
            as_of=SAMPLE_AS_OF,
            subjects=sample_file("subjects.csv"),
            custody=sample_file("custody.csv"),
            links=sample_file("links.csv"),
            tell=tell,
        )
        folder = found.write(out, replace=earlier)
    print("A sample of invented people, ranked under an illustrative points table.\n")
    _print_run(found, settings)
    print("\nThe first ten:")
    cohort = found.cohort
    for position, rank, tied, person, summary in list(
        zip(
            *(cohort[name] for name in ("position", "rank", "tied_with", "perpetrator_id", "summary")),
            strict=True,
        )
    )[:10]:
        shared = f", shared by {tied + 1}" if tied else ""
        print(f"{position:>3}. {person} (rank {rank}{shared})\n     {summary}")
    print()
    _print_lists(found, folder)


def _is_demo(out: Path, name: str) -> bool:
    """Say whether a folder holds an earlier demo, of whatever version, which a new one may replace."""
    try:
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        return bool(manifest["config"]["name"] == name)
    except (OSError, ValueError, KeyError, TypeError):
        return False


@config_app.command("check")
def config_check(source: Annotated[str, typer.Argument(metavar="FILE|PRESET")]) -> None:
    """Check settings, and report every problem at once."""
    settings = load_config(source)
    print(f"{settings.name}: in order; sha256 {settings.sha256()}")


@config_app.command("show")
def config_show(source: Annotated[str, typer.Argument(metavar="FILE|PRESET")]) -> None:
    """Print the settings in force, after extends and defaults."""
    settings: Config = load_config(source)
    print(f"# sha256 {settings.sha256()}\n{settings.to_yaml()}", end="")


@config_app.command("schema")
def config_schema_command() -> None:
    """Print the JSON Schema of the settings, for an editor."""
    print(json.dumps(config_schema(), indent=2))


@app.command("doctor")
def doctor_command(
    config: Annotated[
        str | None, typer.Option("--config", metavar="FILE|PRESET", help="Settings to look at.")
    ] = None,
    offences: Annotated[
        list[Path] | None, typer.Option("--offences", metavar="FILE...", help="Offence files to look at.")
    ] = None,
) -> None:
    """Say whether this machine, these settings and these files are in order, and what to do if not."""
    from rfgscore.cli.doctor import examine

    states = []
    for name, state, text in examine(config, offences or ()):
        print(f"{state:<4}  {name}: {text}", flush=True)
        states.append(state)
    failed = states.count("FAIL")
    print("All in order." if set(states) == {"ok"} else f"{failed} FAIL, {states.count('warn')} warn.")
    if failed:
        raise typer.Exit(1)


class _Tell:
    """Says what is being done, on standard error, where someone is looking."""

    def __init__(self, status: Any = None) -> None:
        self._status = status

    def __call__(self, step: str) -> None:
        stop_if_asked()
        if self._status is not None:
            self._status.update(step)


@contextmanager
def _progress(quiet: bool) -> Iterator[_Tell]:
    if quiet or not sys.stderr.isatty():
        yield _Tell()
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield _Tell(status)


def _print_run(found: Run, settings: Config) -> None:
    manifest = found.manifest
    inside = manifest["rows"]["in_window"]
    print(f"As of {manifest['as_of']}, settings {settings.name}; {inside} rows in the window.")
    source = found.scores.scored.history.source
    assert source is not None  # noqa: S101 - read from files
    _print_account(source.account)
    _print_coverage(source, settings)
    for warning in manifest["warnings"]:
        code, text = warning["code"], warning["text"]
        if text.isdigit():  # a flag, and how many people carry it
            people = "person" if text == "1" else "people"
            text = f"{text} {people} ({meaning('flag', code)})"
        print(f"  note {code}: {text}")


def _print_account(account: Account) -> None:
    """Say where every row of every table went, what is at fault apart from what is out of scope."""
    rows = account.rows
    print(
        f"{rows['in']} rows in = {rows['used']} used + {rows['set_aside']} set aside"
        f" + {rows['not_yet_known']} not yet known"
    )
    for word, count in account.by_reason.items():
        family = "out of scope" if reasons()[word].family == "scope" else "AT FAULT"
        held = account.aside_gravity.get(word)
        lost = held.share if held is not None and family == "AT FAULT" else None
        share = "" if lost is None else f"; {lost:.2%} of the known gravity lies in them"
        print(f"  {count:>8} {family}: {word} ({reasons()[word].meaning}){share}")
    for entry in account.inputs:
        if entry["table"] not in ("offences", "gravity"):
            rows_in, aside = entry["rows"], entry["set_aside"]
            later = account.sides_not_yet_known.get(entry["table"], 0)
            print(
                f"{rows_in} rows in {entry['file']} = {rows_in - aside - later} used + {aside} set aside"
                f" + {later} not yet known"
            )
    if account.faults:
        print("Rows at fault are in no score; the summary of a person on the list tells of theirs:")
        for line in account.faults:
            print(f"  {line}")
    for file, columns in account.unread.items():
        more = f" and {len(columns) - 20} more" if len(columns) > 20 else ""
        print(f"Not read in {file}, for the settings do not map them: {', '.join(columns[:20])}{more}.")
    for sentence in account.oddities:
        print(f"To be looked at: {sentence}.")


def _print_coverage(source: Source, settings: Config) -> None:
    """Say where the weights come from, and what has none."""
    for line in coverage_lines(source.coverage, gravity_of(settings)):
        print(line)


def _print_missing(settings: Config, **given: Path | None) -> None:
    """Say which tables the settings map and nobody gave: what they tell is then not known."""
    costs = {
        "subjects": "birth dates and deaths in it are not known",
        "custody": "nobody is shown as in custody",
        "links": "records of one person stand apart",
        "removals": "people taken off before are ranked again",
    }
    for name, path in given.items():
        if path is None and getattr(settings.input, name).columns is not None:
            print(f"  note: the settings map a {name} table and none was given (--{name}): {costs[name]}")


def _print_lists(found: Run, folder: Path) -> None:
    people = found.manifest["people"]
    status = found.cohort["status"]
    table = found.scores.table
    score, ranked = table["score"], people["eligible"]
    for cut in sorted({status.count("proposed"), len(status)}):
        if 0 < cut < ranked and score[cut - 1] == score[cut]:
            equals = score[:ranked].count(score[cut])
            print(f"The cut after position {cut} goes between {equals} people of {score[cut]} points each.")
    scored = found.scores.scored
    assert scored.history.source is not None  # noqa: S101 - read from files
    lost = scored.history.source.lost_rows[scored.people][scored.in_list_order()] > 0
    unlisted = int(lost[len(status) :].sum())
    if unlisted:
        whom = "1 person" if unlisted == 1 else f"{unlisted} people"
        print(f"Rows at fault also name {whom} below the list or not eligible.")
    print(
        f"{people['scored']} people scored, {people['eligible']} ranked, {people['excluded']} not eligible; "
        f"{status.count('proposed')} proposed, {status.count('reserve')} in reserve. People decide."
    )
    print(f"Written to {folder}:")
    for name in sorted(found.files):
        print(f"  {folder / name}")
