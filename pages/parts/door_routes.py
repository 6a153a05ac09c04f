"""Routes at the door: signing in and out, invitations, and coming back from a provider.

Beside the pages, because only an answer of the server can set a cookie that no
script can read.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core import invitations, people, provider_people, sign_in, sign_ins
from core.errors import ShopkeeperError, SignInError, SignInLater
from core.invitations import Invitation
from core.settings import Settings
from core.sign_in_settings import SignIn
from pages.parts.base_path import base_path, under_base
from pages.parts.door_html import account_page, invitation_page, sign_in_page, told_page
from pages.parts.entry import open_settings, open_shop_database
from pages.parts.person import COOKIE, person_of
from pages.parts.provider import claims_of, forget_claims
from pages.parts.same_origin import from_our_page
from pages.parts.wanted import COOKIE as WANTED
from pages.parts.wanted import kept_wanted, way_back

#: Largest form that is read, in bytes.
LARGEST = 4_000
#: A crowd at the door takes no threads from those who are inside.
_AT_ONCE = 3
_MOST_WAITING = 30
_limiter: anyio.CapacityLimiter | None = None

Answer = Callable[[Request, FormData], Response]


def door_routes() -> list[Route]:
    """The routes."""
    return [
        Route(under_base("door"), _asked(_door), methods=["GET"]),
        Route(under_base("door"), _sent(_sign_in), methods=["POST"]),
        Route(under_base("door/out"), _sent(_sign_out), methods=["POST"]),
        Route(under_base("door/arrived"), _asked(_arrived), methods=["GET"]),
        Route(under_base("door/invitation/{token}"), _asked(_invitation), methods=["GET"]),
        Route(under_base("door/invitation/{token}"), _sent(_accept), methods=["POST"]),
    ]


def _asked(answer: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    """A page at the door; what goes wrong is told in words."""

    async def asked(request: Request) -> Response:
        return await _in_thread(answer, request)

    return asked


def _sent(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """A form at the door: only our own pages may send one."""

    async def sent(request: Request) -> Response:
        if not from_our_page(request):
            return told_page("Not from here", "This form was sent by another site.", 403)
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > LARGEST:
            return told_page("Too long", "That is too long.", 413)
        async with request.form(max_files=0, max_fields=8) as form:
            return await _in_thread(lambda request: answer(request, form), request)

    return sent


async def _in_thread(answer: Callable[[Request], Response], request: Request) -> Response:
    global _limiter
    # Made with the loop that serves the requests.
    _limiter = _limiter or anyio.CapacityLimiter(_AT_ONCE)
    if _limiter.statistics().tasks_waiting > _MOST_WAITING:
        return told_page("One moment", "Many people are at the door. Please try again.", 503)
    try:
        return await anyio.to_thread.run_sync(answer, request, limiter=_limiter)
    except SignInError as error:
        return told_page("That did not work", error.message, 400)
    except ShopkeeperError as error:
        return told_page("Not now", error.message, 503)


def _door(request: Request) -> Response:
    settings, db = open_settings(), open_shop_database()
    person = person_of(settings, db, request)
    if settings.sign_in is SignIn.OFF:
        return RedirectResponse(under_base(""), 303)
    if person.id:
        return account_page(person)
    if settings.sign_in is SignIn.OIDC:
        return RedirectResponse(under_base(""), 303)
    wanted = request.query_params.get("to", "")
    return sign_in_page(wanted, ownerless=not people.has_administrator(db))


def _sign_in(request: Request, form: FormData) -> Response:
    settings, db = open_settings(), open_shop_database()
    _only_by_password(settings)
    login, wanted = str(form.get("login", "")), str(form.get("to", ""))
    address = request.client.host if request.client else ""
    try:
        token = sign_in.with_password(
            db, login, str(form.get("password", "")), address, now=time.time()
        )
    except SignInLater as error:
        answer: Response = sign_in_page(wanted, login=login, problem=error.message, status=429)
        answer.headers["Retry-After"] = str(int(error.wait_s) + 1)
        return answer
    except SignInError as error:
        return sign_in_page(wanted, login=login, problem=error.message, status=401)
    return _let_in(request, token, way_back(wanted))


def _sign_out(request: Request, form: FormData) -> Response:
    settings, db = open_settings(), open_shop_database()
    person = person_of(settings, db, request)
    sign_ins.end(db, request.cookies.get(COOKIE, ""))
    if form.get("everywhere") and person.id:
        sign_ins.end_everywhere(db, person.id)
    answer = RedirectResponse(under_base(""), 303)
    answer.delete_cookie(COOKIE, path=base_path() or "/")
    return answer


def _invitation(request: Request) -> Response:
    _only_by_password(open_settings())
    return invitation_page(_good(request), request.url.path)


def _accept(request: Request, form: FormData) -> Response:
    _only_by_password(open_settings())
    found = _good(request)
    typed = {name: str(form.get(name, "")) for name in ("login", "name")}
    try:
        token = invitations.accept(
            open_shop_database(),
            request.path_params["token"],
            password=str(form.get("password", "")),
            now=time.time(),
            **typed,
        )
    except SignInError as error:
        page = request.url.path
        return invitation_page(found, page, problem=error.message, status=400, **typed)
    return _let_in(request, token, under_base(""))


def _good(request: Request) -> Invitation:
    token = request.path_params["token"]
    return invitations.find(open_shop_database(), token, now=time.time())


def _arrived(request: Request) -> Response:
    """Somebody comes back from their provider: take what it says, and sign them in here."""
    settings = open_settings()
    if settings.sign_in is not SignIn.OIDC:
        raise SignInError("People do not sign in at a provider here.")
    try:
        claims = claims_of(request)
        token = provider_people.with_claims(settings, open_shop_database(), claims, now=time.time())
    except SignInError as error:
        answer: Response = told_page("You are not signed in", error.message, 403)
    else:
        wanted = kept_wanted(request.cookies.get(WANTED, ""))
        answer = _let_in(request, token, way_back(wanted))
        answer.delete_cookie(WANTED)
    forget_claims(request, answer)
    return answer


def _let_in(request: Request, token: str, where: str) -> Response:
    """Go on as whoever has just signed in; whoever was signed in before is not any more."""
    settings, db = open_settings(), open_shop_database()
    sign_ins.end(db, request.cookies.get(COOKIE, ""))
    answer = RedirectResponse(where, 303, {"Cache-Control": "no-store"})
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(sign_ins.LONGEST_S),
        path=base_path() or "/",
        httponly=True,
        samesite="lax",
        secure=_is_secure(settings, request),
    )
    return answer


def _is_secure(settings: Settings, request: Request) -> bool:
    """Whether the browser has come by https, also where a proxy takes it off."""
    forwarded = request.headers.get("x-forwarded-proto", "")
    known = urlsplit(settings.url or "").scheme
    return "https" in (request.url.scheme, forwarded.split(",")[0].strip(), known)


def _only_by_password(settings: Settings) -> None:
    if settings.sign_in is not SignIn.PASSWORD:
        raise SignInError("People do not sign in with a password here.")
