"""How people sign in, as far as it is a setting: fields of :class:`core.settings.Settings`."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core.errors import SettingError


class SignIn(StrEnum):
    """How people prove who they are."""

    OFF = "off"  #: not at all: everybody at this machine may do everything
    PASSWORD = "password"  #: with a password that the shop keeps
    OIDC = "oidc"  #: at a provider of OpenID Connect


class SignInSettings(BaseModel):
    """Whether and where people sign in."""

    model_config = ConfigDict(frozen=True)

    sign_in: SignIn = Field(default=SignIn.PASSWORD, validation_alias="SHOPKEEPER_SIGN_IN")
    shoppers_sign_in: bool = Field(default=False, validation_alias="SHOPKEEPER_SHOPPERS_SIGN_IN")
    oidc_metadata: str | None = Field(
        default=None, pattern=r"^https?://\S+$", validation_alias="SHOPKEEPER_OIDC_METADATA_URL"
    )
    oidc_client_id: str | None = Field(default=None, validation_alias="SHOPKEEPER_OIDC_CLIENT_ID")
    oidc_client_secret: SecretStr | None = Field(
        default=None, validation_alias="SHOPKEEPER_OIDC_CLIENT_SECRET"
    )
    oidc_name: str | None = Field(default=None, validation_alias="SHOPKEEPER_OIDC_NAME")
    oidc_role_claim: str | None = Field(default=None, validation_alias="SHOPKEEPER_OIDC_ROLE_CLAIM")
    oidc_administrators: str = Field(default="", validation_alias="SHOPKEEPER_OIDC_ADMINISTRATORS")
    oidc_merchandisers: str = Field(default="", validation_alias="SHOPKEEPER_OIDC_MERCHANDISERS")


def check_sign_in(settings: SignInSettings, *, open_at: str | None) -> None:
    """See that strangers cannot come in by a setting, and that somebody can.

    Args:
        settings: To be checked.
        open_at: The address at which other machines reach the web app; None: none does.

    Raises:
        SettingError: What has to be set otherwise.
    """
    if settings.sign_in is SignIn.OFF:
        if open_at is not None:
            raise SettingError(
                f"Everybody could do everything: SHOPKEEPER_SIGN_IN is off, and SHOPKEEPER_ADDRESS "
                f"lets other machines in ({open_at or 'all of them'}). Set "
                "SHOPKEEPER_SIGN_IN to password or oidc, or listen at 127.0.0.1."
            )
        if settings.shoppers_sign_in:
            raise SettingError(
                "SHOPKEEPER_SHOPPERS_SIGN_IN needs a way to sign in: set SHOPKEEPER_SIGN_IN "
                "to password or oidc."
            )
    if settings.sign_in is SignIn.OIDC:
        _check_provider(settings)


def _check_provider(settings: SignInSettings) -> None:
    needed = ("oidc_metadata", "oidc_client_id", "oidc_client_secret")
    missing = [
        str(SignInSettings.model_fields[name].validation_alias)
        for name in needed
        if getattr(settings, name) is None
    ]
    if missing:
        raise SettingError(f"SHOPKEEPER_SIGN_IN is oidc, which needs {', '.join(missing)} as well.")
    if not settings.oidc_administrators and settings.oidc_role_claim is None:
        raise SettingError(
            "Nobody would be administrator: set SHOPKEEPER_OIDC_ADMINISTRATORS to the e-mail "
            "addresses of those who are, or SHOPKEEPER_OIDC_ROLE_CLAIM to the claim that tells."
        )
