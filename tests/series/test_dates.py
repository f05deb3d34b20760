"""Times: the steps between them, how they go on, and their places in cycles, as pandas has them."""

from __future__ import annotations

import numpy as np
import pytest

from skrnn._series.dates import CALENDAR, Step, calendar_covariates, common_step, positions, step_of

pd = pytest.importorskip("pandas")

# By pandas' names, and the steps that are enough to tell what they are.
FREQUENCIES = {
    **dict.fromkeys(["ns", "7us", "ms", "s", "10s", "5min", "15min", "h", "6h", "12h", "36h"], 2),
    **dict.fromkeys(["D", "2D", "10D", "W", "W-WED", "2W", "MS", "2MS", "3MS", "QS", "QS-FEB"], 2),
    **dict.fromkeys(["ME", "2ME", "3ME", "QE", "QE-JAN", "YS", "YS-JUL", "YE", "YE-FEB"], 2),
    "B": 6,
    "90D": 4,  # three steps may be quarters
    "364D": 2,
}
STARTS = ["2023-01-01", "2024-01-31", "2020-02-28 13:45", "1999-12-31", "1960-03-15", "2024-02-29"]


def times_of(frequency: str, start: str, count: int = 60) -> np.ndarray:
    return pd.date_range(start, periods=count, freq=frequency).as_unit("ns").to_numpy()


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_times_go_on_as_those_of_pandas(frequency: str, start: str) -> None:
    times = times_of(frequency, start)
    for known in {FREQUENCIES[frequency], 7, 13, 30}:
        step = step_of(times[:known])
        np.testing.assert_array_equal(step.after(times[known - 1], 60 - known), times[known:])
        np.testing.assert_array_equal(positions(times[:known], step), np.arange(known))
        assert step.after(times[0], 3).dtype == np.dtype("datetime64[ns]")


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("frequency", ["D", "B", "MS", "ME", "QE", "h", "W", "15min", "2D", "2MS"])
def test_gaps_do_not_hide_the_step(frequency: str, start: str) -> None:
    """Holidays, months that are missing, and hours of which most are."""
    rng = np.random.default_rng(0)
    times = times_of(frequency, start)
    for share in (0.05, 0.3, 0.6):
        kept = np.sort(rng.choice(60, int(60 * (1 - share)), replace=False))
        step = step_of(times[kept])
        np.testing.assert_array_equal(positions(times[kept], step), kept - kept[0])
        behind = times[kept[-1] + 1 :]
        np.testing.assert_array_equal(step.after(times[kept[-1]], len(behind)), behind)


def test_a_day_that_a_month_does_not_have_is_its_last() -> None:
    times = pd.to_datetime(["2023-10-30 08:00", "2023-11-30 08:00", "2023-12-30 08:00"])
    step = step_of(times.as_unit("ns").to_numpy())
    assert step == Step("months", 1)
    found = step.after(np.datetime64("2023-12-30T08", "ns"), 4)
    expected = pd.to_datetime([f"2024-{d} 08:00" for d in ("01-30", "02-29", "03-30", "04-30")])
    np.testing.assert_array_equal(found, expected.to_numpy())


def test_the_last_days_of_months_are_month_ends() -> None:
    """Also where all of them are the 31st, the 30th or the 28th."""
    for days, following in (
        (["2024-01-31", "2024-03-31"], "2024-05-31"),
        (["2024-04-30", "2024-06-30"], "2024-08-31"),
        (["2021-02-28", "2022-02-28", "2023-02-28"], "2024-02-29"),
        (["1999-12-31", "2000-01-31"], "2000-02-29"),
    ):
        times = np.array(days, "datetime64[ns]")
        assert step_of(times).kind == "month ends"
        assert step_of(times).after(times[-1], 1)[0] == np.datetime64(following)
    middle = np.array(["2024-03-15", "2024-04-14"], "datetime64[ns]")  # both 17 days before the end
    assert step_of(middle) == Step("nanoseconds", 30 * 86_400 * 10**9)


def test_business_days_skip_weekends_and_holidays() -> None:
    """Days are business days if a week's end has passed without one."""
    days = pd.bdate_range("2024-01-01", periods=30)
    without = days.delete([4, 10, 11, 20]).as_unit("ns").to_numpy()  # a Friday among them
    assert step_of(without) == Step("business days", 1)
    assert step_of(days[:5].as_unit("ns").to_numpy()).kind == "nanoseconds"  # Monday to Friday
    week = pd.date_range("2024-01-01", periods=14).as_unit("ns").to_numpy()
    assert step_of(week).kind == "nanoseconds"
    assert positions(week, Step("business days", 1)) is None  # on a Saturday


def test_integers() -> None:
    for times, size, following in (
        ([3, 4, 5], 1, [6, 7]),
        ([0, 10, 30, 40], 10, [50, 60]),
        ([-4, -2, 4], 2, [6, 8]),
        ([2**60, 2**60 + 3], 3, [2**60 + 6, 2**60 + 9]),
    ):
        step = step_of(np.array(times))
        assert step == Step("integers", size)
        assert step.after(times[-1], 2).tolist() == following
        assert positions(np.array(times), step).tolist() == [(t - times[0]) // size for t in times]
    assert positions(np.array([0, 2, 3]), Step("integers", 2)) is None


def test_hours_in_utc_do_not_see_daylight_saving_time() -> None:
    local = pd.date_range("2024-03-30", periods=72, freq="h", tz="Europe/Berlin")
    times = local.tz_convert("UTC").tz_localize(None).as_unit("ns").to_numpy()
    step = step_of(times)
    assert str(step) == "1 hour"
    np.testing.assert_array_equal(positions(times, step), np.arange(72))


@pytest.mark.parametrize(
    "times",
    [
        ["2024-01-01"],
        ["2024-01-01", "2024-01-01"],
        ["2024-01-02", "2024-01-01"],
        ["2024-01-01", "2024-01-09T00:07", "2024-01-20"],
        ["2024-01-01", "2024-01-31", "2024-03-01T00:00:01"],
    ],
)
def test_irregular_times_have_no_step(times: list[str]) -> None:
    assert step_of(np.array(times, "datetime64[ns]")) is None
    assert step_of(np.array([1, 1, 2])) is None


# ---- Several series ----


def test_the_step_of_several_series_leads_from_time_to_time_in_all() -> None:
    daily = times_of("D", "2024-01-01", 40)
    business = times_of("B", "2024-01-01", 40)
    first_of_months = times_of("MS", "2024-01-01", 2)
    one = daily[:1]
    day = Step("nanoseconds", 86_400 * 10**9)
    assert common_step([business, daily[:5], one]) == Step("business days", 1)
    assert common_step([one, daily, business]) == day
    assert common_step([first_of_months, daily]) == day
    assert common_step([first_of_months, one]) == Step("months", 1)
    hours = [times_of(frequency, "2024-01-01") for frequency in ("12h", "h")]
    assert str(common_step(hours)) == "1 hour"
    assert common_step([one, one]) is None
    assert common_step([np.array([0, 4]), np.array([1, 2, 3])]) == Step("integers", 1)


def test_steps_in_words() -> None:
    words = {"3D": "3 days", "h": "1 hour", "90min": "90 minutes", "ms": "1 millisecond"}
    words |= {"ME": "1 month", "QS": "3 months", "W": "7 days", "B": "1 business day"}
    for frequency, expected in words.items():
        assert str(step_of(times_of(frequency, "2024-01-01"))) == expected
    assert str(Step("integers", 5)) == "5"


@pytest.mark.parametrize(
    ("frequency", "seasons"),
    [
        ("h", (24, 168)),
        ("15min", (96, 672)),
        ("D", (7, 365)),
        ("B", (5,)),
        ("W", (52,)),
        ("MS", (12,)),
        ("ME", (12,)),
        ("QE", (4,)),
        ("2MS", (6,)),
        ("5MS", ()),
        ("YS", ()),
        ("12h", (2, 14)),
        ("2D", ()),
    ],
)
def test_seasons_of_the_calendar(frequency: str, seasons: tuple[int, ...]) -> None:
    assert step_of(times_of(frequency, "2024-01-01")).seasons == seasons


# ---- The calendar ----


@pytest.mark.parametrize("start", ["2023-12-28 05:00", "1968-02-20"])
def test_places_in_cycles_are_those_of_pandas(start: str) -> None:
    index = pd.date_range(start, periods=3000, freq="7h")
    places = {
        "hour": (index.hour, 24),
        "weekday": (index.day_of_week, 7),
        "day": (index.day - 1, 31),
        "dayofyear": (index.day_of_year - 1, 366),
        "month": (index.month - 1, 12),
    }
    assert places.keys() == CALENDAR.keys()
    found = calendar_covariates(index.as_unit("ns").to_numpy(), list(places))
    for k, (place, cycle) in enumerate(places.values()):
        angle = 2 * np.pi * np.asarray(place) / cycle
        np.testing.assert_allclose(found[:, 2 * k], np.sin(angle), atol=1e-12)
        np.testing.assert_allclose(found[:, 2 * k + 1], np.cos(angle), atol=1e-12)
    assert calendar_covariates(index.to_numpy(), []).shape == (3000, 0)
