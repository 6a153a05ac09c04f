"""Who is in front of the screen, by what their browser keeps of a sign-in.

Asked anew at every run of a page and at every request: who was signed out or
shut out is out at the next step.
"""

from __future__ import annotations

import time

import streamlit as st
from starlette.requests import HTTPConnection

from core import sign_ins
from core.db import Database
from core.errors import SignInError
from core.people import ANYBODY, STRANGER, Person
from core.settings import Settings
from core.sign_in_settings import SignIn
from pages.parts.visitor import visitor_of

COOKIE = "shopkeeper_sign_in"


def person_here(settings: Settings, db: Database) -> Person:
    """Who has this session of Streamlit open."""
    if settings.sign_in is SignIn.OFF:
        return ANYBODY
    return _person(settings, db, token_here())


def person_of(settings: Settings, db: Database, request: HTTPConnection) -> Person:
    """Who sends a request."""
    if settings.sign_in is SignIn.OFF:
        return ANYBODY
    return _person(settings, db, request.cookies.get(COOKIE, ""))


def sign_out_here(db: Database) -> None:
    """End the sign-in of this session."""
    sign_ins.end(db, token_here())


def token_here() -> str:
    """What the browser of this session keeps; as it was when the session began."""
    return st.context.cookies.get(COOKIE) or ""


def is_let_in(settings: Settings, person: Person) -> bool:
    """Whether somebody may do anything at all: where shoppers sign in, strangers may not."""
    return bool(person.id) or not settings.shoppers_sign_in


def visitor_name(person: Person) -> str:
    """By what the conversations of somebody who is signed in are kept.

    No cookie of a visitor can look like it, so nobody can pretend to be somebody else.
    """
    return f"person-{person.id}"


def visitor_asking(settings: Settings, db: Database, request: HTTPConnection) -> str:
    """Whose conversations a request may open; empty where nobody's.

    Raises:
        SignInError: They have to sign in first.
    """
    person = person_of(settings, db, request)
    if not is_let_in(settings, person):
        raise SignInError("Please sign in first.")
    return visitor_name(person) if person.id else visitor_of(request.cookies)


def _person(settings: Settings, db: Database, token: str) -> Person:
    found = sign_ins.person_of(db, token, settings.sign_in, now=time.time())
    return found or STRANGER
