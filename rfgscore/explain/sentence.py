"""The whole of a score in one plain English sentence."""

from __future__ import annotations

from rfgscore.cohort import Considered
from rfgscore.dates import NO_DAY, add_years, iso
from rfgscore.explain.case import Case, not_crimes, number, plural
from rfgscore.scoring import Scored
from rfgscore.scoring.components import UNITS

__all__ = ["component_unit", "not_scored", "summarise"]


def component_unit(scored: Scored, name: str) -> str:
    """Return what a component counts.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    name : str
        Name of the component.

    Returns
    -------
    str
        Its unit; ``days at liberty`` where recency runs on that clock.
    """
    recency = scored.config.score.components.recency
    if name == "recency" and recency is not None and recency.clock == "at_liberty":
        return "days at liberty"
    return UNITS[name]


def summarise(scored: Scored, place: int) -> str:
    """Return why a person scores what they score, in one plain English sentence.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    place : int
        Place of the person among them.

    Returns
    -------
    str
        One sentence; it says what is recorded, and judges nobody.
    """
    case = Case(scored, place)
    values = {part.name: part for part in scored.components}
    worst = scored.worst_offence(place)

    def got(name: str, unit: str = "") -> str:
        part = values.get(name)
        return "" if part is None else f" ({number(part.points[place].item())}{unit})"

    age = scored.as_of - int(scored.walk.last_day[case.person])
    ago = "on the day itself" if age == 0 else f"{plural(age, 'day')} ago"
    if component_unit(scored, "recency") == "days at liberty" and scored.at_liberty is not None:
        ago += f", {scored.at_liberty[place]} of them at liberty"
    settings = scored.config.score.components.gravity
    aggregate = "max" if settings is None else settings.aggregate
    gravest = f"the gravest recorded as {worst.label}, weight {number(worst.weight)}"
    if aggregate == "max":
        gravest += got("gravity")
    else:
        adjective = {"sum": "summed", "mean": "mean", "decayed": "decayed"}[aggregate]
        gravest += f", {adjective} gravity {number(values['gravity'].value[place])}{got('gravity')}"
    incidents = case.incidents(case.inside)
    most = "" if scored.max_score is None else f" of {scored.max_score}"
    sentence = (
        f"{number(scored.score[place].item())}{most} points: named in "
        f"{plural(len(incidents), 'incident')}{not_crimes(case, incidents)} in "
        f"{plural(scored.config.score.window_days, 'day')}{got('frequency', ' points')}, "
        f"the latest {ago}{got('recency')}, {gravest}"
    )
    if "victims" in values:
        victims = int(values["victims"].value[place])
        sentence += f", {plural(victims, 'known victim')}{got('victims')}"
    told = "; ".join([sentence, *_remarks(scored, place)]) + "."
    why = scored.exclusion[place]
    # Whoever reads of someone who died must not have to read on to know it.
    return f"Recorded as {why.detail}. {told}" if why is not None and why.word == "DECEASED" else told


def not_scored(scored: Scored, one: Considered) -> str:
    """Return what is on record of a person without a line in the window, in one plain English sentence.

    Parameters
    ----------
    scored : Scored
        Everyone scored.
    one : Considered
        The person.

    Returns
    -------
    str
        One sentence; it never says 0 where nothing is held.
    """
    window = f"the {plural(scored.config.score.window_days, 'day')} to {iso(scored.as_of)}"
    out = []
    if one.number is None:
        words = "Not scored: no record of this person is held here"
        if "history_not_held" in one.flags:
            words += ", what others hold is not known"
    else:
        case = Case(scored, -1, one.number)
        incidents = case.incidents(case.visible)
        worst = max(incidents, key=lambda incident: incident.weight)
        grade = scored.grades[int(case.history.code[worst.line])]
        last = int(case.history.day[case.visible[-1]])
        words = (
            f"Not scored: no record in {window}; {plural(len(incidents), 'incident')} on record before, the "
            f"latest on {iso(last)}, the gravest recorded as {grade.label}, weight {number(worst.weight)}"
        )
    died = _died(scored, one)
    if died != NO_DAY and died <= scored.as_of:
        words = f"Recorded as deceased on {iso(died)}. {words}"
    if "under_18" in one.flags:
        out.append("under 18 years old")
    if one.in_custody:
        out.append(_custody(scored, one.release))
    return "; ".join([words, *out]) + "."


def _custody(scored: Scored, planned: int) -> str:
    """Say that someone is held; a planned day that has passed leaves room for doubt."""
    if NO_DAY < planned < scored.as_of:
        return f"no end of custody is recorded, though release was planned for {iso(planned)}"
    return "in custody on the day"


def _died(scored: Scored, one: Considered) -> int:
    source = scored.history.source
    if source is None:
        return NO_DAY
    if one.number is not None:
        return int(source.deceased[one.number])
    return source.told.facts([one.person], scored.as_of)[one.person].deceased


def _remarks(scored: Scored, place: int) -> list[str]:
    """Return what a reader of the list must not miss about a person, each in a clause."""
    flags, out = scored.flags[place], []
    source = scored.history.source
    why = scored.exclusion[place]
    if why is not None:
        out.append("not ranked" if why.word == "DECEASED" else f"not ranked: {why.detail}")
    if "under_18" in flags and source is not None:
        of_16 = add_years(int(source.dob[scored.people[place]]), 16)
        out.append("16 or 17 years old" if of_16 <= scored.as_of else "under 16 years old")
    if scored.in_custody is not None and scored.in_custody[place]:
        out.append(_custody(scored, int(scored.planned[place])))
    if "counter_allegation" in flags:
        out.append("one of the victims is recorded as suspect against this person too")
    lost = 0 if source is None else int(source.lost_rows[scored.people[place]])
    if lost:
        out.append(f"{plural(lost, 'row')} naming this person could not be used (set_aside.csv)")
    tied = int(scored.ranking.tied_with[place])
    if tied:
        order = ", ".join(scored.tie_words) or "the order of ids"
        others = "1 other" if tied == 1 else f"{tied} others"
        out.append(f"{others} with as many points, put in order by {order}")
    if "cut_through_tie" in flags:
        out.append("only the order of ids decides on which side of the cut this person stands")
    return out
