"""Somebody else's mail server on loopback, with TLS and a password where told to."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core import ports

USER, PASSWORD = "shop", "brass lantern"
FROM = "Shopkeeper <shop@example.com>"


class MailSink:
    """The server.

    Attributes:
        mails: What it has taken.
        recipients: To whom each of them was addressed on the envelope.
        users: Who has signed in.
        refusal: What it says instead of taking a mail, if anything.
    """

    def __init__(self, folder: Path, *, security: str = "none", auth: bool = False) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.users: list[str] = []
        self.refusal = ""
        self.port = 0
        self._security = security
        self._auth = auth
        self.certificate = folder / "mail.pem"
        if not self.certificate.exists():
            make_certificate(self.certificate)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead the shop here."""
        signed_in = {"SHOPKEEPER_SMTP_USER": USER, "SHOPKEEPER_SMTP_PASSWORD": PASSWORD}
        return {
            "SHOPKEEPER_SMTP_HOST": "127.0.0.1",
            "SHOPKEEPER_SMTP_PORT": str(self.port),
            "SHOPKEEPER_SMTP_SECURITY": self._security,
            "SHOPKEEPER_SMTP_FROM": FROM,
            "SSL_CERT_FILE": str(self.certificate),
            **(signed_in if self._auth else {}),
        }

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refusal:
            return self.refusal
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        self.recipients += envelope.rcpt_tos
        return "250 Taken"

    def _known(self, _server: Any, _session: Any, _envelope: Any, _how: str, given: Any) -> Any:
        assert isinstance(given, LoginPassword)
        user = given.login.decode()
        self.users.append(user)
        right = (user, given.password.decode()) == (USER, PASSWORD)
        return AuthResult(success=right, handled=False)

    @contextmanager
    def running(self) -> Iterator[MailSink]:
        """Serve on a free port, on the same one when it is started again."""
        self.port = self.port or ports.unused()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate)
        options: dict[str, Any] = {}
        if self._security == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        if self._security == "tls":
            options["ssl_context"] = context
        if self._auth:
            options |= {"authenticator": self._known, "auth_required": True}
            options["auth_require_tls"] = self._security == "starttls"
        controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        controller.start()
        try:
            yield self
        finally:
            controller.stop()


def make_certificate(path: Path) -> None:
    """A certificate for 127.0.0.1, signed by itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    local = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(local, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
