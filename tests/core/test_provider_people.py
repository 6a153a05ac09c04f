"""People who sign in at a provider: who they are here, by what it says of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core import people, provider_people, sign_ins
from core.db import Database
from core.errors import SignInError
from core.roles import Role
from core.settings import Settings, load_settings
from core.sign_in_settings import SignIn
from tests.conftest import on_both

NOW = 1_000_000.0


@pytest.fixture
def shop() -> Settings:
    return load_settings(
        sign_in="oidc",
        oidc_metadata="https://id.example/.well-known/openid-configuration",
        oidc_client_id="shop",
        oidc_client_secret="secret",
        oidc_administrators="ada@shop.example, Owners",
        oidc_merchandisers="ben@shop.example,buyers",
        oidc_role_claim="realm_access.roles",
    )


def claims(**more: Any) -> dict[str, Any]:
    return {"iss": "https://id.example", "sub": "1", "iat": NOW, "name": "Ada", **more}


def groups(*names: str) -> dict[str, Any]:
    return {"realm_access": {"roles": list(names)}}


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ({"email": "Ada@Shop.example", "email_verified": True}, Role.ADMINISTRATOR),
        ({"email": "ben@shop.example", "email_verified": "true"}, Role.MERCHANDISER),
        ({"email": "ada@shop.example", "email_verified": False}, Role.SHOPPER),
        ({"email": "ada@shop.example"}, Role.SHOPPER),
        ({"email": "stranger@else.example", "email_verified": True}, Role.SHOPPER),
        (groups("owners"), Role.ADMINISTRATOR),
        (groups("staff", "buyers"), Role.MERCHANDISER),
        (groups("merchandiser"), Role.MERCHANDISER),
        (groups("staff"), Role.SHOPPER),
        # A group that somebody has named like a person.
        (groups("ada@shop.example"), Role.SHOPPER),
        ({"email": "owners", "email_verified": True}, Role.SHOPPER),
        ({"realm_access": "owners"}, Role.SHOPPER),
        ({"realm_access": {"roles": [1, None]}}, Role.SHOPPER),
        ({}, Role.SHOPPER),
    ],
)
def test_the_role_comes_from_a_verified_address_or_from_the_claim(
    shop: Settings, said: dict[str, Any], role: Role
) -> None:
    assert provider_people.role_of(shop, claims(**said)) is role


@on_both
def test_a_role_is_found_anew_at_each_sign_in_and_the_person_stays_the_same(
    shop: Settings, db: Database
) -> None:
    found = []
    for name in ("buyers", "owners"):
        token = provider_people.with_claims(shop, db, claims(**groups(name)), now=NOW)
        person = sign_ins.person_of(db, token, SignIn.OIDC, now=NOW)
        assert person is not None
        found.append(person)
    assert [one.role for one in found] == [Role.MERCHANDISER, Role.ADMINISTRATOR]
    assert found[0].id == found[1].id
    assert sign_ins.person_of(db, token, SignIn.PASSWORD, now=NOW) is None


@on_both
def test_the_same_subject_of_another_issuer_is_somebody_else(shop: Settings, db: Database) -> None:
    for issuer in ("https://id.example", "https://other.example"):
        provider_people.with_claims(shop, db, claims(iss=issuer), now=NOW)
    assert len(people.listing(db)) == 2


@on_both
def test_whoever_is_shut_out_here_stays_out_whatever_the_provider_says(
    shop: Settings, db: Database
) -> None:
    provider_people.with_claims(shop, db, claims(sub="2", **groups("owners")), now=NOW)
    token = provider_people.with_claims(shop, db, claims(**groups("owners")), now=NOW)
    person = sign_ins.person_of(db, token, SignIn.OIDC, now=NOW)
    assert person is not None
    people.set_enabled(db, person.id, False)
    assert sign_ins.person_of(db, token, SignIn.OIDC, now=NOW) is None
    with pytest.raises(SignInError, match="switched off"):
        provider_people.with_claims(shop, db, claims(**groups("owners")), now=NOW)


@pytest.mark.parametrize(
    "said", [{"sub": ""}, {"iss": None}, {"iat": NOW - 700}, {"iat": NOW + 700}, {"iat": "now"}]
)
def test_what_says_too_little_or_was_said_too_long_ago_signs_nobody_in(
    shop: Settings, db: Database, said: dict[str, Any]
) -> None:
    with pytest.raises(SignInError):
        provider_people.with_claims(shop, db, claims(**said), now=NOW)
    assert people.listing(db) == []


@on_both
def test_somebody_new_who_comes_in_many_windows_at_once_is_one_person(
    shop: Settings, db: Database
) -> None:
    def come(_: int) -> str:
        return provider_people.with_claims(shop, db, claims(**groups("owners")), now=NOW)

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(come, range(16)))
    people_in = {sign_ins.person_of(db, token, SignIn.OIDC, now=NOW) for token in tokens}
    assert len(people_in) == 1 and None not in people_in
    assert len(people.listing(db)) == 1
