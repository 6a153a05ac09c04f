"""A feed before it is downloaded: where each attribute comes from, and what products lack."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd  # type: ignore[import-untyped]
import streamlit as st

from batch import job_feeds, kept_sources, uploads
from batch.choice import Choice, chosen
from batch.download_forms import Form, Options
from batch.feed_mapping import Need, Source, Sources, letters
from batch.feeds import Feed, Findings, Lack
from batch.jobs import Job
from batch.layout import Layout, layout
from pages.parts import words
from pages.parts.entry import Shop
from pages.parts.escape import plain

#: So many products are looked over without being asked: it takes about a second.
AT_ONCE = 2_000
_NEEDS = {Need.REQUIRED: "required", Need.EXPECTED: "expected", Need.OPTIONAL: ""}
_ATTRIBUTE, _NEED, _COLUMN, _OTHERWISE = "Attribute", "Need", "Taken from", "Otherwise"
_EDITION = "feed_mapping_edition"
_EDITED = (_COLUMN, _OTHERWISE)


def draw(shop: Shop, job: Job, form: Form, choice: Choice, count: int, options: Options) -> Options:
    """Draw a feed's mapping and what is missing; returns the options with the mapping in them."""
    feed = form.feed
    assert feed is not None
    table = layout(uploads.get(shop.db, job.upload_id).catalog.columns, job.fields)
    with st.expander(_where(feed), icon=":material/conversion_path:"):
        changes = _mapping(shop, job, feed, table)
        _remember(shop, job, feed, changes)
        if count:
            _example(shop, job, feed, table, choice, changes)
    without = False
    if count and (found := _findings(shop, job, feed, choice, count, changes)):
        _tell_refused(feed, found)
        without = bool(found.refused) and _without(job, feed, found.refused)
        _tell_missed(feed, found)
    return replace(options, sources=changes, complete_only=without)


def _where(feed: Feed) -> str:
    return f"Where {feed.reader}'s columns come from"


def _without(job: Job, feed: Feed, refused: int) -> bool:
    several = "product" if refused == 1 else f"{refused:,} products"
    return st.toggle(
        f"Leave out the {several} that {feed.reader} would refuse",
        key=f"complete-{feed.reader}-{job.id}",
    )


def _mapping(shop: Shop, job: Job, feed: Feed, table: Layout) -> Sources:
    """The mapping to look at and to change; returns what was changed."""
    suggestion = job_feeds.sources_of(shop.db, feed, job, table, {})
    names = [one.name for one in feed.attributes]
    frame = pd.DataFrame(
        {
            _ATTRIBUTE: [_titled(one.label, one.name) for one in feed.attributes],
            _NEED: [_NEEDS[one.need] for one in feed.attributes],
            _COLUMN: [suggestion[name].column or "" for name in names],
            _OTHERWISE: [suggestion[name].otherwise or "" for name in names],
        },
        index=names,
    )
    edited = st.data_editor(
        frame,
        key=_editor(feed, job),
        hide_index=True,
        num_rows="fixed",
        disabled=[_ATTRIBUTE, _NEED],
        height="content",
        column_config={
            _COLUMN: st.column_config.SelectboxColumn(
                options=["", *table.added.values(), *table.columns],
                help="A column of the file or a detail that was found. Empty: from none.",
            ),
            _OTHERWISE: st.column_config.TextColumn(
                help="What is said of products where that column has nothing."
            ),
        },
    )
    changes = {name: _change(edited.loc[name], suggestion[name]) for name in names}
    return {name: change for name, change in changes.items() if change != Source()}


def _editor(feed: Feed, job: Job) -> str:
    """The key of the mapping's table; another one once what it begins with has changed."""
    edition = st.session_state.get(_EDITION, 0)
    return f"mapping-{feed.reader}-{job.id}-{edition}"


def _remember(shop: Shop, job: Job, feed: Feed, changes: Sources) -> None:
    """Keep changes for later files and deliveries, or go back to what is suggested."""
    before = kept_sources.kept(shop.db, feed)
    with st.container(horizontal=True, gap="small"):
        if changes:
            st.button(
                "Remember this",
                key=f"remember-{feed.reader}-{job.id}",
                icon=":material/bookmark:",
                help=f"For every file and delivery to {feed.reader} from now on, of all jobs.",
                on_click=_keep,
                args=(shop, feed, _over(before, changes)),
            )
        if before:
            st.button(
                "Forget what is remembered",
                key=f"forget-{feed.reader}-{job.id}",
                icon=":material/undo:",
                type="tertiary",
                on_click=_forget,
                args=(shop, feed),
            )


def _over(before: Sources, changes: Sources) -> dict[str, Source]:
    """What was remembered, with the changes."""
    changed = {name: one.over(before.get(name, Source())) for name, one in changes.items()}
    return {**before, **changed}


def _keep(shop: Shop, feed: Feed, sources: Sources) -> None:
    kept_sources.keep(shop.db, feed, sources)
    st.session_state[_EDITION] = st.session_state.get(_EDITION, 0) + 1


def _forget(shop: Shop, feed: Feed) -> None:
    kept_sources.forget(shop.db, feed)
    st.session_state[_EDITION] = st.session_state.get(_EDITION, 0) + 1


def _titled(label: str, name: str) -> str:
    return label if letters(label) == letters(name) else f"{label} ({name})"


def _change(row: pd.Series, suggestion: Source) -> Source:
    """What a person has made of a line of the mapping, without what is as suggested."""
    column, otherwise = ("" if pd.isna(row[one]) else str(row[one]).strip() for one in _EDITED)
    return Source(
        None if column == (suggestion.column or "") else column,
        None if otherwise == (suggestion.otherwise or "") else otherwise,
    )


def _example(
    shop: Shop, job: Job, feed: Feed, table: Layout, choice: Choice, changes: Sources
) -> None:
    """The first product as the feed's reader gets it."""
    sources = job_feeds.sources_of(shop.db, feed, job, table, changes)
    found = job_feeds.items(feed, sources, table, chosen(shop.settings, shop.db, job, choice))
    for row, item in found:
        st.caption(f"Row {row.row_no:,} as {feed.reader} gets it:")
        said = {name: ", ".join(texts) for name, texts in item.items()}
        st.dataframe(pd.Series(said, name="Value"), width="stretch", height="content")
        return


def _findings(
    shop: Shop, job: Job, feed: Feed, choice: Choice, count: int, changes: Sources
) -> Findings | None:
    """What products lack: looked for at once where that is quick, else when asked."""
    key, asked = f"lacks-{job.id}", _asked(shop, job, feed, choice, count, changes)
    kept = st.session_state.get(key)
    if kept is None or kept[0] != asked:
        pressed = count <= AT_ONCE or st.button(
            f"Look what is missing in {words.several(count, 'product')}",
            key=f"look-missing-{job.id}",
            icon=":material/fact_check:",
        )
        if not pressed:
            return None
        kept = (asked, _look(shop, job, feed, choice, count, changes))
        st.session_state[key] = kept
    found: Findings = kept[1]
    return found


def _asked(
    shop: Shop, job: Job, feed: Feed, choice: Choice, count: int, changes: Sources
) -> tuple[object, ...]:
    """What findings depend on."""
    remembered = kept_sources.kept(shop.db, feed)
    return feed.reader, choice, count, job.done, job.failed, changes, remembered


def _look(
    shop: Shop, job: Job, feed: Feed, choice: Choice, count: int, changes: Sources
) -> Findings:
    bar = st.progress(0.0, "Looking over your products …")

    def told(done: int) -> None:
        if done % 500 == 0:
            bar.progress(
                min(1.0, done / count), f"Looking over your products: {done:,} of {count:,}"
            )

    found = job_feeds.look(shop.settings, shop.db, job, feed, choice, changes, told)
    bar.empty()
    return found


def _tell_refused(feed: Feed, found: Findings) -> None:
    refused = [one for one in found.lacks if one.attribute.need is Need.REQUIRED]
    if not refused:
        every = words.several(found.rows, "product has", "products have")
        st.success(
            f"{every} everything that {feed.reader} requires.", icon=":material/check_circle:"
        )
        return
    count = f"{found.refused:,} of {words.several(found.rows, 'product')}"
    lines = [f"{feed.reader} will refuse {count}:", *(f"- {_line(one, found)}" for one in refused)]
    advice = f"Name the column that has it, or one text for all, under “{_where(feed)}”."
    st.warning("\n".join([*lines, "", advice]), icon=":material/warning:")


def _tell_missed(feed: Feed, found: Findings) -> None:
    missed = [one for one in found.lacks if one.attribute.need is Need.EXPECTED]
    if missed:
        lines = [f"{feed.reader} takes these, but they do worse:"]
        st.caption("\n".join([*lines, *(f"- {_line(one, found)}" for one in missed)]))


def _line(lack: Lack, found: Findings) -> str:
    what = plain(lack.attribute.what)
    if lack.rows == found.rows:
        return f"**no product has {_article(what)}**"
    named = ", ".join(f"{number:,}" for number in lack.first)
    more = " …" if lack.rows > len(lack.first) else ""
    rows = "row" if lack.rows == 1 else "rows"
    count = words.several(lack.rows, "product has", "products have")
    return f"**{count} no {what}** ({rows} {named}{more})"


def _article(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"
