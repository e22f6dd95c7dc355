"""What ``rfgscore fit`` does beside fitting: look at its options, and say what was fitted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from rfgscore.config import Config
from rfgscore.errors import ConfigError, OutputError, RfgError
from rfgscore.escalation.artefact import load_model
from rfgscore.escalation.covariates import check_names
from rfgscore.escalation.model import EscalationModel

__all__ = ["check_model_file", "features_of", "horizons_of", "said"]


def check_model_file(out: Path, *, replace: bool) -> None:
    """Refuse a place for a model that is taken, before anything is read.

    Parameters
    ----------
    out : pathlib.Path
        File to write.
    replace : bool
        Whether a model file there may be replaced.

    Raises
    ------
    OutputError
        When something is there, unless it is a model file that may be replaced; or its folder is missing.
    """
    if not out.absolute().parent.is_dir():
        raise OutputError(
            f"--out {out.name}: the folder it is to stand in is not there; make it, or name another"
        )
    if not os.path.lexists(out):
        return
    if not replace:
        raise OutputError(f"--out {out.name} is there already: name another file, or use --replace")
    try:
        load_model(out)
    except RfgError as error:
        raise OutputError(
            f"--out {out.name} is something else than a model file, so it is not replaced: name another file"
        ) from error


def horizons_of(text: str | None, settings: Config) -> tuple[int, ...]:
    """Return the horizons to fit for.

    Parameters
    ----------
    text : str or None
        Days with commas between them, as they were typed; None for those of the settings.
    settings : Config
        The settings.

    Returns
    -------
    tuple of int
        Days.

    Raises
    ------
    ConfigError
        When they are no whole numbers.

    Examples
    --------
    >>> from rfgscore.config import preset
    >>> horizons_of("30, 90", preset("illustrative-rfgv"))
    (30, 90)
    """
    if text is None:
        return settings.escalation.horizons
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() and len(word) < 6 for word in words):
        raise ConfigError("--horizons must be days with commas between them, such as 90,180,365")
    return tuple(map(int, words))


def features_of(text: str | None) -> tuple[str, ...] | None:
    """Return the columns a model is to look at.

    Parameters
    ----------
    text : str or None
        Names with commas between them, as they were typed; None for all that the record can fill.

    Returns
    -------
    tuple of str or None
        The names.

    Raises
    ------
    ProtectedFeatureError
        When a protected characteristic is among them.
    ConfigError
        When there is no such column.

    Examples
    --------
    >>> features_of("incidents_90d, victims")
    ('incidents_90d', 'victims')
    """
    if text is None:
        return None
    names = tuple(word.strip() for word in text.split(","))
    check_names(names)
    return names


def said(model: EscalationModel) -> Iterator[str]:
    """Yield what was fitted, on what, and how far it agrees with that.

    Parameters
    ----------
    model : EscalationModel
        A fitted model.

    Yields
    ------
    str
        A line.
    """
    card = model.card
    days = "days at liberty" if card["clock"] == "at_liberty" else "calendar days"
    yield (
        f"Fitted {card['model']}: {card['outcome']['words']} ({card['outcome']['name']}), counted in {days}, "
        f"by what was known until {card['until']}."
    )
    yield (
        f"{card['rows']:,} rows of {card['people']:,} people, a row for each person with a line in the "
        f"{card['window_days']} days to {', '.join(card['landmarks'])}"
        + ("; nobody in custody then." if card["held"] == "exclude" else ".")
    )
    words = {"event": "with it", "censored": "without", "death": "by death", "transfer out": "handed on"}
    ends = ", ".join(f"{card['ends'][end]:,} {word}" for end, word in words.items() if card["ends"][end])
    yield f"Ended: {ends}."
    for why, count in card["left_out"].items():
        yield f"  left out: {count:,} {'row' if count == 1 else 'rows'}, {why}"
    for horizon, events, observed, expected in zip(
        card["horizons"], card["events_by_horizon"], card["observed"], card["expected"], strict=True
    ):
        yield (
            f"  within {horizon} {days}: {events:,} recorded, {100 * observed:.1f} of 100 rows; by the model "
            f"{100 * expected:.1f} of 100"
        )
    yield f"Columns: {', '.join(card['columns_used']) or 'none, one curve for everyone'}."
    for name, why in card["dropped"]:
        yield f"  not used: {name}: {why}"
    checks = model.check_assumptions()
    alike = []
    for check, column, holds, sentence in zip(
        *(checks[name] for name in ("check", "column", "holds", "sentence")), strict=True
    ):
        if holds is False and check == "collinearity":
            alike.append(str(column))
        elif holds is False:
            yield f"To be looked at: {sentence}"
    if alike:
        yield (
            f"To be looked at: {', '.join(alike)}: others tell much the same, so their effects should not be "
            "read one by one"
        )
    yield "This is how it agrees with what it learnt from. On other people, and later, it may be further off."
