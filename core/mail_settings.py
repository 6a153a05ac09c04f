"""The mail server that notices and links go through: fields of :class:`core.settings.Settings`."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class MailSecurity(StrEnum):
    """How the way to the mail server is protected."""

    STARTTLS = "starttls"  #: encrypted once the server has said that it can
    TLS = "tls"  #: encrypted from the first byte
    NONE = "none"  #: not at all: for a server on this machine or in a network of one's own


class MailSettings(BaseModel):
    """How mails are handed over; without a host none is sent."""

    model_config = ConfigDict(frozen=True)

    smtp_host: str | None = Field(
        default=None, pattern=r"^[^\s/@:]+$", validation_alias="SHOPKEEPER_SMTP_HOST"
    )
    smtp_port: int | None = Field(
        default=None, ge=1, le=65535, validation_alias="SHOPKEEPER_SMTP_PORT"
    )
    smtp_user: str | None = Field(default=None, validation_alias="SHOPKEEPER_SMTP_USER")
    smtp_password: SecretStr | None = Field(
        default=None, validation_alias="SHOPKEEPER_SMTP_PASSWORD"
    )
    smtp_from: str | None = Field(default=None, validation_alias="SHOPKEEPER_SMTP_FROM")
    smtp_security: MailSecurity = Field(
        default=MailSecurity.STARTTLS, validation_alias="SHOPKEEPER_SMTP_SECURITY"
    )
