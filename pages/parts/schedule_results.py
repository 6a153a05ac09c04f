"""The parts of the form for a schedule that say what is extracted, and where results go."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from batch import destinations
from batch.budget import priced_in
from batch.choice import Choice
from batch.destinations import Destination
from batch.extraction_choices import choices, same
from batch.schedule_task import Extraction, Outlet, Task, Trigger
from pages.parts import schedule_words, when, words
from pages.parts.destination_words import CHOICES, CHOICES_OF
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.schedule_parts import Keys

_BACKGROUND = ""


def extraction_part(shop: Shop, keys: Keys, before: Extraction | None) -> Extraction | None:
    """Ask what is extracted, by whom and for how much; None where there is nothing to choose."""
    options = _options(shop, before)
    if not options:
        st.info(
            "Run a job by hand first, or save a field set: a schedule then extracts the same way.",
            icon=":material/info:",
        )
        st.page_link("pages/upload.py", label="Start with a catalog", icon=":material/upload_file:")
        return None
    number = st.selectbox(
        "What is extracted",
        range(len(options)),
        format_func=lambda number: _label(options[number]),
        key=keys("extraction"),
        help="Like a job: the same columns and fields, as they are now. A field set: its newest "
        "version each time, and the columns are guessed.",
    )
    chosen = options[number]
    provider = _provider(keys, before)
    budget = _budget(keys, before, provider)
    return chosen.model_copy(update={"provider": provider, "budget": budget})


def _options(shop: Shop, before: Extraction | None) -> Sequence[Extraction]:
    found = choices(shop.db)
    if before is None:
        return found
    return [before, *(one for one in found if not same(one, before))]


def _label(one: Extraction) -> str:
    return words.begun(schedule_words.extracted(one))


def _provider(keys: Keys, before: Extraction | None) -> str:
    offering = [one.name for one in when.endpoints() if one.offers_batches]
    kept = before.provider if before else _BACKGROUND
    if not offering and not kept:
        return _BACKGROUND
    names = list(dict.fromkeys([_BACKGROUND, *offering, kept]))
    return st.selectbox(
        "When its rows are read",
        names,
        names.index(kept),
        format_func=lambda name: f"Cheapest: within 24 hours ({name})" if name else "At once",
        key=keys("provider"),
    )


def _budget(keys: Keys, before: Extraction | None, provider: str) -> float | None:
    currencies = priced_in(when.endpoints(), provider or None)
    kept = before.budget if before else None
    if len(currencies) != 1:
        return kept
    return st.number_input(
        f"Budget of each run in {currencies[0]}",
        min_value=0.01,
        value=kept,
        placeholder="No limit",
        key=keys("budget"),
        width=240,
        help="The job pauses when its calls have cost as much, and you are told.",
    )


def outlets_part(
    shop: Shop, keys: Keys, before: Task, trigger: Trigger
) -> tuple[bool, tuple[Outlet, ...]]:
    """Ask where the results go; returns whether to the chat, and to which destinations."""
    publish = st.toggle(
        "Publish the results to the chat",
        before.publish,
        key=keys("publish"),
        help="Every row that was extracted goes on sale, also those that nobody has reviewed.",
    )
    known = {one.id: one for one in destinations.listing(shop.db)}
    kept = {one.destination_id: one.choice for one in before.outlets if one.destination_id in known}
    if not known:
        st.caption("Results can also go to your database, your web shop or a folder.")
        st.page_link(
            "pages/destinations.py", label="Set up a destination", icon=":material/outbound:"
        )
        return publish, ()
    chosen = st.multiselect(
        "Deliver to",
        list(known),
        list(kept),
        format_func=lambda one: known[one].name,
        key=keys("outlets"),
        placeholder="No destination",
    )
    usual = Choice.APPROVED if trigger is Trigger.JOB_APPROVED else Choice.DONE
    choices = {one: _choice(keys, known[one], kept.get(one, usual)) for one in chosen}
    return publish, tuple(Outlet(destination_id=one, choice=choices[one]) for one in chosen)


def _choice(keys: Keys, to: Destination, usual: Choice) -> Choice:
    # What was chosen earlier can be kept.
    options = [one for one in CHOICES if one in CHOICES_OF[to.kind] or one is usual]
    return st.selectbox(
        f"Rows for “{plain(to.name)}”",
        options,
        options.index(usual),
        format_func=CHOICES.__getitem__,
        key=keys(f"choice-{to.id}-{usual}"),
        width=300,
    )
