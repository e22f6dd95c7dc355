"""The commands about models of escalation risk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rfgscore.cli.commands import (
    ConfigOption,
    CustodyOption,
    DecisionsOption,
    LinksOption,
    OffencesOption,
    Quiet,
    RemovalsOption,
    SubjectsOption,
    Threads,
    app,
)

__all__ = ["backtest_command", "fit_command"]

FeaturesOption = Annotated[
    str | None,
    typer.Option("--features", metavar="NAME,NAME", help="Columns to look at; default: all there can be."),
]


@app.command("fit")
def fit_command(
    config: ConfigOption,
    offences: OffencesOption,
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="Last day the model may learn from, YYYY-MM-DD.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Model file to write.")],
    extract_date: Annotated[
        str | None,
        typer.Option("--extract-date", metavar="DATE", help="Day the extract was taken; default: until."),
    ] = None,
    subjects: SubjectsOption = None,
    custody: CustodyOption = None,
    links: LinksOption = None,
    decisions: DecisionsOption = None,
    removals: RemovalsOption = None,
    outcome: Annotated[
        str, typer.Option("--outcome", metavar="NAME", help="repeat, serious, worse or new_victim.")
    ] = "repeat",
    horizons: Annotated[
        str | None,
        typer.Option("--horizons", metavar="DAYS,DAYS", help="Default: escalation.horizons of the settings."),
    ] = None,
    model: Annotated[
        str,
        typer.Option("--model", metavar="NAME", help="cox, weibull, hazard, kaplan-meier or aalen-johansen."),
    ] = "cox",
    features: FeaturesOption = None,
    serious_from: Annotated[
        float, typer.Option("--serious-from", metavar="WEIGHT", help="From which an incident is serious.")
    ] = 365.0,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an earlier model file.")] = False,
    quiet: Quiet = False,
) -> None:
    """Fit a model of escalation risk, and write it to one file."""
    from rfgscore.cli.fit import check_model_file, features_of, horizons_of, said
    from rfgscore.cli.progress import progress
    from rfgscore.cli.show import print_history
    from rfgscore.config import load_config
    from rfgscore.escalation.model import EscalationModel
    from rfgscore.history.read import read_offences

    settings = load_config(config)
    check_model_file(out, replace=replace)
    wanted = EscalationModel(
        outcome,
        horizons_of(horizons, settings),
        model,
        features=features_of(features),
        window_days=settings.score.window_days,
        serious_from=serious_from,
    )
    with progress(quiet, steps=("reading", "fitting", "writing")) as tell:
        tell("reading")
        history = read_offences(
            offences,
            config=settings,
            as_of=until,
            extract_date=extract_date,
            subjects=subjects,
            custody=custody,
            links=links,
            decisions=decisions,
            removals=removals,
        )
        tell("fitting")
        fitted = wanted.fit(history, until)
        tell("writing")
        fitted.save(out, replace=replace)
    if not quiet:
        print_history(history, settings, until)
        for line in said(fitted):
            print(line)
        print(f"Written to {out}")


@app.command("backtest")
def backtest_command(
    config: ConfigOption,
    offences: OffencesOption,
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="First landmark, YYYY-MM-DD.")],
    end: Annotated[str, typer.Option("--to", metavar="DATE", help="No landmark is later.")],
    every_days: Annotated[
        int, typer.Option("--every", metavar="DAYS", min=1, help="Days from one landmark to the next.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write: absent or empty.")],
    extract_date: Annotated[
        str | None,
        typer.Option(
            "--extract-date", metavar="DATE", help="Day the extract was taken; default: that of the settings."
        ),
    ] = None,
    subjects: SubjectsOption = None,
    custody: CustodyOption = None,
    links: LinksOption = None,
    decisions: DecisionsOption = None,
    removals: RemovalsOption = None,
    outcome: Annotated[
        str, typer.Option("--outcome", metavar="NAME", help="repeat, serious, worse or new_victim.")
    ] = "repeat",
    horizons: Annotated[
        str | None,
        typer.Option("--horizons", metavar="DAYS,DAYS", help="Default: escalation.horizons of the settings."),
    ] = None,
    models: Annotated[
        str, typer.Option("--models", metavar="NAME,NAME", help="Of cox, weibull, hazard; or none.")
    ] = "cox",
    features: FeaturesOption = None,
    look_ahead: Annotated[
        int,
        typer.Option("--look-ahead", metavar="DAYS", min=1, help="Days after a landmark that are counted."),
    ] = 365,
    hold_out: Annotated[
        str | None,
        typer.Option("--hold-out", metavar="COLUMN", help="area or force: test on each, fitted without it."),
    ] = None,
    serious_from: Annotated[
        float, typer.Option("--serious-from", metavar="WEIGHT", help="From which an incident is serious.")
    ] = 365.0,
    recalibrate: Annotated[
        bool, typer.Option("--recalibrate", help="Show risks also as moved by the half year before.")
    ] = False,
    resamples: Annotated[
        int, typer.Option("--resamples", min=0, help="Resamples of people behind the intervals.")
    ] = 200,
    seed: Annotated[
        int, typer.Option("--seed", min=0, max=2**32 - 1, help="Another number, other resamples.")
    ] = 1,
    threads: Threads = 1,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an earlier back-test.")] = False,
    quiet: Quiet = False,
) -> None:
    """Show what rankings would have caught, at each landmark by what was known then."""
    from rfgscore.backtests.dates import every
    from rfgscore.cli.fit import features_of, horizons_of
    from rfgscore.cli.progress import progress
    from rfgscore.cli.show import print_history
    from rfgscore.cli.trial import extract_of, models_of, said, say_what_is_kept
    from rfgscore.config import load_config
    from rfgscore.escalation.settings import day_of
    from rfgscore.history.read import read_offences
    from rfgscore.pipeline.folder import check_out
    from rfgscore.pipeline.trial import SCHEMA, backtest, recovery

    settings = load_config(config)
    check_out(out, replace=replace, schema=SCHEMA)
    extract = extract_of(extract_date, settings)
    dates = every(every_days, day_of("--from", start), day_of("--to", end))
    days, columns = horizons_of(horizons, settings), features_of(features)
    steps = ("reading", *(date.isoformat() for date in dates), "laying out", "writing")
    with say_what_is_kept(recovery(out)), progress(quiet, steps=steps) as tell:
        tell("reading")
        history = read_offences(
            offences,
            config=settings,
            as_of=extract,
            extract_date=extract,
            subjects=subjects,
            custody=custody,
            links=links,
            decisions=decisions,
            removals=removals,
        )
        found = backtest(
            history,
            config=settings,
            dates=dates,
            outcome=outcome,
            horizons=days,
            models=models_of(models),
            features=columns,
            look_ahead_days=look_ahead,
            serious_from=serious_from,
            hold_out=hold_out,
            recalibrate=recalibrate,
            resamples=resamples,
            seed=seed,
            threads=threads,
            resume=recovery(out),
            tell=tell,
        )
        tell("writing")
        folder = found.write(out, replace=replace)
    if not quiet:
        print_history(history, settings, extract)
        for line in said(found):
            print(line)
        print(f"Written to {folder}")
