"""What a click on the counter may do beside the page: open a source, judge, save."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit import config

from core import products, sign_ins
from core.db import Database
from core.products import Product
from core.roles import Role
from core.sign_in_settings import SignIn
from core.statuses import GapKind, MessageStatus
from core.values import Origin, Value
from pages.parts.counter_routes import Address, counter_routes
from pages.parts.entry import open_settings
from pages.parts.person import COOKIE as SIGN_IN
from pages.parts.person import visitor_name
from pages.parts.visitor import COOKIE
from rag import conversations, documents, gaps, messages, verdicts
from rag.exchange import Comparison, Details, Kind, Passage, Timing
from tests.pages.coming_in import signed_in

VISITOR, STRANGER = "a" * 32, "b" * 32
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
OURS = {"Sec-Fetch-Site": "same-origin"}
DESCRIPTION = "<p>Sleeps <b>four</b>, moss green.</p>"
AT = DESCRIPTION.index("green")
TENT = Product(
    "t1",
    "Halden 4",
    DESCRIPTION,
    Decimal("289"),
    "USD",
    3,
    "Outdoor",
    url="https://shop.example/halden",
    values={
        "brand": Value("Tarnwick"),
        "colour": Value("green", Origin.STATED, "description", AT, AT + 5, raw="green"),
        "weight": Value(5.1, Origin.STATED, "Notes", 0, 3, unit="kg"),
        "waterproof": Value(True, Origin.HUMAN),
        "line": Value("halden", Origin.HUMAN, "title", 0, 6, raw="Halden"),
    },
)
POLICY = """# Returns

## Refunds

Keep the receipt. We refund within **60 days**.

## Other

Ask us.
"""


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=counter_routes()), cookies={COOKIE: VISITOR})


def answered(db: Database, *passages: Passage, details: Details | None = None) -> str:
    """An answer of the visitor; returns its id."""
    thread = conversations.create(db, VISITOR)
    messages.add_question(db, thread.id, f"Which tent? {SCRIPT}")
    answer = messages.start_answer(db, thread.id)
    messages.finish_answer(
        db,
        answer.id,
        text=f"**This one** [1]. {SCRIPT}",
        status=MessageStatus.DONE,
        passages=passages,
        timing=Timing(),
        details=details,
    )
    return answer.id


def product(item: Product, *matched: str) -> Passage:
    return Passage(1, f"product:{item.id}", Kind.PRODUCT, item.title, "", "", 0.8, item, matched)


def verdict(client: TestClient, answer: str, body: Any, **headers: str) -> int:
    sent = OURS | {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/counter/verdict/{answer}", json=body, headers=sent).status_code


def test_a_product_opens_with_its_facts_marked_where_they_stand(
    client: TestClient, db: Database
) -> None:
    products.publish(db, [TENT])
    opened = client.get(f"/counter/source/{answered(db, product(TENT, 'colour: green'))}/1")
    assert opened.status_code == 200
    shown = opened.text
    assert '<mark class="sk-h0" data-field="A">green<sup>A</sup></mark>' in shown
    assert "Sleeps four, moss" in shown
    assert "written in the description as “green”" in shown
    assert "concluded from the description" in shown
    assert "entered by a person" in shown
    assert "checked by a person, in the title as “Halden”" in shown
    assert "5.1 kg" in shown
    assert shown.index("Colour") < shown.index("Brand"), "what fits comes first"
    assert 'href="https://shop.example/halden"' in shown
    assert "Changed since" not in shown


def test_a_product_that_has_changed_says_how_it_is_now(client: TestClient, db: Database) -> None:
    answer = answered(db, product(TENT))
    assert "No longer on sale" in client.get(f"/counter/source/{answer}/1").text
    products.publish(db, [Product("t1", "Halden 4", price=Decimal("259"), currency="USD", stock=0)])
    shown = client.get(f"/counter/source/{answer}/1").text
    assert "Changed since. Now: $259.00 · Out of stock" in shown
    assert "$289.00" in shown


def test_a_policy_opens_as_its_whole_section_with_the_passage_marked(
    client: TestClient, db: Database, tmp_path: Any
) -> None:
    (tmp_path / "returns.md").write_text(POLICY)
    documents.publish_documents(db, tmp_path)
    text = "We refund\n within 60 days."
    passage = Passage(1, "policy:returns#1", Kind.POLICY, "Returns", "Refunds", text, 0.7)
    answer = answered(db, passage)
    shown = client.get(f"/counter/source/{answer}/1").text
    assert "Keep the receipt. <mark>We refund within 60 days.</mark>" in shown
    assert "Ask us" not in shown
    (tmp_path / "returns.md").write_text(POLICY.replace("60", "30"))
    documents.publish_documents(db, tmp_path)
    shown = client.get(f"/counter/source/{answer}/1").text
    assert "has changed since" in shown
    assert "within 60 days" in shown


def test_nobody_elses_source_verdict_or_conversation_is_reached(
    client: TestClient, db: Database
) -> None:
    answer = answered(db, product(TENT))
    (thread,) = conversations.listing(db, VISITOR)
    for cookie in (STRANGER, "", "'; drop table messages"):
        client.cookies = {COOKIE: cookie}
        assert client.get(f"/counter/source/{answer}/1").status_code == 404
        assert client.get(f"/counter/saved/{thread.id}/html").status_code == 404
        assert verdict(client, answer, {"feedback": -1}) == 404
    assert verdicts.answer(db, answer, VISITOR).feedback == 0


def test_a_source_that_is_not_there_is_told(client: TestClient, db: Database) -> None:
    answer = answered(db, product(TENT))
    assert client.get(f"/counter/source/{answer}/9").text == "This source is not there any more."
    assert client.get("/counter/source/unknown/1").status_code == 404


def test_a_verdict_with_its_reason_is_kept_and_told_to_the_shop(
    client: TestClient, db: Database
) -> None:
    answer = answered(db, product(TENT))
    assert verdict(client, answer, {"feedback": -1, "reason": "wrong facts: it is blue"}) == 204
    kept = verdicts.answer(db, answer, VISITOR)
    assert (kept.feedback, kept.feedback_reason) == (-1, "wrong facts: it is blue")
    (gap,) = gaps.listing(db, kind=GapKind.DISLIKED)
    assert gap.question.startswith("Which tent?")
    assert gap.missing == "wrong facts: it is blue"
    assert verdict(client, answer, {"feedback": 1}) == 204
    assert verdicts.answer(db, answer, VISITOR).feedback == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Content_Type": "text/plain"}, 403),
    ],
)
def test_another_sites_page_cannot_judge(
    client: TestClient, db: Database, headers: dict[str, str], status: int
) -> None:
    answer = answered(db, product(TENT))
    assert verdict(client, answer, {"feedback": 1}, **headers) == status
    assert verdicts.answer(db, answer, VISITOR).feedback == 0


def test_without_https_the_origin_tells_whose_page_it_is(client: TestClient, db: Database) -> None:
    address = f"/counter/verdict/{answered(db, product(TENT))}"
    for origin, status in (("http://testserver", 204), ("http://evil.example", 403), (None, 403)):
        headers = {"Origin": origin} if origin else {}
        assert client.post(address, json={"feedback": 1}, headers=headers).status_code == status


@pytest.mark.parametrize("body", [3, {}, {"feedback": 7}, {"feedback": "up"}, []])
def test_what_is_no_verdict_changes_nothing(client: TestClient, db: Database, body: Any) -> None:
    answer = answered(db, product(TENT))
    assert verdict(client, answer, body) == 400
    assert verdict(client, answer, {"feedback": 1, "reason": "x" * 9_000}) == 413
    assert verdicts.answer(db, answer, VISITOR).feedback == 0


def test_a_conversation_is_saved_with_its_sources_and_nothing_in_it_runs(
    client: TestClient, db: Database
) -> None:
    item = Product("x", f"Tent {SCRIPT}", SCRIPT, Decimal("9"), "USD", url="javascript:alert(1)")
    passage = Passage(
        1, "product:x", Kind.PRODUCT, item.title, "", "| [a](javascript:x)", 1.0, item
    )
    table = Comparison((1,), ((f"weight {SCRIPT}", (f"5 | kg {SCRIPT}",)),))
    answered(db, passage, details=Details(comparison=table))
    (thread,) = conversations.listing(db, VISITOR)
    page = client.get(f"/counter/saved/{thread.id}/html")
    assert page.headers["content-disposition"].startswith('attachment; filename="shop-which-tent-')
    assert "sandbox" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "href" not in page.text
    assert "<strong>This one</strong> [1]." in page.text
    assert "$9.00" in page.text
    text = client.get(f"/counter/saved/{thread.id}/md")
    assert text.headers["content-type"].startswith("text/markdown")
    assert "<script" not in text.text.replace(r"\<", "")
    assert "](" not in text.text.replace(r"\]\(", "")
    assert "Which tent?" in text.text
    assert client.get(f"/counter/saved/{thread.id}/pdf").status_code == 404


def test_markup_in_a_source_stays_text(client: TestClient, db: Database) -> None:
    item = Product(
        "x",
        SCRIPT,
        f"&lt;script&gt;{SCRIPT}",
        department=SCRIPT,
        url='https://x.example/"><script>',
        values={SCRIPT: Value(SCRIPT, Origin.STATED, SCRIPT, 0, 3, raw=SCRIPT, unit=SCRIPT)},
    )
    policy = Passage(2, f"policy:{SCRIPT}#1", Kind.POLICY, SCRIPT, SCRIPT, SCRIPT, 0.5)
    answer = answered(db, product(item, SCRIPT), policy)
    for number in (1, 2):
        opened = client.get(f"/counter/source/{answer}/{number}")
        assert "<script" not in opened.text
        assert "<img" not in opened.text
        assert "sandbox" in opened.headers["content-security-policy"]


def test_the_routes_live_under_the_path_of_the_app(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "get_option", lambda name: "tools/shop")
    client = TestClient(Starlette(routes=counter_routes()), cookies={COOKIE: VISITOR})
    answer = answered(db, product(TENT))
    assert client.get(f"/tools/shop/counter/source/{answer}/1").status_code == 200
    assert client.get(f"/counter/source/{answer}/1").status_code == 404


@pytest.fixture
def by_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPKEEPER_SIGN_IN", "password")
    open_settings.clear()


def as_person(token: str) -> TestClient:
    """A browser of somebody who is signed in, which has been here as a stranger before."""
    cookies = {COOKIE: VISITOR, SIGN_IN: token}
    return TestClient(Starlette(routes=counter_routes()), cookies=cookies)


def test_what_a_person_was_answered_opens_for_nobody_else(by_password: None, db: Database) -> None:
    token = signed_in(db, Role.SHOPPER)
    person = sign_ins.person_of(db, token, SignIn.PASSWORD, now=time.time())
    assert person
    thread = conversations.create(db, visitor_name(person), "Which tent?")
    path = f"/{Address.SAVED}/{thread.id}/md"
    assert as_person(token).get(path).status_code == 200
    others = [signed_in(db, Role.ADMINISTRATOR), signed_in(db, Role.SHOPPER, "other"), "forged"]
    for other in others:
        assert as_person(other).get(path).status_code == 404
    # The name of the person's conversations is no secret, and no cookie can say it.
    for forged in (visitor_name(person), person.id):
        client = TestClient(Starlette(routes=counter_routes()), cookies={COOKIE: forged})
        assert client.get(path).status_code == 404


def test_what_a_stranger_was_answered_stays_the_browsers_when_somebody_signs_in_there(
    by_password: None, db: Database
) -> None:
    thread = conversations.create(db, VISITOR, "Which tent?")
    path = f"/{Address.SAVED}/{thread.id}/md"
    assert as_person(signed_in(db, Role.SHOPPER)).get(path).status_code == 404
    assert as_person("").get(path).status_code == 200


def test_where_shoppers_sign_in_a_stranger_gets_nothing(
    by_password: None, db: Database, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = conversations.create(db, VISITOR, "Which tent?")
    path = f"/{Address.SAVED}/{thread.id}/md"
    monkeypatch.setenv("SHOPKEEPER_SHOPPERS_SIGN_IN", "true")
    open_settings.clear()
    refused = client.get(path)
    assert (refused.status_code, refused.text) == (403, "Please sign in first.")
