"""The commands.

Each loads what it needs when it is called: help and settings need no engine.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rfgscore.pipeline.run import Run

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
ReferralsOption = Annotated[
    Path | None, typer.Option("--referrals", metavar="FILE", help="Partner referrals.")
]
LinksOption = Annotated[Path | None, typer.Option("--links", metavar="FILE", help="Links table.")]
OrdersOption = Annotated[Path | None, typer.Option("--orders", metavar="FILE", help="Protective orders.")]
DecisionsOption = Annotated[
    Path | None, typer.Option("--decisions", metavar="FILE", help="What meetings decided.")
]
RemovalsOption = Annotated[Path | None, typer.Option("--removals", metavar="FILE", help="People taken off.")]
Threads = Annotated[int, typer.Option("--threads", min=1, help="Threads; results do not depend on it.")]
AllowEmpty = Annotated[bool, typer.Option("--allow-empty", help="Accept an empty input and an empty list.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing when all goes well.")]


def run_all(**given: Any) -> Run:
    """Call the main job, which is loaded here only."""
    from rfgscore.pipeline.run import run

    return run(**given)


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
    referrals: ReferralsOption = None,
    links: LinksOption = None,
    orders: OrdersOption = None,
    decisions: DecisionsOption = None,
    removals: RemovalsOption = None,
    previous: Annotated[
        Path | None, typer.Option("--previous", metavar="RUN_DIR", help="Folder of the last run.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", metavar="FILE", help="A fitted model of escalation risk.")
    ] = None,
    threads: Threads = 1,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an earlier output set.")] = False,
    allow_empty: AllowEmpty = False,
    quiet: Quiet = False,
) -> None:
    """Rank, explain, and write the output set."""
    from rfgscore.cli.progress import progress
    from rfgscore.cli.show import print_lists, print_missing, print_run
    from rfgscore.config import load_config
    from rfgscore.pipeline.folder import check_out, keep_apart

    settings = load_config(config)
    check_out(out, replace=replace)
    if previous is not None:
        keep_apart(out, previous)
    with progress(quiet) as tell:
        found = run_all(
            config=settings,
            offences=offences,
            as_of=as_of,
            extract_date=extract_date,
            subjects=subjects,
            custody=custody,
            referrals=referrals,
            links=links,
            orders=orders,
            decisions=decisions,
            removals=removals,
            previous=previous,
            model=model,
            threads=threads,
            allow_empty=allow_empty,
            tell=tell,
        )
        tell("writing")
        folder = found.write(out, replace=replace)
    if not quiet:
        print_run(found, settings)
        print_missing(
            settings,
            subjects=subjects,
            custody=custody,
            referrals=referrals,
            links=links,
            orders=orders,
            decisions=decisions,
            removals=removals,
        )
        print_lists(found, folder)


@app.command("validate")
def validate_command(
    config: ConfigOption,
    offences: OffencesOption,
    as_of: AsOf,
    extract_date: Extract = None,
    subjects: SubjectsOption = None,
    custody: CustodyOption = None,
    referrals: ReferralsOption = None,
    links: LinksOption = None,
    orders: OrdersOption = None,
    decisions: DecisionsOption = None,
    removals: RemovalsOption = None,
    allow_empty: AllowEmpty = False,
) -> None:
    """Read and check the input, say where every row went, and write nothing."""
    from rfgscore.cli.progress import progress
    from rfgscore.cli.show import print_history, print_missing
    from rfgscore.config import load_config
    from rfgscore.history.read import read_offences

    settings = load_config(config)
    with progress(quiet=False, steps=("reading",)) as tell:
        tell("reading")
        history = read_offences(
            offences,
            config=settings,
            as_of=as_of,
            extract_date=extract_date,
            subjects=subjects,
            custody=custody,
            referrals=referrals,
            links=links,
            orders=orders,
            decisions=decisions,
            removals=removals,
            allow_empty=allow_empty,
        )
    print_history(history, settings, as_of)
    print_missing(
        settings,
        subjects=subjects,
        custody=custody,
        referrals=referrals,
        links=links,
        orders=orders,
        decisions=decisions,
        removals=removals,
    )


@app.command("explain")
def explain_command(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of an earlier run.")],
    perpetrator_id: Annotated[
        str, typer.Argument(metavar="PERPETRATOR_ID", help="A person scored or listed in it.")
    ],
) -> None:
    """Show why a person of an earlier run stands where they stand."""
    from rfgscore.pipeline.look_up import look_up

    print(look_up(run_dir, perpetrator_id))


@app.command("diff")
def diff_command(
    run_a: Annotated[Path, typer.Argument(metavar="RUN_A", help="Folder of the earlier run.")],
    run_b: Annotated[Path, typer.Argument(metavar="RUN_B", help="Folder of a later one, or of that day.")],
) -> None:
    """Show what changed from one run to another: settings, input, and who entered, left or moved."""
    from rfgscore.pipeline.diff import diff

    print(diff(run_a, run_b))


@app.command("demo")
def demo_command(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder to write; an earlier demo there is replaced.")
    ] = Path("out/demo"),
    persons: Annotated[
        int, typer.Option("--persons", min=1, max=1_000_000, help="Perpetrators of the force.")
    ] = 5000,
    seed: Annotated[
        int, typer.Option("--seed", min=0, max=2**32 - 1, help="Another number, another force.")
    ] = 1,
) -> None:
    """Make a police force that never was, rank it, and show the top of the list with reasons."""
    from rfgscore.cli.demo import STEPS, check_demo, is_compiled, make_demo, said
    from rfgscore.cli.progress import RUN_STEPS, progress

    check_demo(out)
    if not is_compiled():
        with suppress(BrokenPipeError):  # the demo is made, whoever reads along
            print(
                "The first run on a machine compiles its engine, which takes up to 20 seconds more.",
                flush=True,
            )
    with progress(quiet=False, steps=(*STEPS, *RUN_STEPS)) as tell:
        made = make_demo(out, persons, seed, tell)
    for line in said(made):
        print(line)


@app.command("init")
def init_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An offence file: CSV, CSV.gz or Parquet.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="CONFIG.yaml", help="Settings to write; never written over.")
    ] = Path("rfgscore.yaml"),
) -> None:
    """Guess which column of an extract is which, and write settings to start from."""
    from rfgscore.cli.init import check_file, look, next_steps, said, settings_of, write_new
    from rfgscore.cli.progress import progress
    from rfgscore.errors import MissingColumnError

    check_file(out)
    with progress(quiet=False, steps=("looking",)) as tell:
        tell("looking")
        head, found = look(file)
    try:
        # Before anything is printed: whoever reads the lines may read no further.
        write_new(out, settings_of(head, found))
        steps = list(next_steps(file, out))
    except MissingColumnError:
        with suppress(BrokenPipeError):
            print(*said(head, found), sep="\n")
        raise
    for line in (*said(head, found), *steps):
        print(line)


@config_app.command("check")
def config_check(source: Annotated[str, typer.Argument(metavar="FILE|PRESET")]) -> None:
    """Check settings, and report every problem at once."""
    from rfgscore.config import load_config

    settings = load_config(source)
    print(f"{settings.name}: in order; sha256 {settings.sha256()}")


@config_app.command("show")
def config_show(source: Annotated[str, typer.Argument(metavar="FILE|PRESET")]) -> None:
    """Print the settings in force, after extends and defaults."""
    from rfgscore.config import load_config

    settings = load_config(source)
    print(f"# sha256 {settings.sha256()}\n{settings.to_yaml()}", end="")


@config_app.command("schema")
def config_schema_command() -> None:
    """Print the JSON Schema of the settings, for an editor."""
    import json

    from rfgscore.config import config_schema

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
