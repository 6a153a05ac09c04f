"""A provider of OpenID Connect, by way of Streamlit's own sign-in (``st.login``).

Streamlit talks to the provider and leaves what it says in a signed cookie that
is good for a month, whatever we think of it. So it is read once, at the door,
where a sign-in of ours takes its place: one that can be ended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import (
    TOKENS_COOKIE_NAME,
    USER_COOKIE_NAME,
)

from core import sealed
from core.errors import SignInError
from core.settings import Settings
from core.sign_in_settings import SignIn
from pages.parts.base_path import base_path

#: Where a provider sends people back to; Streamlit answers there.
CALLBACK = "oauth2callback"


def provider_secrets(settings: Settings) -> dict[str, Any]:
    """The provider as Streamlit wants to know it; nothing where none is used."""
    if settings.sign_in is not SignIn.OIDC or settings.oidc_client_secret is None:
        return {}
    return {
        "auth": {
            "redirect_uri": f"{settings.address_for_people}/{CALLBACK}",
            "cookie_secret": sealed.derived(settings, "sign-in at a provider").hex(),
            "client_id": settings.oidc_client_id or "",
            "client_secret": settings.oidc_client_secret.get_secret_value(),
            "server_metadata_url": settings.oidc_metadata or "",
        }
    }


def claims_of(request: Request) -> Mapping[str, Any]:
    """What the provider has said of whoever sends a request.

    Raises:
        SignInError: Nothing, or nothing that we have signed.
    """
    secret = get_cookie_secret()

    def single(name: str) -> bytes | None:
        kept = request.cookies.get(name)
        return decode_signed_value(secret, name, kept.encode("latin-1")) if kept else None

    kept = get_cookie_with_chunks(single, USER_COOKIE_NAME)
    found = json.loads(kept) if kept else None
    if not isinstance(found, dict) or not found.get("is_logged_in"):
        raise SignInError(
            "The provider did not let you in, or the shop was opened under another address than "
            "the one it is known by. Please try again."
        )
    return found


def forget_claims(request: Request, answer: Response) -> None:
    """Have the browser forget what the provider has said."""
    for name in request.cookies:
        if name.startswith((USER_COOKIE_NAME, TOKENS_COOKIE_NAME)):
            answer.delete_cookie(name, path=base_path() or "/")
