"""The shopper without a browser sees what a person sees, when it stands there."""

from __future__ import annotations

from streamlit.proto.Element_pb2 import Element

from pages.parts.prose import prose_html
from tests.shopper import Visit

ASKED_AT, DRAWN_AT = 10.0, 11.0


def drawn(html: str) -> Element:
    element = Element()
    element.html.body = html
    return element


def test_the_first_word_is_seen_also_where_the_answer_before_began_with_the_same_one() -> None:
    word = prose_html("Yes,", (), writing=True)
    visit = Visit("And in blue?", ASKED_AT, before=frozenset({word}))

    visit.see(drawn(word), DRAWN_AT)

    assert visit.word_at == DRAWN_AT


def test_an_answer_to_an_earlier_question_that_is_drawn_again_is_none_to_this_one() -> None:
    earlier = prose_html("Yes, we have that.", ())
    visit = Visit("And in blue?", ASKED_AT, before=frozenset({earlier}))

    visit.see(drawn(earlier), DRAWN_AT)

    assert (visit.word_at, visit.told_at) == (None, None)
