"""Make the sample extract that comes with the package. All people in it are invented.

Run from the top folder: ``python tools/make_sample.py``. Same seed, same bytes.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np

OUT = Path(__file__).parent.parent / "rfgscore" / "sample"
AS_OF = dt.date(2025, 6, 30)
# Shares are assumed: a plausible mix, not an estimate of any force's.
CODES = {
    "105/01": 0.30, "008/06": 0.17, "195/94": 0.14, "149/00": 0.12, "066/39": 0.07, "008/31": 0.06,
    "008/67": 0.04, "003/01": 0.04, "008/66": 0.02, "008/77": 0.02, "008/01": 0.01, "019/08": 0.01,
}  # fmt: skip
FIELDS = (
    "nominal_ref", "offence_date", "created_on", "ho_code", "victim_ref", "crime_ref", "role", "outcome",
    "crime_flag", "force", "district",
)  # fmt: skip


def uk(day: dt.date) -> str:
    return day.strftime("%d/%m/%Y")


class Extract:
    """Rows as a records system would write them, one crime reference after another."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(20250630)
        self.rows: list[dict[str, str]] = []

    def add(self, person: str, day: dt.date, code: str, victim: str, **more: str) -> None:
        row = {
            "nominal_ref": person,
            "offence_date": uk(day),
            "created_on": uk(day),
            "ho_code": code,
            "victim_ref": victim,
            "crime_ref": f"99/{len(self.rows) + 1:05d}/{day:%y}",
            "role": "Suspect",
            "outcome": "",
            "crime_flag": "Y" if code else "N",
            "force": "Anyshire",
            "district": str(self.rng.choice(["North", "South", "Coast"])),
        }
        self.rows.append(row | more)

    def careers(self, people: int) -> None:
        """Most people once, a few often; late recording, unknown victims, cancelled rows."""
        rng = self.rng
        for number in range(people):
            person = f"N{rng.integers(10_000, 99_999)}"
            victims = [f"V{rng.integers(10_000, 99_999)}" for _ in range(1 + rng.poisson(0.4))]
            for _ in range(min(int(rng.zipf(2.1)), 14)):
                day = AS_OF - dt.timedelta(int(rng.integers(0, 1000)))
                crime = rng.random() > 0.4
                code = str(rng.choice(list(CODES), p=list(CODES.values()))) if crime else ""
                late = (
                    AS_OF
                    if rng.random() < 0.02
                    else min(AS_OF, day + dt.timedelta(int(rng.geometric(0.3)) - 1))
                )
                self.add(
                    person,
                    day,
                    code,
                    str(rng.choice(victims)) if rng.random() > 0.08 else str(rng.choice(["", "not known"])),
                    created_on=uk(late),
                    role=str(rng.choice(["Suspect", "Offender", "Charged"])),
                    outcome="Cancelled" if rng.random() < 0.02 else "",
                )
            if number % 3 == 0:  # the victim's own row of the same crime
                self.rows.append(self.rows[-1] | {"nominal_ref": victims[0], "role": "Victim"})
            if number % 8 == 0:
                self.rows.append(self.rows[-1] | {"nominal_ref": "unknown", "crime_ref": f"99/9{number:04d}/25",
                                                  "role": "Suspect"})  # fmt: skip

    def stories(self) -> None:
        """People whose rows show one thing each."""
        for back in (12, 75, 140, 300, 420):
            self.add("N70001", AS_OF - dt.timedelta(back), "105/01", "V70001")
        self.add("N70001", AS_OF - dt.timedelta(33), "008/77", "V70002")
        # One person under the references of two forces, joined by the links table.
        self.add("N70002", AS_OF - dt.timedelta(20), "008/06", "V70003")
        self.add("B-4471", AS_OF - dt.timedelta(50), "008/67", "V70004", force="Borderland", district="West")
        self.add("B-4471", AS_OF - dt.timedelta(90), "105/01", "V70004", force="Borderland", district="West")
        # Each recorded as suspect of the other.
        self.add("N70005", AS_OF - dt.timedelta(60), "105/01", "N70006")
        self.add("N70006", AS_OF - dt.timedelta(60), "105/01", "N70005")
        self.add("N70006", AS_OF - dt.timedelta(61), "195/94", "N70005")
        # Fifteen on the first day, sixteen on the second; seventeen now.
        self.add("N70007", dt.date(2024, 3, 1), "105/01", "V70007")
        self.add("N70007", dt.date(2025, 3, 1), "105/01", "V70007")
        self.add("N70008", AS_OF - dt.timedelta(200), "008/06", "V70008")  # died since
        self.add("N70009", AS_OF - dt.timedelta(40), "008/66", "V70009")  # in custody
        self.add("N70010", AS_OF - dt.timedelta(900), "019/08", "V70010", created_on=uk(AS_OF))
        self.rows.append(self.rows[-2] | {})  # the same row twice, as a join leaves it
        self.add("N70011", AS_OF - dt.timedelta(15), "105/01", "V70011", offence_date="31/02/2025")
        self.add("N70012", AS_OF - dt.timedelta(15), "008/88", "V70012")


def write(name: str, fields: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    with (OUT / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    extract = Extract()
    extract.careers(140)
    extract.stories()
    write("offences.csv", FIELDS, extract.rows)
    subjects = ("nominal_ref", "dob", "deceased")
    write("subjects.csv", subjects, [
        dict(zip(subjects, row, strict=True))
        for row in [("N70007", "02/03/2008", ""), ("N70008", "11/05/1971", "02/03/2025"), ("N70001", "07/09/1988", "")]
    ])  # fmt: skip
    custody = ("nominal_ref", "in_date", "out_date")
    write("custody.csv", custody, [
        dict(zip(custody, row, strict=True))
        for row in [("N70009", "30/05/2025", ""), ("N70001", "01/02/2025", "15/02/2025")]
    ])  # fmt: skip
    write("links.csv", ("nominal", "master"), [{"nominal": "B-4471", "master": "N70002"}])


if __name__ == "__main__":
    main()
