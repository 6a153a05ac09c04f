"""Other people's text in Streamlit's own elements, as a real browser shows it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from core import ports
from tests import running
from tests.payloads import ALL, BRIEF

pytestmark = pytest.mark.browser

#: A few places for each text; every element that has a label draws it by the same means.
APP = """\
import json
import streamlit as st
from pages.parts.escape import plain

for at, text in enumerate(json.load(open({texts!r}))):
    shown = plain(text)
    with st.container(key=f"markdown-{{at}}"):
        st.markdown(shown)
    with st.container(key=f"strong-{{at}}"):
        st.markdown(f"**{{shown}}**")
    with st.container(key=f"caption-{{at}}"):
        st.caption(shown)
    with st.container(key=f"box-{{at}}"):
        st.error(shown, icon=":material/error:")
    with st.container(key=f"label-{{at}}"):
        st.checkbox(shown, key=f"checkbox-{{at}}")
    with st.container(key=f"button-{{at}}"):
        st.button(shown, key=f"of-button-{{at}}")
st.text("That is all")
"""
PLACES = ("markdown", "strong", "caption", "box", "label", "button")
#: What is written in an element, and which elements were made of it.
READ = """one => {
  const parts = '[data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]';
  const ours = ['P', 'STRONG', 'BR', 'DIV'];
  return {
    text: one.querySelector(parts)?.textContent ?? '',
    made: [...one.querySelectorAll(parts)].flatMap(part => [...part.querySelectorAll('*')])
      .map(part => part.tagName).filter(name => !ours.includes(name)),
  };
}"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("plain")
    texts, script = folder / "texts.json", folder / "app.py"
    # A label is one paragraph; what comes after a blank line is another one.
    texts.write_text(json.dumps([*ALL, BRIEF]))
    script.write_text(APP.format(texts=str(texts)))
    port = ports.unused()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=running.PROJECT, stdout=log, stderr=log)
    try:
        running.wait_for_page(port, process)
        with running.browser() as browser:
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{port}")
            expect(page.get_by_text("That is all")).to_be_visible(timeout=120_000)
            page.wait_for_timeout(1_000)
            yield page
    finally:
        process.terminate()
        process.wait(60)


def words(text: str) -> str:
    """What can be seen of a text, apart from how it is spaced."""
    unseen = "\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    seen = [one for one in text if one not in unseen and (one.isspace() or ord(one) > 31)]
    return " ".join("".join(one for one in seen if not "\x7f" <= one <= "\x9f").split())


@pytest.mark.parametrize("place", PLACES)
def test_a_text_is_shown_as_it_is_and_nothing_is_made_of_it(page: Page, place: str) -> None:
    wrong = []
    for at, text in enumerate([*ALL, BRIEF]):
        found = page.locator(f".st-key-{place}-{at}").first.evaluate(READ)
        if words(found["text"]) != words(text) or found["made"]:
            wrong.append((text, found))
    assert not wrong
