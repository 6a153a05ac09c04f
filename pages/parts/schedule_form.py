"""The form in which a schedule is described, new or anew."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from batch import destinations, schedules
from batch.schedule_task import Task, Trigger
from batch.schedule_wanted import MAX_NAME, Wanted
from batch.schedules import Schedule
from core.errors import ScheduleError
from pages.parts import schedule_parts, schedule_results
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.schedule_card import EDITING
from pages.parts.schedule_parts import Keys
from pages.parts.telling import tell

_STARTS = {
    Trigger.TIME: "At a time",
    Trigger.CATALOG: "When a new catalog comes",
    Trigger.JOB_DONE: "After a job",
    Trigger.JOB_APPROVED: "When a job is reviewed",
}


def draw(shop: Shop) -> None:
    """Draw the form for what is being edited."""
    before: Schedule | None = st.session_state[EDITING]
    keys = Keys(f"{before.id}-{before.version}" if before else "new")
    with st.container(border=True, key="schedule-form"):
        st.subheader(f"Change “{plain(before.name)}”" if before else "New schedule", anchor=False)
        wanted = _described(shop, keys, before)
        with st.container(horizontal=True):
            saved = st.button("Save", key=keys("save"), type="primary")
            left = st.button("Cancel", key=keys("cancel"))
    if left:
        _leave()
    if saved:
        _save(shop, before, wanted)


def destination_names(shop: Shop) -> Mapping[str, str]:
    """The names of destinations by their ids."""
    return {one.id: one.name for one in destinations.listing(shop.db)}


def _described(shop: Shop, keys: Keys, before: Schedule | None) -> Wanted:
    name = st.text_input(
        "Name",
        before.name if before else "",
        key=keys("name"),
        max_chars=MAX_NAME,
        placeholder="Nightly catalog",
    )
    options = list(_STARTS)
    trigger = st.radio(
        "It starts",
        options,
        options.index(before.trigger if before else Trigger.TIME),
        format_func=_STARTS.__getitem__,
        key=keys("trigger"),
        horizontal=True,
    )
    task = before.task if before else Task()
    kept = before.timing if before and before.trigger is trigger else None
    if not trigger.extracts:
        of = _of_catalogs(keys, task)
        publish, outlets = schedule_results.outlets_part(shop, keys, task, trigger)
        after = Task(of_catalogs=of, publish=publish, outlets=outlets, role=shop.person.role)
        return Wanted(name, trigger, after)
    watches = trigger is Trigger.CATALOG
    part = schedule_parts.looks_part if watches else schedule_parts.timing_part
    when = part(keys, kept)
    where, only_new = schedule_parts.catalog_part(shop, keys, task, watches=watches)
    extraction = schedule_results.extraction_part(shop, keys, task.extraction)
    publish, outlets = schedule_results.outlets_part(shop, keys, task, trigger)
    made = Task(
        place=where.strip(),
        only_new=only_new,
        extraction=extraction,
        publish=publish,
        outlets=outlets,
        role=shop.person.role,
    )
    return Wanted(name, trigger, made, when.cron, when.zone)


def _of_catalogs(keys: Keys, task: Task) -> str:
    return st.text_input(
        "Of which catalogs",
        task.of_catalogs,
        key=keys("of-catalogs"),
        placeholder="All; or only those called, for instance, shoes*.csv",
    ).strip()


def _save(shop: Shop, before: Schedule | None, wanted: Wanted) -> None:
    try:
        if before is None:
            schedules.create(shop.db, wanted)
        else:
            schedules.change(shop.db, before, wanted)
    except ScheduleError as error:
        st.error(plain(error.message), icon=":material/error:")
        return
    tell(f"“{wanted.name.strip()}” is saved.")
    _leave()


def _leave() -> None:
    del st.session_state[EDITING]
    st.rerun()
