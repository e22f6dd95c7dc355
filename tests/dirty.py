"""A dirty extract, as a force would hand it over, with the truth of every row. All people are invented.

Dirt is planted, and each row remembers what was planted in it, so that the truth owes nothing to the
library: where two things meet in a row, the first in the published order of checks is its reason.
Shares are assumed, near published ones where there are any: a plausible mix, no force's.
"""

from __future__ import annotations

import csv
import gzip
import io
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
TABLES = HERE.parent / "rfgscore"

AS_OF, EXTRACT = "2025-06-30", "2025-07-04"
LATER = "NOT_YET_KNOWN"
NO_DAY = -(10**6)
#: Weight of an incident that is no crime; no offence used here has it.
NO_CRIME = 0.5

#: Settings of the extract; the limits are the defaults.
SETTINGS = """\
schema: rfgscore/1
name: dirty-extract
extends: illustrative-rfgv
input:
  columns: {perpetrator_id: nominal_ref, event_date: offence_date, event_end: ended_on, offence_code: ho_code,
    victim_id: victim_ref, event_id: crime_ref, incident_id: occurrence_ref, recorded_date: created_on,
    role: role, outcome: outcome, is_crime: crime_flag, domestic: da_flag, relationship: relationship,
    children_linked: children, force: force, area: district, dob: dob}
  date_format: "%d/%m/%Y"
  encoding: ENCODING
  point_in_time: accept_extract_state
  outcomes: {count: [charged, summonsed, caution, community resolution, victim does not support,
    evidential difficulties, not yet assigned]}
  subjects: {columns: {perpetrator_id: nominal_ref, dob: dob, deceased_date: died}, date_format: "%d/%m/%Y"}
  custody: {columns: {perpetrator_id: nominal_ref, start: in_date, end: out_date, planned_release: due_out},
    date_format: "%d/%m/%Y", end_is: release_day}
  links: {columns: {nominal_id: nominal, master_id: master}}
  removals: {columns: {perpetrator_id: nominal_ref, removed_on: removed}, date_format: "%d/%m/%Y"}
"""

# fmt: off
NOBODY = (
    "", "  ", "UNKNOWN", "unknown ", "Not Known", "N/K", "n/k", "N/A", "None", "NULL", "NaN", "0", "TBC",
)
NO_VICTIM = (*NOBODY[:-1], "REGINA", "Regina ", "The Crown", "THE STATE", "Society")
SUSPECT = (
    "Suspect", "SUSPECT", " suspect", "Suspect ", "Offender", "offender", "Accused", "CHARGED", "Convicted",
)
VICTIM, WITNESS = ("Victim", "VICTIM", "victim "), ("Witness", "witness", "OTHER")
COUNTED = (
    "", "Charged", "charged ", "SUMMONSED", "Caution", "Community resolution", "Victim does not support",
    "Evidential difficulties", "Not yet assigned",
)
EXCLUDED = ("Cancelled", "CANCELLED ", "Transferred", "No Crime", " no crime")
YES, NO = ("Y", "y", "Yes", "YES ", "TRUE", "1"), ("N", "n", "No", " no", "False", "0")
AREAS = (("Ynys Môn", "Merthyr", "Caerfyrddin", "Penarlâg", "North, Coast"), ("Border West", "Llŷn", ""))
CODES = {
    "105/01": 0.30, "008/06": 0.17, "195/94": 0.14, "149/00": 0.12, "066/39": 0.07, "008/31": 0.06,
    "008/67": 0.045, "003/01": 0.04, "008/66": 0.02, "008/77": 0.02, "008/01": 0.01, "019/08": 0.005,
}
#: What a records system writes in the code of an incident that is no crime.
ODD_CODES = ("", "", "  ", "NC", "nc", "DA INC", "999/99", "000/00", "-", "008/06")
COLUMNS = (
    "nominal_ref", "offence_date", "ended_on", "created_on", "ho_code", "victim_ref", "crime_ref",
    "occurrence_ref", "role", "outcome", "crime_flag", "da_flag", "relationship", "children", "force",
    "district", "dob", "note",
)
# fmt: on


def order_of_checks() -> dict[str, float]:
    """Return the published step of each reason, of offence rows only."""
    text = (TABLES / "vocabulary.csv").read_text(encoding="utf-8").splitlines()
    return {row["word"]: float(row["step"]) for row in csv.DictReader(text) if row["step"]}


def weights() -> dict[str, float]:
    """Return the weight of each code used, the preset's uplift included."""
    text = (TABLES / "gravity" / "tables" / "cchi-da-2020-10.csv").read_text(encoding="utf-8").splitlines()
    return {row["offence_code"]: float(row["weight"]) for row in csv.DictReader(text)} | {"008/77": 252.0}


@dataclass
class Extract:
    """An extract and its truth.

    Parameters
    ----------
    columns : dict of str to numpy.ndarray
        Text of each cell, by file column.
    broken : dict of int to str
        Physical line of a record that cannot be taken apart, by row from 0; CSV only.
    truth : numpy.ndarray
        Reason each row must be set aside for, `LATER`, or blank for a row that is used.
    sides : dict of str to (tuple of str, list of tuples)
        Header and rows of each table beside the offences.
    side_truth : dict of str to dict of int to str
        Reason of each row set aside, by table and row from 1.
    facts : dict of str to numpy.ndarray
        What a row truly says: number of the person, day, incident, weight, number of the victim.
    people : list of str
        Final id of each person.
    under_18 : set of str
        People of 16 or 17 on the day looked at, or younger.
    unnamed : int
        Incidents in 730 days, in scope and known by the day looked at, of which no row names a suspect.
    encoding : str
        Of the files.
    """

    columns: dict[str, np.ndarray]
    broken: dict[int, str]
    truth: np.ndarray
    sides: dict[str, tuple[tuple[str, ...], list[tuple[str, ...]]]]
    side_truth: dict[str, dict[int, str]]
    facts: dict[str, np.ndarray]
    people: list[str]
    under_18: set[str]
    unnamed: int
    encoding: str

    def __len__(self) -> int:
        return len(self.truth)

    def counts(self) -> dict[str, int]:
        """Return the rows of each reason, `LATER` and blank among them."""
        words, number = np.unique(self.truth.astype(str), return_counts=True)
        return dict(zip(words.tolist(), number.tolist(), strict=True))

    def whole(self) -> Extract:
        """Return the extract without broken records, which only a CSV can hold."""
        keep = np.ones(len(self), bool)
        keep[list(self.broken)] = False
        return replace(
            self,
            columns={name: cells[keep] for name, cells in self.columns.items()},
            broken={},
            truth=self.truth[keep],
            facts={name: values[keep] for name, values in self.facts.items()},
        )

    def csv_text(self) -> str:
        """Return the offences as a CSV with blank lines in it."""
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        rows = list(zip(*(self.columns[name].tolist() for name in COLUMNS), strict=True))
        blank = set(range(0, len(rows), max(1, len(rows) // 7)))
        start = 0
        for stop in sorted(blank | set(self.broken)):
            writer.writerows(rows[start:stop])
            if stop in blank:
                out.write("\r\n")
            start = stop
            if stop in self.broken:
                out.write(self.broken[stop] + "\r\n")
                start = stop + 1
        writer.writerows(rows[start:])
        return out.getvalue()

    def settings(self) -> str:
        """Return the settings that read it."""
        return SETTINGS.replace("ENCODING", self.encoding)

    def write(self, folder: Path, *, packed: bool = False) -> dict[str, Path]:
        """Write settings, offences and the tables beside them.

        Parameters
        ----------
        folder : Path
            An existing folder.
        packed : bool
            Whether the offences are gzipped.

        Returns
        -------
        dict of str to Path
            Files by table, the settings as ``config``.
        """
        files = {name: folder / f"{name}.csv" for name in ("offences", *self.sides)}
        data = self.csv_text().encode(self.encoding)
        if packed:
            files["offences"] = folder / "offences.csv.gz"
            data = gzip.compress(data, 1, mtime=0)
        files["offences"].write_bytes(data)
        for name, (header, rows) in self.sides.items():
            with files[name].open("w", encoding=self.encoding, newline="") as file:
                csv.writer(file).writerows([header, *rows])
        files["config"] = folder / "config.yaml"
        files["config"].write_text(self.settings(), encoding="utf-8")
        return files

    def in_window(self, window: int = 730) -> np.ndarray:
        """Return which rows are used and in the window."""
        age = day_of(AS_OF) - self.facts["day"]
        return (self.truth == "") & (age >= 0) & (age < window)

    def scores(self, window: int = 730) -> dict[str, tuple[int, int, float, int]]:
        """Return recency, frequency, highest gravity and victims of everyone with a line in the window."""
        used = np.flatnonzero(self.in_window(window))
        age = day_of(AS_OF) - self.facts["day"]
        who = self.facts["person"][used]
        recency = np.full(len(self.people), 10**9)
        np.minimum.at(recency, who, age[used])
        gravity = np.full(len(self.people), -1.0)
        np.maximum.at(gravity, who, self.facts["weight"][used])
        incidents = _distinct(who, self.facts["incident"][used], len(self.people))
        known = self.facts["victim"][used] != -1
        victims = _distinct(who[known], self.facts["victim"][used][known], len(self.people))
        return {
            self.people[p]: (int(recency[p]), int(incidents[p]), float(gravity[p]), int(victims[p]))
            for p in np.unique(who).tolist()
        }

    def mutual(self, window: int = 730) -> set[str]:
        """Return those who are suspect and victim of one person, by used lines in the window."""
        victim = self.facts["victim"]
        rows = self.in_window(window) & (victim <= -2) & (victim > -(10**8))
        pairs = set(zip(self.facts["person"][rows].tolist(), (-2 - victim[rows]).tolist(), strict=True))
        return {self.people[one] for one, other in pairs if (other, one) in pairs}


def _distinct(who: np.ndarray, what: np.ndarray, size: int) -> np.ndarray:
    return np.bincount(np.unique(np.column_stack([who, what]), axis=0)[:, 0], minlength=size)


def day_of(text: str) -> int:
    """Return days since 1970-01-01 of ISO text."""
    return int(np.datetime64(text, "D").astype(int))


_FIRST = day_of("1940-01-01")
_UK = np.array(
    [
        f"{d[8:]}/{d[5:7]}/{d[:4]}"
        for d in np.datetime_as_string(np.arange("1940-01-01", "2030-01-01", dtype="M8[D]"))
    ],
    object,
)


def uk(days: np.ndarray) -> np.ndarray:
    """Return days as dd/mm/yyyy, `NO_DAY` as blank."""
    given = days != NO_DAY
    return np.where(given, _UK[np.where(given, days - _FIRST, 0)], "")


def _texts(cells: Iterable[str]) -> np.ndarray:
    out = list(cells)
    held = np.empty(len(out), object)
    held[:] = out
    return held


class _Builder:
    """Builds the extract in steps, each of which plants one kind of dirt."""

    def __init__(self, rows: int, seed: int, faults: int, encoding: str) -> None:
        self.rng = np.random.default_rng(seed)
        self.rows, self.faults, self.utf8, self.encoding = rows, faults, encoding == "utf-8", encoding
        self.as_of, self.extract = day_of(AS_OF), day_of(EXTRACT)
        self.step = order_of_checks()

    def pick(self, words: Iterable[str], size: int) -> np.ndarray:
        """Return words drawn evenly."""
        held = _texts(words)
        return held[self.rng.integers(0, len(held), size)]

    def chance(self, share: float, size: int) -> np.ndarray:
        """Return a mask that is true by chance."""
        return self.rng.random(size) < share

    # -- people ------------------------------------------------------------------------------------------

    def make_people(self) -> None:
        """Ids of every style, birth dates, records of one person, deaths and removals."""
        rng = self.rng
        self.size = size = int(self.rows * 0.29)
        self.ids = [self._id(i) for i in range(size)]
        born_month = rng.integers((1950 - 1970) * 12, (2001 - 1970) * 12, size)
        young = np.flatnonzero(self.chance(0.006, size))
        if len(young) < 6:
            young = np.arange(6)
        self.young = young
        turns = (self.as_of - rng.integers(10, 1400, len(young))).astype("M8[D]").astype("M8[M]").astype(int)
        born_month[young] = turns - 16 * 12
        day = rng.integers(0, 28, size)
        self.dob = born_month.astype("M8[M]").astype("M8[D]").astype(int) + day
        self.sixteen = (born_month + 16 * 12).astype("M8[M]").astype("M8[D]").astype(int) + day
        # Records: most people have one, a few two, some three in a chain.
        self.records = np.ones(size, int)
        self.records[self.chance(0.015, size)] = 2
        self.records[self.chance(0.003, size)] = 3
        plain = np.array([text.startswith("N") for text in self.ids])
        self.records[~plain] = 1
        self.removed = np.full(size, NO_DAY)
        gone = self.chance(0.002, size)
        gone[:3] = True
        self.removed[gone] = self.as_of - rng.integers(-3, 300, int(gone.sum()))
        self.removed[0] = self.as_of
        self.removed[young] = NO_DAY
        self.force = np.where(np.arange(size) % 9 == 0, 1, 0)

    def _id(self, i: int) -> str:
        """Return an id in one of the styles of several old systems, twins of each other among them."""
        if i % 20 < 2:  # leading zeros stay: two people
            return f"{i + 20:07d}" if i % 20 == 0 else str(i + 19)
        if i % 50 == 7:
            return f"É-{i:06d}"
        if i % 500 in (11, 12):  # equal but for case or width: two people, marked
            wide = self.utf8 and i % 1000 < 500
            text = f"{'ＡＢ' if wide and i % 500 == 11 else 'AB'}{i - i % 500:06d}c"
            return text if i % 500 == 11 else text.lower()
        return f"N{i + 100_000:06d}"

    def record(self, person: np.ndarray, number: np.ndarray) -> np.ndarray:
        """Return the id of a record of each person: 0 is the one all are joined to."""
        out = [
            self.ids[p] if n == 0 else f"{'BC'[n - 1]}-{p:06d}"
            for p, n in zip(person.tolist(), number.tolist(), strict=True)
        ]
        return _texts(out)

    # -- incidents ---------------------------------------------------------------------------------------

    def make_incidents(self) -> None:
        """Who did what to whom, when, and when the force came to know."""
        rng = self.rng
        self.count = n = int(self.rows * 0.598)
        person = np.full(n, -1)
        named = np.flatnonzero(~self.chance(0.2, n))
        again = np.flatnonzero(self.chance(0.24, self.size))
        drawn = again[(len(again) * rng.random(len(named)) ** 1.4).astype(int)]
        person[named] = drawn
        person[named[: self.size]] = np.arange(self.size)[: len(named)]
        day = self.extract - rng.integers(0, 1500, n)
        delay = rng.geometric(0.35, n) - 1
        late = self.chance(0.05, n)
        delay[late] = rng.lognormal(4, 1.2, int(late.sum())).astype(int)
        known = np.minimum(day + delay, self.extract)
        historic = self.chance(0.005, n)
        day[historic] = known[historic] - rng.integers(400, 7000, int(historic.sum()))
        crime = ~self.chance(0.42, n)
        self.by_date = np.zeros(n, bool)
        once = named[: self.size][
            np.bincount(person[named], minlength=self.size)[person[named[: self.size]]] == 1
        ]
        self.by_date[once[:: max(1, len(once) // 40)]] = True
        free = np.setdiff1d(named, np.flatnonzero(self.by_date))
        self.victim = np.where(
            person >= 0, person * 4 + rng.choice(3, n, p=[0.8, 0.15, 0.05]), self.size * 4 + np.arange(n)
        )
        self.victim[self.chance(0.08, n)] = -1
        # Counter-allegations: each is recorded as suspect of the other. Then people around their birthday.
        pairs = max(4, n // 600)
        chosen = rng.choice(free, 2 * pairs + 12, replace=False)
        one, other = rng.choice(np.arange(3, self.size), (2, pairs), replace=False)
        person[chosen[: 2 * pairs]] = np.concatenate([one, other])
        self.victim[chosen[: 2 * pairs]] = -2 - np.concatenate([other, one])
        sides = chosen[2 * pairs :]
        person[sides] = np.repeat(self.young[:6], 2)
        day[sides] = self.sixteen[person[sides]] - np.tile([1, 0], 6)
        known[sides] = day[sides] + 1
        crime[sides], self.victim[sides] = True, person[sides] * 4
        self.birthday = sides
        self.person, self.day, self.known, self.crime = person, day, known, crime
        self.code = rng.choice(len(CODES), n, p=list(CODES.values()))
        runs = crime & (self.code == list(CODES).index("008/67")) & self.chance(0.5, n)
        self.end = np.where(runs, np.minimum(day + rng.integers(0, 400, n), self.extract), NO_DAY)
        self.border = np.where(self.chance(0.02, n), 1, 0) ^ np.where(person >= 0, self.force[person], 0)
        self.cancelled = self.chance(0.03, n)
        self.not_domestic = self.chance(0.012, n)
        self.cancelled[sides] = self.not_domestic[sides] = False

    # -- rows --------------------------------------------------------------------------------------------

    def make_rows(self) -> None:
        """Rows of each incident: suspects, crimes, victims, witnesses; then a join's copies."""
        n = self.count
        known_victim, named = self.victim != -1, self.person >= 0
        self.several = self.crime & self.chance(0.05, n) & ~self.by_date
        parts = [
            (0, np.arange(n)),
            (1, np.flatnonzero(named & self.chance(0.03, n) & ~self.by_date & (self.victim >= 0))),
            (2, np.flatnonzero(known_victim & self.chance(0.04, n))),
            (3, np.flatnonzero(self.several)),
            (4, np.flatnonzero(known_victim & self.chance(0.53, n))),
            (5, np.flatnonzero(self.chance(0.07, n))),
        ]
        kind = np.concatenate([np.full(len(at), number) for number, at in parts])
        inc = np.concatenate([at for _, at in parts])
        order = np.lexsort((kind, inc))
        self.kind, self.inc = kind[order], inc[order]
        self.lines = len(order)
        self.who = self.person[self.inc].copy()
        second = self.kind == 1
        self.who[second] = (self.who[second] + 1) % self.size
        self.row_victim = self.victim[self.inc].copy()
        second = self.kind == 2
        self.row_victim[second] = np.where(
            self.who[second] >= 0, self.who[second] * 4 + 3, -(10**9) - self.inc[second]
        )
        self.row_code = self.code[self.inc].copy()
        self.row_code[self.kind == 3] = (self.row_code[self.kind == 3] + 1) % len(CODES)
        self.other_role = self.kind >= 4
        # The person a row names: a victim's own row names the victim, who may be someone's suspect.
        self.named = np.where(
            self.other_role,
            np.where((self.kind == 4) & (self.row_victim <= -2), -2 - self.row_victim, -1),
            self.who,
        )
        self.named[self.other_role & (self.row_victim < -(10**8))] = -1

    def make_columns(self) -> None:
        """The text of every cell, in the spellings of many hands."""
        m, inc, rng = self.lines, self.inc, self.rng
        safe = np.where(self.who >= 0, self.who, 0)
        rec = (rng.random(m) * self.records[safe]).astype(int)
        nobody = self.pick(NOBODY, m)
        victims = np.where(self.row_victim == -1, self.pick(NO_VICTIM, m), self._victim_ids(self.row_victim))
        nominal = np.where(self.who >= 0, self.record(safe, rec), nobody)
        nominal = np.where(self.kind == 4, victims, nominal)
        nominal = np.where(self.kind == 5, _texts(f"W{i:07d}" for i in inc.tolist()), nominal)
        day, crime = self.day[inc], self.crime[inc]
        recorded = np.where(self.chance(0.03, self.count), NO_DAY, self.known)[inc]
        self.row_known = np.where(recorded == NO_DAY, day, recorded)
        codes = list(CODES)
        spelt = _texts(
            s for c in codes for s in (c, c, c, _short(c), f" {c} ", c.lstrip("0"), c.replace("/", " / "))
        )
        code = spelt[self.row_code * 7 + rng.integers(0, 7, m)]
        flag = np.where(crime, self.pick(YES, m), self.pick(NO, m))
        has_ref = (crime | self.chance(0.7, self.count)[inc]) & ~self.by_date[inc]
        has_occ = (self.several | ~self.crime | self.chance(0.75, self.count))[inc] & ~self.by_date[inc]
        tail = np.where(self.kind == 3, "B", "")
        reference = _texts(
            f"99/{i:06d}{t}/{i % 5 + 21}" for i, t in zip(inc.tolist(), tail.tolist(), strict=True)
        )
        words = np.where(self.kind == 4, self.pick(VICTIM, m), self.pick(WITNESS, m))
        areas = [
            self.pick([a for a in names if self.utf8 or "ŷ" not in a], self.count)[inc] for names in AREAS
        ]
        tells = (self.chance(0.7, self.size)[safe]) & self.chance(0.9, m) & (self.who >= 0) & ~self.other_role
        self.columns = {
            "nominal_ref": nominal,
            "offence_date": uk(day),
            "ended_on": uk(self.end[inc]),
            "created_on": uk(recorded),
            "ho_code": np.where(crime, code, self.pick(ODD_CODES, m)),
            "victim_ref": victims,
            "crime_ref": np.where(has_ref, reference, ""),
            "occurrence_ref": np.where(has_occ, _texts(f"OCC{i:07d}" for i in inc.tolist()), ""),
            "role": np.where(self.other_role, words, self.pick(SUSPECT, m)),
            "outcome": np.where(
                self.cancelled, self.pick(EXCLUDED, self.count), self.pick(COUNTED, self.count)
            )[inc],
            "crime_flag": flag,
            "da_flag": np.where(self.not_domestic[inc], self.pick(NO, m), self.pick(YES, m)),
            "relationship": self.pick(("Partner", "Ex-partner", "", "Parent", "Sibling"), self.count)[inc],
            "children": self.pick(("Y", "N", ""), m),
            "force": np.where(self.border[inc] == 1, "Borderland", "Anyshire"),
            "district": np.where(self.border[inc] == 1, areas[1], areas[0]),
            "dob": np.where(tells, np.where(self.chance(0.01, m), "01/01/1900", uk(self.dob[safe])), ""),
            "note": _texts([""] * m),
        }
        some = rng.choice(m, m // 50, replace=False)
        self._respell("nominal_ref", some, ("  {}", "{} ", "\t{}", "{}\u00a0"))
        self._respell("victim_ref", rng.choice(m, m // 50, replace=False), (" {}", "{}  "))
        if self.utf8:
            accented = np.flatnonzero(np.char.find(nominal.astype(str), "É") >= 0)[::2]
            for row in accented.tolist():
                self.columns["nominal_ref"][row] = unicodedata.normalize(
                    "NFD", self.columns["nominal_ref"][row]
                )
        noted = rng.choice(m, m // 300, replace=False)
        self.columns["note"][noted] = (
            "seen by IP's mother,\r\n\"he'd been drinking\"\r\n\r\nno further action"
        )

    def _victim_ids(self, keys: np.ndarray) -> np.ndarray:
        return _texts(
            f"V{k:07d}" if k >= 0 else f"X{-k - 10**9:07d}" if k < -(10**8) else self.ids[-2 - k]
            for k in keys.tolist()
        )

    def _respell(self, column: str, rows: np.ndarray, shapes: tuple[str, ...]) -> None:
        cells = self.columns[column]
        for number, row in enumerate(rows.tolist()):
            cells[row] = shapes[number % len(shapes)].format(cells[row])

    # -- truth -------------------------------------------------------------------------------------------

    def make_truth(self) -> None:
        """What was planted in each row, first reason first, before any fault is added."""
        m, inc = self.lines, self.inc
        self.truth = np.full(m, "", object)
        self.at = np.full(m, 99.0)
        event = self.day[inc]
        whose = np.where(self.named >= 0, self.named, 0)
        later = (event > self.as_of) | (self.row_known > self.as_of)
        self.truth[later] = LATER
        self._kill(event)
        died = self.died[whose]
        self._mark("NO_NAMED_SUSPECT", (self.who < 0) & ~self.other_role)
        self._mark("DATE_ORDER", (self.named >= 0) & (died != NO_DAY) & (died <= self.as_of) & (event > died))
        self._mark("ROLE", self.other_role)
        self._mark("NOT_DOMESTIC", self.not_domestic[inc])
        gone = self.removed[whose]
        self._mark("REMOVED", (self.named >= 0) & (gone != NO_DAY) & (gone <= self.as_of))
        self._mark("BAD_DOB", (self.named >= 0) & (event < self.dob[whose]))
        under = (self.named >= 0) & (event < self.sixteen[whose])
        self._mark("UNDER_AGE", under)
        self._mark("OUTCOME", self.cancelled[inc])
        end = self.end[inc]
        recent = self.as_of - np.where(end == NO_DAY, event, np.minimum(end, self.as_of)) < 730
        nobody = (self.who < 0) & ~self.other_role & recent & ~later
        nobody &= ~self.cancelled[inc] & ~self.not_domestic[inc]
        self.unnamed = len(np.unique(inc[nobody]))
        # A birth date that decides something must be known whatever happens to the row that tells it.
        self.sure = np.zeros(self.size, bool)
        self.sure[whose[under]] = True
        self.sure[self.young] = True

    def _mark(self, word: str, rows: np.ndarray) -> None:
        first = rows & (self.at > self.step[word])
        self.truth[first], self.at[first] = word, self.step[word]

    def _kill(self, event: np.ndarray) -> None:
        """Let a few people die after their last event, and a handful before it."""
        last = np.full(self.size, NO_DAY)
        seen = self.named >= 0
        np.maximum.at(last, self.named[seen], event[seen])
        dead = np.flatnonzero(self.chance(0.004, self.size) & (last != NO_DAY))
        dead = np.setdiff1d(dead, self.young)
        self.died = np.full(self.size, NO_DAY)
        self.died[dead] = np.minimum(last[dead] + self.rng.integers(0, 200, len(dead)), self.extract)
        self.died[dead[:4]] = last[dead[:4]] - 1
        self.dead = dead

    # -- faults ------------------------------------------------------------------------------------------

    def add_copies(self) -> None:
        """A join's copies: beside the first or at the end of the file, exact or in another spelling."""
        rng, m = self.rng, self.lines
        extra = self.rows - m
        assert extra > 20, "too few rows left for copies"
        original = rng.choice(m, extra, replace=False)
        source = np.concatenate([np.arange(m), original])
        beside = np.where(np.arange(extra) % 2, m, original) + 0.5
        order = np.argsort(np.concatenate([np.arange(m), beside]), kind="stable")
        copy = np.concatenate([np.zeros(m, bool), np.ones(extra, bool)])
        touched = np.zeros(m, bool)
        touched[original] = True
        self.columns = {name: cells[source][order] for name, cells in self.columns.items()}
        self.truth, self.at = self.truth[source][order], self.at[source][order]
        self.source = source[order]
        self.is_copy = copy[order]
        self.free = ~touched[self.source]
        self._mark("DUPLICATE", self.is_copy)
        again = np.flatnonzero(self.is_copy)[::3]
        for column in ("role", "nominal_ref", "ho_code", "outcome"):
            self._respell(column, again, (" {}", "{} "))
        self.columns["role"][again] = np.char.swapcase(self.columns["role"][again].astype(str))
        self._twins()
        named = self.named[self.source]
        self.free &= (named < 0) | ~self.sure[named]
        self.free[np.isin(self.inc[self.source], self.birthday)] = False

    def _twins(self) -> None:
        """Copies under two records of one person: the lowest record stays."""
        two = (self.records[np.maximum(self.named[self.source], 0)] > 1) & (self.truth == "DUPLICATE")
        for row in np.flatnonzero(two & (self.named[self.source] >= 0))[:12].tolist():
            first = int(np.flatnonzero((self.source == self.source[row]) & ~self.is_copy)[0])
            person = int(self.named[self.source[row]])
            self.columns["nominal_ref"][first] = f"B-{person:06d}"
            self.columns["nominal_ref"][row] = self.ids[person]

    def add_faults(self) -> None:
        """Faults of every reason until there are exactly as many as asked for."""
        self.broken: dict[int, str] = {}
        faulty = {word: step for word, step in self.step.items() if word in SPOILERS or word == "STRUCTURE"}
        there = int(np.isin(self.truth.astype(str), list(faulty)).sum())
        each, rest = divmod(self.faults - there, len(faulty))
        assert each >= 3, "too few faults for three of each reason"
        for number, word in enumerate(faulty):
            share = each + (number < rest)
            pool = self.free & ((self.truth == "") | ((self.truth == "ROLE") & (self.step[word] < 3.3)))
            pool &= ~((self.truth == "ROLE") & (word == "SELF_LINK"))
            if word == "UNKNOWN_CODE":
                pool &= self.crime[self.inc[self.source]]
            rows = self.rng.choice(np.flatnonzero(pool), share, replace=False)
            if word == "STRUCTURE":
                rows[0] = self._last_free(rows)
                self._break(rows)
            else:
                spoilers = SPOILERS[word]
                for turn, row in enumerate(rows.tolist()):
                    column, spoil = spoilers[turn % len(spoilers)]
                    self.columns[column][row] = spoil(self, row)
            self.truth[rows], self.at[rows] = word, self.step[word]
            self.free[rows] = False

    def _last_free(self, rows: np.ndarray) -> int:
        left = self.free.copy()
        left[rows] = False
        return int(np.flatnonzero(left & (self.truth == ""))[-1])

    def _break(self, rows: np.ndarray) -> None:
        """Cells lost or gained, a stray quote, and a line of totals."""
        width = len(COLUMNS)
        for turn, row in enumerate(rows.tolist()):
            cells = ["N1", "01/01/2025", *[""] * (width - 2)]
            shapes = (
                "Total rows: many",
                ",".join(cells[:-3]),
                ",".join([*cells, "x"]),
                '"N1" and another' + "," * (width - 1),
            )
            self.broken[row] = shapes[turn % 4]
            for column in self.columns.values():
                column[row] = ""

    # -- the other tables --------------------------------------------------------------------------------

    def make_sides(self) -> None:
        """Subjects, custody, links and removals; faults in the first two only, which stop nothing."""
        rng = self.rng
        self.side_truth: dict[str, dict[int, str]] = {
            "subjects": {},
            "custody": {},
            "links": {},
            "removals": {},
        }
        self.sides = {
            "subjects": (("nominal_ref", "sex", "dob", "died"), self._subjects()),
            "custody": (("nominal_ref", "in_date", "out_date", "due_out"), self._custody()),
        }
        links = [(f"B-{p:06d}", self.ids[p]) for p in np.flatnonzero(self.records > 1).tolist()]
        links += [(f"C-{p:06d}", f"B-{p:06d}") for p in np.flatnonzero(self.records > 2).tolist()]
        self.sides["links"] = (
            ("nominal", "master"),
            [links[i] for i in rng.permutation(len(links)).tolist()],
        )
        gone = np.flatnonzero(self.removed != NO_DAY)
        by = self.record(gone, np.where(np.arange(len(gone)) % 2, self.records[gone] - 1, 0))
        self.sides["removals"] = (
            ("nominal_ref", "removed"),
            list(zip(by.tolist(), uk(self.removed[gone]).tolist(), strict=True)),
        )

    def _subjects(self) -> list[tuple[str, ...]]:
        sure = self.sure | (self.died != NO_DAY)
        told = np.flatnonzero(self.chance(0.6, self.size) | sure)
        dob, died = uk(self.dob[told]), uk(self.died[told])
        spare = np.flatnonzero(~sure[told])
        dob[spare[:: max(1, len(spare) // 60)]] = "01/01/1900"
        # Two birth dates, of people met in one force only: an id of two forces would be two people.
        forces = np.zeros((self.size, 2), bool)
        forces[self.who[self.who >= 0], self.border[self.inc][self.who >= 0]] = True
        torn = [i for i in spare[5::40].tolist() if forces[told[i]].sum() < 2][:20]
        dob[torn] = uk(self.dob[told][torn] - 365)
        bad = spare[2::50][:5]
        dob[bad] = ["31/02/1980", "1980", "1/5/80", "45321", "1980-05-01"]
        self.side_truth["subjects"] = {int(i) + 1: "BAD_DOB" for i in bad}
        sex = self.pick(("M", "F", "U", ""), len(told))
        ids = self.record(told, np.zeros(len(told), int))
        return list(zip(ids.tolist(), sex.tolist(), dob.tolist(), died.tolist(), strict=True))

    def _custody(self) -> list[tuple[str, ...]]:
        rng = self.rng
        held = np.flatnonzero(self.chance(0.03, self.size))
        start = self.as_of - rng.integers(-2, 900, len(held))
        end = start + rng.integers(0, 200, len(held))
        still = (end > self.as_of) | self.chance(0.1, len(held))
        due = np.where(
            still & (np.arange(len(held)) % 2 == 0), self.as_of + rng.integers(1, 90, len(held)), NO_DAY
        )
        end = np.where(still, NO_DAY, end)
        over = (
            held[::5],
            start[::5] - 5,
            np.where(still[::5], start[::5] + 3, end[::5] - 1),
            due[::5] * 0 + NO_DAY,
        )
        touch = held[1::7], start[1::7] - 30, start[1::7], due[1::7] * 0 + NO_DAY
        parts = [np.concatenate(p) for p in zip((held, start, end, due), over, touch, strict=True)]
        parts[2] = np.where(parts[2] == NO_DAY, NO_DAY, np.maximum(parts[1], parts[2]))
        begin, until = uk(parts[1]), uk(parts[2])
        for number, row in enumerate(np.arange(4, len(begin), len(begin) // 15)[:12].tolist()):
            word = ("BAD_INTERVAL", "SENTINEL_DATE", "MISSING_DATE")[number % 3]
            self.side_truth["custody"][row + 1] = word
            if word == "BAD_INTERVAL":
                until[row] = uk(parts[1][row : row + 1] - 2)[0]
            elif word == "SENTINEL_DATE":
                until[row] = "31/12/9999"
            else:
                begin[row] = ""
        ids = self.record(parts[0], np.zeros(len(begin), int))
        return list(zip(ids.tolist(), begin.tolist(), until.tolist(), uk(parts[3]).tolist(), strict=True))

    def result(self) -> Extract:
        """Put it together."""
        source, inc = self.source, self.inc[self.source]
        end = self.end[inc]
        day = np.where(end == NO_DAY, self.day[inc], np.minimum(end, self.as_of))
        worth = weights()
        weight = np.array([worth[code] for code in CODES])[self.row_code[source]]
        facts = {
            "person": self.who[source],
            "day": day,
            "incident": inc,
            "weight": np.where(self.crime[inc], weight, NO_CRIME),
            "victim": self.row_victim[source],
        }
        grown = np.flatnonzero(self.as_of < _add_years(self.sixteen, 2))
        return Extract(
            columns=self.columns,
            broken=self.broken,
            truth=self.truth,
            sides=self.sides,
            side_truth=self.side_truth,
            facts=facts,
            people=self.ids,
            under_18={self.ids[p] for p in grown.tolist()},
            unnamed=self.unnamed,
            encoding=self.encoding,
        )


def _add_years(days: np.ndarray, years: int) -> np.ndarray:
    """Return the same day of the month some years on; no day here is past the 28th."""
    month = days.astype("M8[D]").astype("M8[M]")
    within = days - month.astype("M8[D]").astype(int)
    return (month.astype(int) + 12 * years).astype("M8[M]").astype("M8[D]").astype(int) + within


def _short(code: str) -> str:
    """Return a code as a spreadsheet leaves it: 8/6."""
    return "/".join(part.lstrip("0") or "0" for part in code.split("/"))


Spoil = Callable[[_Builder, int], str]


def _says(*texts: str) -> Spoil:
    """Write one of these."""
    return lambda b, row: texts[row % len(texts)]


def _away(days: int, *, of_extract: bool = False) -> Spoil:
    """Write a day so far from the event, or from the extract."""
    return lambda b, row: str(
        uk(np.array([b.extract if of_extract else b.day[b.inc[b.source[row]]]]) + days)[0]
    )


def _self(b: _Builder, row: int) -> str:
    """Name the suspect as victim, under another record where there is one."""
    person = int(b.who[b.source[row]])
    return f"B-{person:06d}" if b.records[person] > 1 else b.ids[person]


def _hidden(b: _Builder, row: int) -> str:
    """Put a character that cannot be seen into an id."""
    return f"N12{chr(0x200B) if b.utf8 else chr(0xAD)}{row}"


#: What is written where to make a fault of each reason.
SPOILERS: dict[str, list[tuple[str, Spoil]]] = {
    "TOO_LONG": [
        ("nominal_ref", _says("N" + "9" * 200)),
        ("relationship", _says("x" * 10_001)),
        ("crime_ref", _says("/" * 201)),
    ],
    "BAD_ID": [
        ("nominal_ref", _says("1.23457E+10", "4e+05")),
        ("nominal_ref", _hidden),
        ("victim_ref", _says("7E+05")),
        ("crime_ref", _says("99/1" + chr(7) + "/25")),
    ],
    "SELF_LINK": [("victim_ref", _self)],
    "MISSING_DATE": [("offence_date", _says("", "  "))],
    "BAD_DATE": [
        ("offence_date", _says("31/02/2025", "2025-03-01", "1/3/25", "45321", "03/25/2025", "not known")),
        ("created_on", _says("00/00/0000", "1.3.2025", "01/03/2025 14:30")),
        ("ended_on", _says("ongoing")),
    ],
    "SENTINEL_DATE": [
        ("offence_date", _says("01/01/1900", "01/01/1970")),
        ("created_on", _says("01/01/1900")),
        ("ended_on", _says("31/12/9999")),
    ],
    "FUTURE_DATE": [
        ("offence_date", _away(1, of_extract=True)),
        ("created_on", _away(400, of_extract=True)),
    ],
    "DATE_ORDER": [("created_on", _away(-1)), ("ended_on", _away(-30))],
    "UNKNOWN_ROLE": [("role", _says("", "Susp", "Complainant", "IP"))],
    "BAD_FLAG": [
        ("crime_flag", _says("", "?")),
        ("da_flag", _says(" ", "maybe")),
        ("children", _says("not asked")),
    ],
    "BAD_DOB": [("dob", _says("31/02/1980", "1980", "05-May-80")), ("dob", _away(1))],
    "UNKNOWN_OUTCOME": [("outcome", _says("NFA", "Outcome 16?", "-"))],
    "UNKNOWN_CODE": [("ho_code", _says("8/88", "049/99", "", "08-Jun", "8,06"))],
}


def build(
    rows: int = 200_000, seed: int = 20250630, *, faults: int | None = None, encoding: str = "utf-8"
) -> Extract:
    """Build an extract.

    Parameters
    ----------
    rows : int
        Offence rows, 20,000 or more.
    seed : int
        Same seed, same extract.
    faults : int, optional
        Rows at fault, exactly; by default 0.45 % of the rows.
    encoding : str
        ``utf-8`` or ``cp1252``; in the latter ids hold only what it can write.

    Returns
    -------
    Extract
        The extract and its truth.
    """
    builder = _Builder(rows, seed, round(rows * 0.0045) if faults is None else faults, encoding)
    builder.make_people()
    builder.make_incidents()
    builder.make_rows()
    builder.make_columns()
    builder.make_truth()
    builder.add_copies()
    builder.make_sides()  # before the faults: more of these change nothing else
    builder.add_faults()
    return builder.result()
