"""All settings, read once from the environment and ``.env``.

The only module that looks at the environment. Everything else is handed a
:class:`Settings`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from platformdirs import user_cache_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from core import redaction
from core.errors import SettingError
from core.exchange_settings import ExchangeSettings, listed
from core.limit_settings import LimitSettings
from core.mail_settings import MailSettings
from core.sign_in_settings import SignInSettings, check_sign_in

PROJECT = Path(__file__).resolve().parent.parent
SAMPLE = PROJECT / "sample"
#: Settings that are paths: made absolute once, so that it does not matter who stands where.
PATHS = ("home", "cache", "endpoints", "export_folder", "import_folder")
_SERVICE = "(page|worker|indexer|chroma|model)"
#: Addresses that stand for all of this machine's.
ANYWHERE = ("0.0.0.0", "::", "")
_SERVICES = rf"^\s*{_SERVICE}(\s*,\s*{_SERVICE})*\s*$"


class Settings(ExchangeSettings, LimitSettings, MailSettings, SignInSettings, BaseSettings):
    """What the person who runs Shopkeeper can choose.

    Each field is set by the environment variable of its alias, or by a line
    in ``.env``; ``.env.example`` explains them all. What belongs together
    stands in the classes that this one is made of.
    """

    model_config = SettingsConfigDict(
        env_file=PROJECT / ".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    home: Path = Field(default=PROJECT / "data", validation_alias="SHOPKEEPER_HOME")
    port: int = Field(default=8501, ge=1, le=65535, validation_alias="PORT")
    address: str = Field(default="127.0.0.1", validation_alias="SHOPKEEPER_ADDRESS")
    database: str | None = Field(default=None, repr=False, validation_alias="DATABASE_URL")
    storage: str | None = Field(default=None, repr=False, validation_alias="SHOPKEEPER_STORAGE")

    services: str | None = Field(
        default=None, pattern=_SERVICES, validation_alias="SHOPKEEPER_SERVICES"
    )
    chroma: str | None = Field(
        default=None, pattern=r"^https?://[^/]+/?$", validation_alias="SHOPKEEPER_CHROMA"
    )

    chroma_token: SecretStr | None = Field(
        default=None, min_length=16, validation_alias="SHOPKEEPER_CHROMA_TOKEN"
    )

    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(
        default=None, repr=False, validation_alias="OPENAI_BASE_URL"
    )
    openai_model: str | None = Field(default=None, validation_alias="OPENAI_MODEL")
    slots: int | None = Field(default=None, ge=1, le=4096, validation_alias="SHOPKEEPER_SLOTS")
    endpoints: Path | None = Field(default=None, validation_alias="SHOPKEEPER_ENDPOINTS")
    lanes: bool = Field(default=True, validation_alias="SHOPKEEPER_LANES")
    batch_share: float = Field(
        default=0.05, ge=0, le=0.5, validation_alias="SHOPKEEPER_BATCH_SHARE"
    )
    usage_days: int = Field(default=30, ge=1, validation_alias="SHOPKEEPER_USAGE_DAYS")
    history_days: int = Field(default=7, ge=1, validation_alias="SHOPKEEPER_HISTORY_DAYS")
    upload_days: int = Field(default=30, ge=1, validation_alias="SHOPKEEPER_UPLOAD_DAYS")
    result_days: int | None = Field(default=None, ge=1, validation_alias="SHOPKEEPER_RESULT_DAYS")
    conversation_days: int | None = Field(
        default=None, ge=1, validation_alias="SHOPKEEPER_CONVERSATION_DAYS"
    )
    backup_for: str = Field(default="", validation_alias="SHOPKEEPER_BACKUP_FOR")
    model: str = Field(default="qwen2.5-coder-0.5b", validation_alias="SHOPKEEPER_MODEL")
    cache: Path = Field(
        default_factory=lambda: user_cache_path("shopkeeper"),
        validation_alias="SHOPKEEPER_CACHE",
    )
    call_timeout_s: float = Field(default=120.0, gt=0, validation_alias="SHOPKEEPER_CALL_TIMEOUT")
    row_attempts: int = Field(default=5, ge=1, le=20, validation_alias="SHOPKEEPER_ROW_ATTEMPTS")
    examples: int = Field(default=1, ge=0, le=20, validation_alias="SHOPKEEPER_EXAMPLES")
    stop_after: int = Field(default=50, ge=0, validation_alias="SHOPKEEPER_STOP_AFTER")
    trusted_proxies: str = Field(
        default="127.0.0.1,::1", validation_alias="SHOPKEEPER_TRUSTED_PROXIES"
    )
    reranker: str | None = Field(default=None, validation_alias="SHOPKEEPER_RERANKER")
    image_hosts: str | None = Field(
        default=None,
        pattern=r"^\s*[\w.-]+(\s*,\s*[\w.-]+)*\s*$",
        validation_alias="SHOPKEEPER_IMAGE_HOSTS",
    )
    sample_shop: bool = Field(default=True, validation_alias="SHOPKEEPER_SAMPLE_SHOP")

    secret_key: SecretStr | None = Field(
        default=None, min_length=16, validation_alias="SHOPKEEPER_SECRET_KEY"
    )
    url: str | None = Field(
        default=None, pattern=r"^https?://[^\s]+$", validation_alias="SHOPKEEPER_URL"
    )

    @field_validator("chroma_token")
    @classmethod
    def _fits_a_header(cls, token: SecretStr | None) -> SecretStr | None:
        if token and not re.fullmatch("[!-~]+", token.get_secret_value()):
            raise ValueError("may have letters, digits and signs only, and no space")
        return token

    @cached_property
    def picture_hosts(self) -> frozenset[str]:
        """The servers that pictures of products may come from; none unless they are named."""
        named = (self.image_hosts or "").split(",")
        return frozenset(host.strip().lower() for host in named if host.strip())

    @property
    def exports(self) -> Path:
        """The folder of this machine that results may be delivered to."""
        return self.export_folder or self.home / "exports"

    @property
    def imports(self) -> Path:
        """The folder of this machine that catalogs are taken from by themselves."""
        return self.import_folder or self.home / "imports"

    @property
    def backup_keys(self) -> tuple[str, ...]:
        """Public keys of those who can open the backups; none: they are not encrypted."""
        return listed(self.backup_for)

    @cached_property
    def database_url(self) -> str:
        """SQLAlchemy URL of our tables: ``DATABASE_URL`` or SQLite in the home."""
        return self.database or f"sqlite:///{self.home / 'shopkeeper.db'}"

    @cached_property
    def address_for_people(self) -> str:
        """Where people reach the pages, without a slash at its end: for links from elsewhere."""
        if self.url:
            return self.url.rstrip("/")
        here = self.is_loopback or self.address in ANYWHERE
        host = "localhost" if here else self.address
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def runs_here(self, service: str) -> bool:
        """Whether a service may run on this machine; any may, unless some are named."""
        return self.services is None or service in self.services

    def variable(self, name: str) -> str | None:
        """A variable of the environment or of ``.env`` that another file names, such as a key."""
        file = self.model_config.get("env_file")
        return os.environ.get(name) or (dotenv_values(str(file)).get(name) if file else None)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the web app."""
        return is_loopback(self.address)

    @property
    def endpoint_file(self) -> Path:
        """Where the endpoints are named, if they are named in a file."""
        return self.endpoints or PROJECT / "endpoints.toml"

    @property
    def logs(self) -> Path:
        """Folder of the child processes' logs."""
        return self.home / "logs"

    @property
    def restoring(self) -> Path:
        """Folder that is there only while a backup is being put back."""
        return self.home / "restoring"

    @property
    def run(self) -> Path:
        """Folder of what lives only while processes run: ports, sockets, locks, progress."""
        return self.home / "run"


def is_loopback(address: str) -> bool:
    """Whether an address to listen at is one of this machine's own."""
    if address.casefold() == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _variable(name: str) -> str:
    return str(Settings.model_fields[name].validation_alias)


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; keyword arguments win over the environment.

    Raises:
        SettingError: A value is malformed; the message names its variable.
    """
    try:
        given: dict[str, Any] = {_variable(name): value for name, value in overrides.items()}
        settings = Settings(**given)
    except ValidationError as error:
        problems = "; ".join(map(_problem, error.errors()))
        raise SettingError(f"Please correct in the environment or in .env: {problems}") from error
    check_sign_in(settings, open_at=None if settings.is_loopback else settings.address)
    redaction.hide(*_secrets(settings))
    given_paths = {name: getattr(settings, name) for name in PATHS}
    paths = {name: path.expanduser().resolve() for name, path in given_paths.items() if path}
    return settings.model_copy(update=paths)


def _problem(found: ErrorDetails) -> str:
    """One of Pydantic's findings; it does not tell a value that is secret."""
    variable = ".".join(str(part) for part in found["loc"])
    given = "" if variable in _SECRET else f" (got {redaction.redacted(repr(found['input']))})"
    return f"{variable}: {found['msg']}{given}"


#: Settings that are secret as a whole.
_SECRET = {
    str(field.validation_alias)
    for field in Settings.model_fields.values()
    if field.annotation == SecretStr | None
}


def _secrets(settings: Settings) -> Iterator[str | None]:
    """What of the settings must not be written anywhere."""
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, str):
            yield from redaction.passwords(value)
    for variable in _SECRET_VARIABLES:
        yield settings.variable(variable)


#: Of those that others read from the environment.
_SECRET_VARIABLES = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def child_environment(settings: Settings, **extra: str) -> dict[str, str]:
    """The environment for a child process: ours, with these settings made explicit.

    A child then works with what its parent was given, however that was said
    and whatever happens to ``.env`` meanwhile. ``extra`` wins over all.
    """
    chosen = {_variable(name): getattr(settings, name) for name in Settings.model_fields}
    texts = {name: _text(value) for name, value in chosen.items() if value is not None}
    return {**os.environ, **texts, **extra}


def _text(value: Any) -> str:
    return str(value.get_secret_value() if isinstance(value, SecretStr) else value)
