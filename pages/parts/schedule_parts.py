"""The parts of the form for a schedule: when, which catalog, what is extracted, where it goes."""

from __future__ import annotations

import time as clock
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from zoneinfo import available_timezones

import streamlit as st

from batch import timing
from batch.catalog_places import place
from batch.schedule_task import Task
from batch.timing import Timing
from core.errors import ScheduleError, ShopkeeperError
from core.settings import Settings
from pages.parts import rhythm, schedule_words, words
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.rhythm import Due, Rhythm

_BACKGROUND = ""
_SHOWN_TIMES, _SHOWN_FILES = 3, 3


@dataclass(frozen=True, slots=True)
class Keys:
    """Names of widgets, which differ from schedule to schedule."""

    of: str

    def __call__(self, name: str) -> str:
        """The key of one widget."""
        return f"schedule-{name}-{self.of}"


def timing_part(keys: Keys, before: Timing | None) -> Timing:
    """Ask how often and at what time; says the next times, or what is wrong."""
    due = rhythm.read(before.cron) if before else Due()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        options = list(Rhythm)
        chosen = st.selectbox(
            "How often", options, options.index(due.rhythm), key=keys("rhythm"), width=230
        )
        cron = _rhythm(keys, due, chosen)
        zone = _zone(keys, before)
    made = Timing(cron, zone)
    _say_next(made)
    return made


def _rhythm(keys: Keys, due: Due, chosen: Rhythm) -> str:
    if chosen is Rhythm.OWN:
        return st.text_input(
            "Minute, hour, day, month, weekday",
            due.own,
            key=keys("cron"),
            placeholder="0 2 * * *",
            width=260,
            help="Five fields as crontab has them: “15 4,16 * * *” is at 04:15 and 16:15 daily.",
        )
    weekday, day = due.weekday, due.day
    if chosen is Rhythm.WEEK:
        weekday = rhythm.WEEKDAYS.index(
            st.selectbox("Day", rhythm.WEEKDAYS, due.weekday, key=keys("weekday"), width=150)
        )
    if chosen is Rhythm.MONTH:
        day = st.number_input(
            "Day of the month", 1, 28, min(due.day, 28), key=keys("day"), width=150
        )
    label = "Minutes past" if chosen is Rhythm.HOUR else "Time"
    at = st.time_input(label, due.at, key=keys("at"), step=300, width=130)
    return Due(chosen, at or due.at, weekday, day).cron


def _zone(keys: Keys, before: Timing | None) -> str:
    names = sorted(available_timezones())
    wanted = before.zone if before else (st.context.timezone or "UTC")
    found = names.index(wanted) if wanted in names else names.index("UTC")
    return st.selectbox(
        "Time zone",
        names,
        found,
        key=keys("zone"),
        width=240,
        help="By whose clock. Summer time is kept: the time of the day stays the same.",
    )


def _say_next(made: Timing) -> None:
    try:
        checked = timing.checked(made.cron, made.zone)
    except ScheduleError as error:
        st.warning(plain(error.message), icon=":material/edit:")
        return
    now = clock.time()
    times = list(islice(timing.following(checked, now), _SHOWN_TIMES))
    said = [schedule_words.coming(at, now, checked.place) for at in times]
    told = words.begun(rhythm.told(checked))
    st.caption(f"{plain(told)}. Next: {plain('; then '.join(said))}.")


def looks_part(keys: Keys, before: Timing | None) -> Timing:
    """Ask how often to look for a new catalog."""
    kept = rhythm.minutes_between(before.cron) if before else 5
    options = [*rhythm.LOOKS, *([] if kept else [0])]

    def label(minutes: int) -> str:
        if not minutes:
            return "As before"
        return words.begun(rhythm.looks(Timing(rhythm.look_cron(minutes))))

    minutes = st.selectbox(
        "Look",
        options,
        options.index(kept or 0),
        format_func=label,
        key=keys("looks"),
        width=230,
        help="A catalog that has the same content as before starts nothing.",
    )
    if not minutes and before is not None:
        return before
    return Timing(rhythm.look_cron(minutes), "UTC")


def catalog_part(shop: Shop, keys: Keys, before: Task, *, watches: bool) -> tuple[str, bool]:
    """Ask where the catalog comes from; returns that, and whether only a new one counts."""
    folder = shop.settings.imports
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        where = st.text_input(
            "Catalog",
            before.place,
            key=keys("place"),
            placeholder="catalog-*.csv   or   https://shop.example.com/catalog.csv",
            help=f"A file in {plain(str(folder))}, a pattern with * for its newest file, or an "
            "address: https://, or an object store such as s3://bucket/catalog.csv.",
        )
        looking = st.button("See what is there", key=keys("look"), icon=":material/search:")
    st.caption(_sources(shop.settings))
    if looking:
        _say_what_is_there(shop.settings, where)
    if watches:
        st.caption(
            "Each new file starts a job of its own. Of what is there already, the newest is taken."
        )
        return where, True
    only_new = st.toggle(
        "Do nothing when the catalog is the same as the last time",
        before.only_new,
        key=keys("only-new"),
    )
    return where, only_new


def _sources(settings: Settings) -> str:
    """Where catalogs may come from, besides the web."""
    folder = plain(str(settings.imports))
    named = [plain(one) for one in settings.open_for_imports]
    places = [f"{folder} on the machine that Shopkeeper runs on", *named, "the web (https://)"]
    return f"Files are taken from {', from '.join(places[:-1])} or from {places[-1]}."


def _say_what_is_there(settings: Settings, where: str) -> None:
    try:
        with st.spinner("Looking…"):
            found_at = place(settings, where)
            offers = found_at.offers()
    except ShopkeeperError as error:
        st.error(plain(error.message), icon=":material/error:")
        return
    if not offers:
        st.info(plain(found_at.absent()), icon=":material/info:")
        return
    zone, now = words.zone(st.context.timezone), datetime.now().timestamp()
    lines = [
        f"{one.name}, changed {words.moment(one.changed_at, now, zone)}"
        if one.changed_at
        else one.name
        for one in offers[:_SHOWN_FILES]
    ]
    more = f"; and {len(offers) - _SHOWN_FILES:,} more" if len(offers) > _SHOWN_FILES else ""
    st.success(f"{plain('; '.join(lines))}{more}", icon=":material/check_circle:")
