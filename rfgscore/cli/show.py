"""What commands print of a run: the account of every row, and the lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rfgscore.config import Config
from rfgscore.gravity import coverage_lines
from rfgscore.history.history import History
from rfgscore.history.read import gravity_of
from rfgscore.history.source import Account, Source
from rfgscore.pipeline.run import Run
from rfgscore.vocabulary import meaning, reasons, words

__all__ = ["counted", "not_listed", "print_history", "print_lists", "print_missing", "print_run"]


def print_run(found: Run, settings: Config) -> None:
    """Say what a run read, where every row went, and what it warns of.

    Parameters
    ----------
    found : Run
        The run.
    settings : Config
        Its settings.
    """
    manifest = found.manifest
    inside = manifest["rows"]["in_window"]
    print(f"As of {manifest['as_of']}, settings {settings.name}; {inside} rows in the window.")
    source = found.scores.scored.history.source
    assert source is not None  # noqa: S101 - read from files
    _print_account(source.account)
    _print_coverage(source, settings)
    if "model" in manifest["run"]:
        told, orders = manifest["run"]["model"], settings.escalation.use == "tiebreak"
        print(
            f"Model of escalation risk: {told['counts']}, fitted on what was known until {told['until']}; it "
            f"{'orders equals only' if orders else 'stands beside the list and orders nobody'}."
        )
    for warning in manifest["warnings"]:
        code, text = warning["code"], warning["text"]
        if text.isdigit():  # a flag, and how many people carry it
            people = "person" if text == "1" else "people"
            text = f"{text} {people} ({meaning('flag', code)})"
        print(f"  note {code}: {text}")


def print_history(history: History, settings: Config, as_of: str) -> None:
    """Say what was read and checked, where every row went, and what the files warn of.

    Parameters
    ----------
    history : History
        What was read.
    settings : Config
        The settings.
    as_of : str
        Day looked at.
    """
    assert history.source is not None  # noqa: S101 - read from files
    print(f"As of {as_of}, settings {settings.name}.")
    _print_account(history.source.account)
    _print_coverage(history.source, settings)
    for code, text in history.source.account.warnings:
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


def print_missing(settings: Config, **given: Path | None) -> None:
    """Say which tables the settings map and nobody gave: what they tell is then not known.

    Parameters
    ----------
    settings : Config
        The settings.
    **given : Path or None
        The file of each table, by its name.
    """
    costs = {
        "subjects": "birth dates and deaths in it are not known",
        "custody": "nobody is shown as in custody",
        "referrals": "nobody is listed because a partner referred them",
        "links": "records of one person stand apart",
        "orders": "nobody is flagged for a protective order in force",
        "decisions": "whom a meeting took on, monitors or took off is not known",
        "removals": "people taken off before are ranked again",
    }
    for name, path in given.items():
        if path is None and getattr(settings.input, name).columns is not None:
            table = f"{'an' if name == 'orders' else 'a'} {name} table"
            print(f"  note: the settings map {table} and none was given (--{name}): {costs[name]}")


def print_lists(found: Run, folder: Path) -> None:
    """Say who is on the list, where it is cut, and where the files lie.

    Parameters
    ----------
    found : Run
        The run.
    folder : Path
        Where it was written.
    """
    manifest = found.manifest
    people, cohort = manifest["people"], manifest["config"]["cohort"]
    status = Counter([*found.cohort["status"], *found.monitoring["status"]])
    score, ranked = found.scores.table["score"], people["eligible"]
    for cut in sorted({cohort["capacity"], cohort["capacity"] + cohort["reserve"]}):
        if cut < ranked and score[cut - 1] == score[cut]:
            equals = score[:ranked].count(score[cut])
            print(f"The cut after position {cut} goes between {equals} people of {score[cut]} points each.")
    scored = found.scores.scored
    assert scored.history.source is not None  # noqa: S101 - read from files
    listed = {*found.cohort["perpetrator_id"], *found.monitoring["perpetrator_id"]}
    lost = scored.people[scored.history.source.lost_rows[scored.people] > 0]
    unlisted = len(set(map(str, scored.history.persons[lost].tolist())) - listed)
    if unlisted:
        whom = "1 person" if unlisted == 1 else f"{unlisted} people"
        print(f"Rows at fault also name {whom} below the list or not eligible.")
    print(
        f"{people['scored']} people scored, {people['eligible']} ranked, {people['excluded']} not eligible; "
        f"{people['considered']} considered: {counted(status) or 'nobody'}. People decide."
    )
    for line in not_listed(manifest["run"]["cycle"]):
        print(line)
    print(f"Written to {folder}:")
    for name in sorted(found.files):
        print(f"  {folder / name}")
    for name, why in manifest["run"].get("left_out", {}).items():
        print(f"Not written: {name}: {why}")


def counted(status: Mapping[str, int]) -> str:
    """Return the statuses there are with their numbers, in the order of the vocabulary.

    Parameters
    ----------
    status : mapping of str to int
        People of each status.

    Returns
    -------
    str
        Such as ``12 proposed, 12 reserve``; blank where there is nobody.
    """
    known = [word.word for word in words() if word.kind == "status"]
    return ", ".join(f"{status[word]} {word}" for word in known if status.get(word))


def not_listed(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield whom the lists do not show, in numbers.

    Parameters
    ----------
    told : mapping of str to Any
        ``run.cycle`` of the manifest.

    Yields
    ------
    str
        A line.
    """
    for route, count in told["not_shown"].items():
        if count:
            whom = "1 person" if count == 1 else f"{count} people"
            more = f"Not shown: {whom} by the route {route}, beyond cohort.route_caps.{route}"
            # An emerging rule looks at what is new, so that the next run names these people no more.
            yield f"{more}; the next run will not come back to them." if route == "emerging" else f"{more}."
    if told["at_rest"]:
        whom = "1 person" if told["at_rest"] == 1 else f"{told['at_rest']} people"
        yield f"Not shown: {whom} within capacity or reserve whom a meeting took off, with nothing new since."
    if told["left"]:
        whom = "1 person" if told["left"] == 1 else f"{told['left']} people"
        yield f"Left since the last run: {whom}."
    if told["carried"]:
        who = "1 person was" if told["carried"] == 1 else f"{told['carried']} people were"
        yield (
            f"To be looked at: {who} managed or monitored on the last lists, and no decision given to this "
            "run says so. --decisions wants every decision so far, not those of the last meeting alone."
        )
    for rule, why in told["not_assessed"].items():
        yield f"Not assessed: the emerging rule {rule}: {why}."
