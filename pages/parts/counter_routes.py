"""Routes beside the counter's page: what a click there may do while an answer is being written.

A click on a Streamlit widget runs the page's script again, and so ends a
stream. Opening a source, judging an answer and saving a conversation go
through here instead. The visitor is known by their sign-in or else by their
cookie, and only sees and changes what is theirs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from functools import wraps

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from core import products
from core.errors import NotFoundError, ShopkeeperError, SignInError
from core.statuses import GapKind
from pages.parts.base_path import under_base
from pages.parts.entry import open_settings, open_shop_database
from pages.parts.person import visitor_asking
from pages.parts.same_origin import from_our_page
from pages.parts.saved_conversation import SavedForm, saved
from pages.parts.source_sheet import policy_html, product_html
from rag import gaps, verdicts
from rag.sections import section_of

#: Largest verdict that is read, in bytes.
LARGEST = 8_000
_HARMLESS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    # Opened by itself instead of by the page, it may still do nothing.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


class Address(StrEnum):
    """Where each thing is, as seen from any page: also under a path of a proxy."""

    SOURCE = "counter/source"  #: + message and number: a source, opened
    VERDICT = "counter/verdict"  #: + message: what the reader thinks of an answer
    SAVED = "counter/saved"  #: + conversation and form: a conversation as a file


def counter_routes() -> list[Route]:
    """The routes that these addresses lead to."""
    return [
        Route(under_base(f"{Address.SOURCE}/{{message}}/{{number:int}}"), _guarded(_source)),
        Route(under_base(f"{Address.VERDICT}/{{message}}"), _verdict, methods=["POST"]),
        Route(under_base(f"{Address.SAVED}/{{conversation}}/{{form}}"), _guarded(_saved)),
    ]


def _guarded(answer: Callable[[Request, str], Response]) -> Callable[[Request], Response]:
    """Knows the visitor and puts our errors in words. Starlette runs it in a thread."""

    @wraps(answer)
    def guarded(request: Request) -> Response:
        try:
            visitor = visitor_asking(open_settings(), open_shop_database(), request)
            return answer(request, visitor)
        except SignInError as error:
            return PlainTextResponse(error.message, 403, _HARMLESS)
        except NotFoundError as error:
            return PlainTextResponse(error.message, 404, _HARMLESS)
        except ShopkeeperError as error:
            return PlainTextResponse(error.message, 503, _HARMLESS)

    return guarded


def _source(request: Request, visitor: str) -> Response:
    db = open_shop_database()
    answer = verdicts.answer(db, request.path_params["message"], visitor)
    number = request.path_params["number"]
    passage = next((one for one in answer.passages if one.number == number), None)
    if passage is None:
        raise NotFoundError("This source is not there any more.")
    if passage.product is None:
        return HTMLResponse(policy_html(passage, section_of(db, passage)), headers=_HARMLESS)
    now = products.get(db, [passage.product.id]).get(passage.product.id)
    return HTMLResponse(product_html(passage, passage.product, now), headers=_HARMLESS)


def _saved(request: Request, visitor: str) -> Response:
    try:
        form = SavedForm(request.path_params["form"])
    except ValueError:
        raise NotFoundError("There is no such kind of file.") from None
    file = saved(open_shop_database(), request.path_params["conversation"], visitor, form)
    headers = _HARMLESS | {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.text, headers=headers, media_type=form.media_type)


async def _verdict(request: Request) -> Response:
    """Store a verdict; only our own page may send one."""
    if not _ours(request):
        return PlainTextResponse("Not from here.", 403)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return PlainTextResponse("That is too long.", 413)
    try:
        told = json.loads(body)
        feedback, reason = int(told["feedback"]), str(told.get("reason", ""))
    except (ValueError, TypeError, KeyError):
        return PlainTextResponse("That is no verdict.", 400)
    if feedback not in (-1, 0, 1):
        return PlainTextResponse("That is no verdict.", 400)
    keep = _guarded(lambda request, visitor: _keep(request, visitor, feedback, reason))
    return await run_in_threadpool(keep, request)


def _keep(request: Request, visitor: str, feedback: int, reason: str) -> Response:
    db = open_shop_database()
    message_id = request.path_params["message"]
    asked = verdicts.judge(db, message_id, visitor, feedback, reason)
    if feedback < 0:
        answer = verdicts.answer(db, message_id, visitor)
        nearest = [passage.id for passage in answer.passages]
        gaps.record(db, asked, GapKind.DISLIKED, missing=reason, nearest=nearest)
    return Response(status_code=204)


def _ours(request: Request) -> bool:
    """Whether a page of ours sent it; a form of another site cannot send JSON either."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    return kind == "application/json" and from_our_page(request)
