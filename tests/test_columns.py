"""Which columns and episodes a regression takes, and what it says of the others."""

from __future__ import annotations

import numpy as np
import pytest

from rfgscore.errors import FitError, FollowUpError, TooFewEventsError
from rfgscore.escalation.models.columns import COLLINEAR, check_events, fit_columns, row_order
from rfgscore.escalation.models.ends import competing_hazard, reach
from rfgscore.escalation.tables import Covariates, Episodes

ROWS = 400


def known(**columns) -> Covariates:
    values = np.column_stack(list(columns.values())).astype(float)
    return Covariates(tuple(columns), values, (0,) * len(columns), tuple(columns))


def episodes(stop, end, start=None) -> Episodes:
    stop = np.asarray(stop, np.int32)
    start = np.zeros_like(stop) if start is None else np.asarray(start, np.int32)
    return Episodes(np.arange(len(stop)), stop * 0, start, stop, np.asarray(end, np.int8), outcome="repeat")


@pytest.fixture
def drawn():
    draw = np.random.default_rng(1)
    rows = episodes(draw.integers(1, 300, ROWS), draw.integers(0, 2, ROWS))
    return draw.normal(size=(4, ROWS)), rows


class TestColumns:
    def test_what_varies_by_itself_is_kept_in_order(self, drawn):
        (a, b, c, _), rows = drawn
        assert fit_columns(known(b=b, a=a, c=c), rows) == (("b", "a", "c"), ())

    @pytest.mark.parametrize("value", [0.0, 7.0, -1e9, 0.1])
    def test_what_does_not_vary_is_dropped(self, drawn, value):
        (a, *_), rows = drawn
        flat = np.full(ROWS, value)
        nearly = flat + value * 1e-14 * np.sign(a)
        kept, dropped = fit_columns(known(flat=flat, a=a, nearly=nearly), rows)
        assert kept == ("a",)
        assert dropped == (("flat", "the same in every row"), ("nearly", "the same in every row"))

    def test_a_small_column_is_not_a_constant_one(self, drawn):
        (a, b, *_), rows = drawn
        assert fit_columns(known(a=a, small=b * 1e-12), rows)[0] == ("a", "small")

    def test_the_later_of_two_alike_is_dropped_with_what_it_repeats(self, drawn):
        (a, b, *_), rows = drawn
        kept, dropped = fit_columns(known(a=a, b=b, twice=5 - 2 * a), rows)
        assert (kept, dropped) == (("a", "b"), (("twice", "repeats a (correlation -1)"),))
        assert fit_columns(known(twice=5 - 2 * a, b=b, a=a), rows)[0] == ("twice", "b")

    def test_a_sum_of_others_is_dropped_with_what_it_is_made_of(self, drawn):
        (a, b, c, d), rows = drawn
        kept, dropped = fit_columns(known(a=a, b=b, c=c, made=a - 3 * c, d=d), rows)
        assert (kept, dropped) == (("a", "b", "c", "d"), (("made", "a combination of a, c"),))

    @pytest.mark.parametrize(("share", "keeps"), [(0.5 * COLLINEAR, False), (2 * COLLINEAR, True)])
    def test_the_tolerance_is_a_share_of_variance_left_unexplained(self, drawn, share, keeps):
        (a, b, *_), rows = drawn
        a, b = a - a.mean(), b - b.mean()
        b -= (a @ b) / (a @ a) * a
        mixed = np.sqrt(1 - share) * a / np.linalg.norm(a) + np.sqrt(share) * b / np.linalg.norm(b)
        assert ("mixed" in fit_columns(known(a=a, mixed=mixed), rows)[0]) == keeps

    def test_a_dropped_column_takes_nothing_from_those_after_it(self, drawn):
        (a, b, *_), rows = drawn
        assert fit_columns(known(a=a, nearly=a + 1e-4 * b, b=b), rows)[0] == ("a", "b")

    def test_nothing_left(self, drawn):
        with pytest.raises(FitError, match="no column is left of 2"):
            fit_columns(known(one=np.ones(ROWS), two=np.zeros(ROWS)), drawn[1])


class TestSeparation:
    def refused(self, rows, **columns) -> str:
        with pytest.raises(FitError, match="separate") as caught:
            fit_columns(known(**columns), rows, 1)
        return str(caught.value)

    @pytest.mark.parametrize("sign", [1, -1])
    def test_a_cut_between_those_with_the_event_and_the_others(self, drawn, sign):
        (a, b, *_), rows = drawn
        text = self.refused(rows, a=a, cut=sign * (np.abs(b) + 10 * rows.event))
        assert "(repeat)" in text and ": cut." in text and "Leave them out" in text

    @pytest.mark.parametrize("group", [0, 1])
    def test_a_group_in_which_nothing_happened(self, drawn, group):
        (a, b, *_), rows = drawn
        flag = np.where(~rows.event & (b > 0), group, 1 - group)
        assert ": flag." in self.refused(rows, a=a, flag=flag)

    def test_all_of_them_are_named(self, drawn):
        (a, b, c, _), rows = drawn
        flags = {name: ~rows.event & (values > 1) for name, values in (("b", b), ("c", c))}
        assert ": b, c." in self.refused(rows, a=a, **flags)

    @pytest.mark.parametrize("sign", [1, -1])
    def test_each_event_took_the_highest_who_was_still_there(self, sign):
        at = np.arange(1, 61)
        values = sign * np.where(at % 2, 100 - at, 0.5)
        assert ": falls." in self.refused(episodes(at, at % 2), falls=values)

    def test_one_event_in_a_group_is_enough(self, drawn):
        (a, b, *_), rows = drawn
        flag = ~rows.event & (b > 0)
        flag[np.flatnonzero(rows.event)[0]] = True
        assert fit_columns(known(a=a, flag=flag), rows)[0] == ("a", "flag")

    def test_all_ended_by_the_event(self, drawn):
        (a, *_), rows = drawn
        assert fit_columns(known(a=a), episodes(rows.stop, np.ones(ROWS)))[0] == ("a",)


class TestEvents:
    def test_all_censored(self):
        with pytest.raises(TooFewEventsError, match=r"none of 5 episodes .*\(repeat\).*otherwise"):
            check_events(episodes([1, 2, 3, 4, 5], [0, 2, 3, 0, 0]), 0)

    def test_no_episode(self):
        with pytest.raises(TooFewEventsError, match="none of 0 episodes"):
            fit_columns(known(a=np.empty(0)), episodes([], []))

    def test_too_few_for_the_columns_kept(self, drawn):
        (a, b, c, _), _ = drawn
        rows = episodes(np.arange(1, ROWS + 1), np.arange(ROWS) % 20 == 0)
        assert fit_columns(known(a=a, b=b, flat=0 * a), rows)[0] == ("a", "b")
        with pytest.raises(TooFewEventsError, match=r"20 events .* 400 .*3 columns: .* 30 are .* 2 columns"):
            fit_columns(known(a=a, b=b, c=c), rows)
        assert len(fit_columns(known(a=a, b=b, c=c), rows, 6)[0]) == 3

    def test_one_day_only(self, drawn):
        (a, *_), _ = drawn
        with pytest.raises(FitError, match=r"all 400 events .* day 30 of the clock"):
            fit_columns(known(a=a), episodes(np.full(ROWS, 30), np.ones(ROWS)))


class TestRows:
    def test_order_is_by_person_days_end_and_columns(self):
        table = np.array(
            [
                [2, 0, 0, 5, 1, 0, 0],
                [1, 9, 0, 5, 1, 0, 0],
                [1, 0, 3, 5, 1, 0, 0],
                [1, 0, 0, 9, 1, 0, 0],
                [1, 0, 0, 5, 1, 0, 0],
                [1, 0, 0, 5, 0, 2, 0],
                [1, 0, 0, 5, 0, 1, 3],
                [1, 0, 0, 5, 0, 1, 2],
            ]
        )
        whole = table.astype(np.int32)
        rows = Episodes(whole[:, 0], whole[:, 1], whole[:, 2], whole[:, 3], whole[:, 4].astype(np.int8))
        assert row_order(known(a=table[:, 5], b=table[:, 6]), rows).tolist() == [7, 6, 5, 4, 3, 2, 1, 0]

    def test_gaps_are_refused_by_column(self):
        rows = episodes([1, 2], [1, 0])
        with pytest.raises(FitError, match=r"beyond 1e\+100 in: b, c, d\. Fill"):
            row_order(known(a=[1, 2], b=[1, np.nan], c=[np.inf, 1], d=[0, -1e101]), rows)

    def test_other_numbers_of_rows_are_refused(self):
        with pytest.raises(FitError, match="3 rows of columns and 2 episodes"):
            row_order(known(a=[1, 2, 3]), episodes([1, 2], [1, 0]))


class TestEnds:
    def test_hazard_is_the_plain_sum_over_days(self):
        draw = np.random.default_rng(5)
        start = draw.integers(0, 40, 200) * draw.integers(0, 2, 200)
        rows = episodes(start + draw.integers(1, 60, 200), draw.integers(0, 4, 200), start)
        expected, total = [0.0], 0.0
        for day in range(1, 81):
            at_risk = int(((rows.start < day) & (day <= rows.stop)).sum())
            ended = int(((rows.stop == day) & (rows.end > 1)).sum())
            total += ended / at_risk if ended else 0
            expected.append(total)
        assert competing_hazard(rows, 80) == pytest.approx(expected, rel=1e-14)
        assert competing_hazard(rows, 20) == pytest.approx(expected[:21], rel=1e-14)

    def test_none_where_none_happened_in_time(self):
        rows = episodes([10, 20, 30], [1, 0, 2])
        assert competing_hazard(rows, 29) is None
        assert competing_hazard(rows, 30)[29:].tolist() == [0, 1]
        assert competing_hazard(rows.take(np.array([0, 1])), 20) is None

    def test_nobody_was_followed_that_long(self):
        rows = episodes([10, 20], [1, 0])
        assert (reach(rows, None), reach(rows, 20), reach(rows, 5)) == (20, 20, 5)
        for asked in (21, 0, -3):
            with pytest.raises(FollowUpError, match=f"day {asked},.*2 training rows .* day 20"):
                reach(rows, asked)


def test_a_column_that_separates_can_be_dropped_with_its_reason():
    at = np.arange(1, 61, dtype=np.int32)
    event = (at % 2).astype(np.int8)
    values = np.column_stack([at % 7, at % 2]).astype(np.float64)
    known = Covariates(("count", "flag"), values, (0, 0), ("", ""))
    rows = Episodes(at, at, at * 0, at, event)
    with pytest.raises(FitError, match="flag"):
        fit_columns(known, rows)
    assert fit_columns(known, rows, separating="drop") == (
        ("count",),
        (("flag", "on one side of it nothing happened"),),
    )
    with pytest.raises(FitError, match="flag"):
        fit_columns(known.only(("flag",)), rows, separating="drop")


def test_a_column_that_differs_in_a_handful_of_rows_is_dropped_where_nobody_chose_it():
    at = np.arange(1, 61, dtype=np.int32)
    few = np.isin(at, [3, 4, 17, 18, 31, 32, 45, 46, 59])
    known = Covariates(("count", "few"), np.column_stack([at % 7, few]).astype(float), (0, 0), ("", ""))
    rows = Episodes(at, at, at * 0, at, (at % 2).astype(np.int8))
    assert fit_columns(known, rows) == (("count", "few"), ())
    dropped = (("few", "the same in all but 9 of 60 rows"),)
    assert fit_columns(known, rows, separating="drop") == (("count",), dropped)
    assert fit_columns(known, rows, 9, separating="drop") == (("count", "few"), ())
