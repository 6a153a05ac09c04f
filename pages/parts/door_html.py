"""The pages at the door as HTML: signing in, an invitation, an account.

By themselves: no script, nothing from elsewhere, and they say nothing of what
is inside.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from starlette.responses import HTMLResponse

from core.invitations import Invitation
from core.passwords import LONGEST, SHORTEST
from core.people import LONGEST_LOGIN, LONGEST_NAME, Person
from core.roles import Role
from pages.parts.base_path import under_base
from pages.parts.escape import html

_STYLES = (Path(__file__).parent / "door.css").read_text()
_STYLES_DIGEST = base64.b64encode(hashlib.sha256(_STYLES.encode()).digest()).decode()
_MARK = (Path(__file__).parent / "icon.svg").read_text()
#: For whoever reads a role: what it lets them do.
MAY = {
    Role.SHOPPER: "ask the shop",
    Role.MERCHANDISER: "work on catalogs, results and policies",
    Role.ADMINISTRATOR: "do everything, and say who else may come in",
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLES_DIGEST}'; img-src data:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    # What stands in a link stays here. (With "no-referrer" browsers would not say to
    # ourselves that a form comes from us.)
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def sign_in_page(
    wanted: str, *, login: str = "", problem: str = "", ownerless: bool = False, status: int = 200
) -> HTMLResponse:
    """The form to sign in.

    Args:
        wanted: Where to go afterwards.
        login: What was typed before.
        problem: Why that was not enough.
        ownerless: Whether there is no administrator yet.
        status: Of the answer.
    """
    first = (
        '<p class="note">This shop has no administrator yet. Open the link that '
        "<code>make run</code> prints when it starts, or have one made: "
        "<code>python -m core.people invite --role administrator</code></p>"
    )
    form = (
        f'<form method="post" action="{html(under_base("door"))}">'
        f'<input type="hidden" name="to" value="{html(wanted)}">'
        f"{_login(login, focus=not login)}"
        f"{_password('Password', 'current-password', focus=bool(login))}"
        '<button type="submit">Sign in</button></form>'
        '<p class="aside">Forgotten? An administrator of the shop makes you a link.</p>'
    )
    return _page("Sign in", f"{first if ownerless else ''}{_problem(problem)}{form}", status)


def invitation_page(
    invitation: Invitation,
    address: str,
    *,
    login: str = "",
    name: str = "",
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    """The form of a link that lets somebody in once."""
    if invitation.person_id:
        title = "A new password"
        told = f"For <strong>{html(invitation.login)}</strong>. You will be signed out elsewhere."
        # Password managers want to know for whom it is.
        asked = (
            '<input type="text" autocomplete="username" hidden readonly '
            f'value="{html(invitation.login)}">'
        )
    else:
        title = "Welcome to the shop"
        article = "an" if invitation.role is Role.ADMINISTRATOR else "a"
        told = f"As {article} {invitation.role} you may {MAY[invitation.role]}."
        asked = f"{_name(name)}{_login(login, 'To sign in with: a name or e-mail address')}"
    form = (
        f'<form method="post" action="{html(address)}">{asked}'
        f"{_password(f'Password ({SHORTEST} characters or more)', 'new-password', SHORTEST)}"
        '<button type="submit">Come in</button></form>'
    )
    return _page(title, f"<p>{told}</p>{_problem(problem)}{form}", status)


def account_page(person: Person) -> HTMLResponse:
    """For somebody who is signed in already."""
    out = html(under_base("door/out"))
    body = (
        f"<p>You are signed in as <strong>{html(person.name)}</strong> ({person.role}).</p>"
        f'<p><a class="button" href="{html(under_base(""))}">Go to the shop</a></p>'
        f'<form method="post" action="{out}"><button class="quiet" type="submit">Sign out</button>'
        '<button class="quiet" type="submit" name="everywhere" value="1">'
        "Sign out everywhere</button></form>"
    )
    return _page("Your account", body)


def told_page(title: str, text: str, status: int) -> HTMLResponse:
    """Something went otherwise than wanted."""
    body = (
        f'{_problem(text)}<p><a class="button" href="{html(under_base(""))}">Go to the shop</a></p>'
    )
    return _page(title, body, status)


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html(title)} · Shopkeeper</title><style>{_STYLES}</style></head>"
        f'<body><main><div class="mark" aria-hidden="true">{_MARK}</div>'
        f"<h1>{html(title)}</h1>{body}</main></body></html>"
    )
    return HTMLResponse(text, status, HEADERS)


def _problem(text: str) -> str:
    return f'<p class="problem" role="alert">{html(text)}</p>' if text else ""


def _login(value: str, label: str = "Name or e-mail address", *, focus: bool = False) -> str:
    return (
        f'<label>{label}<input type="text" name="login" required '
        f'maxlength="{LONGEST_LOGIN}" autocomplete="username" autocapitalize="none" '
        f'spellcheck="false" value="{html(value)}"{" autofocus" if focus else ""}></label>'
    )


def _name(value: str) -> str:
    return (
        '<label>Your name, as others in the shop read it<input type="text" name="name" required '
        f'maxlength="{LONGEST_NAME}" autocomplete="name" value="{html(value)}" autofocus></label>'
    )


def _password(label: str, kind: str, shortest: int = 1, *, focus: bool = False) -> str:
    return (
        f'<label>{label}<input type="password" name="password" required minlength="{shortest}" '
        f'maxlength="{LONGEST}" autocomplete="{kind}"{" autofocus" if focus else ""}></label>'
    )
