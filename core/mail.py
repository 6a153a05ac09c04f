"""Mails to people, handed to the shop's mail server.

Knows nothing of what they say. What stands in a header is one line, and the
server's certificate is checked wherever the way there is encrypted.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from core.errors import MailError, ValueRefused
from core.mail_settings import MailSecurity
from core.settings import Settings

#: For each word with the server.
TIMEOUT_S = 15.0
LONGEST_SUBJECT = 200
#: What of a server's reply is repeated to people.
SHOWN_CHARACTERS = 200

_PORTS = {MailSecurity.STARTTLS: 587, MailSecurity.TLS: 465, MailSecurity.NONE: 25}
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NO_LINE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_HERE = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, the same whenever it is sent again.

    Attributes:
        key: Names it among all mails, so that a server which has it need not take it twice.
        html: The same as the text, for those who read HTML.
        at: When it was written, in seconds since the epoch.
    """

    to: str
    subject: str
    text: str
    html: str
    key: str
    at: float


def is_set_up(settings: Settings) -> bool:
    """Whether there is a mail server to hand mails to."""
    return settings.smtp_host is not None


def checked(address: str) -> str:
    """An e-mail address, fit to stand in a header; a domain with other letters in its ASCII form.

    Raises:
        ValueRefused: It is none.
    """
    local, _, domain = address.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
    except UnicodeError:
        ascii_domain = ""
    labels = ascii_domain.split(".")
    if not (_LOCAL.fullmatch(local) and all(_LABEL.fullmatch(label) for label in labels)):
        raise ValueRefused("An e-mail address must look like name@example.com.")
    return f"{local}@{ascii_domain}"


def send(settings: Settings, mail: Mail) -> None:
    """Hand a mail to the server.

    Raises:
        MailError: It did not take it.
    """
    message = compose(settings, mail)
    with _server(settings) as server:
        server.send_message(message)


def compose(settings: Settings, mail: Mail) -> EmailMessage:
    """The mail as it is sent.

    Raises:
        MailError: It is not set from which address.
    """
    sender = _sender(settings)
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = sender
        message["To"] = mail.to
        message["Subject"] = _one_line(mail.subject)
        message["Date"] = format_datetime(datetime.fromtimestamp(mail.at, UTC))
        message["Message-ID"] = f"<{mail.key}@{sender.domain}>"
        # Nobody's holiday notice need answer it.
        message["Auto-Submitted"] = "auto-generated"
    except (ValueError, MessageError) as error:
        raise MailError(f"The mail cannot be addressed: {error}.") from error
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _one_line(text: str) -> str:
    return _NO_LINE.sub(" ", text).strip()[:LONGEST_SUBJECT]


def _sender(settings: Settings) -> Address:
    named = settings.smtp_from or settings.smtp_user or ""
    name, address = parseaddr(named)
    try:
        return Address(_one_line(name), addr_spec=checked(address))
    except (ValueRefused, ValueError) as error:
        raise MailError(
            "Mails need an address that they are from: set SHOPKEEPER_SMTP_FROM, "
            "such as Shopkeeper <shop@example.com>."
        ) from error


@contextmanager
def _server(settings: Settings) -> Iterator[smtplib.SMTP]:
    """The server, ready for a mail; what goes wrong with it is put in words."""
    host = settings.smtp_host
    if host is None:
        raise MailError("No mail server is set: SHOPKEEPER_SMTP_HOST names it.")
    _check_way(settings, host)
    port = settings.smtp_port or _PORTS[settings.smtp_security]
    try:
        with _connected(settings, host, port) as server:
            if settings.smtp_user is not None:
                secret = settings.smtp_password
                server.login(settings.smtp_user, secret.get_secret_value() if secret else "")
            yield server
    except (smtplib.SMTPException, OSError) as error:
        raise MailError(_words(error, f"{host}:{port}")) from error


def _connected(settings: Settings, host: str, port: int) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if settings.smtp_security is MailSecurity.TLS:
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
    server = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
    if settings.smtp_security is MailSecurity.STARTTLS:
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _check_way(settings: Settings, host: str) -> None:
    """See that the password goes over no open network."""
    open_way = settings.smtp_security is MailSecurity.NONE and host not in _HERE
    if open_way and settings.smtp_user is not None:
        raise MailError(
            "The mail server's password would be sent unprotected: set SHOPKEEPER_SMTP_SECURITY "
            "to starttls or tls, or leave SHOPKEEPER_SMTP_USER out."
        )


def _words(error: smtplib.SMTPException | OSError, server: str) -> str:
    """What went wrong, and what to do about it."""
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return f"The mail server {server} did not answer within {TIMEOUT_S:.0f} seconds."
    match error:
        case smtplib.SMTPAuthenticationError():
            return (
                f"The mail server {server} refuses the user or the password ({_reply(error)}). "
                "Check SHOPKEEPER_SMTP_USER and SHOPKEEPER_SMTP_PASSWORD."
            )
        case smtplib.SMTPRecipientsRefused():
            [(to, (code, said))] = list(error.recipients.items())[:1]
            return f"The mail server {server} takes no mail for {to} ({_said(code, said)})."
        case smtplib.SMTPSenderRefused():
            return (
                f"The mail server {server} takes no mail from {error.sender} ({_reply(error)}). "
                "Check SHOPKEEPER_SMTP_FROM."
            )
        case smtplib.SMTPNotSupportedError():
            return (
                f"The mail server {server} does not offer what is needed ({error}). Check "
                "SHOPKEEPER_SMTP_SECURITY and SHOPKEEPER_SMTP_PORT."
            )
        case smtplib.SMTPResponseException():
            return f"The mail server {server} did not take the mail ({_reply(error)})."
        case ssl.SSLCertVerificationError():
            return (
                f"The certificate of the mail server {server} is not to be trusted: "
                f"{error.verify_message}. Check SHOPKEEPER_SMTP_HOST; for an authority of your own "
                "set SSL_CERT_FILE."
            )
        case ssl.SSLError():
            return (
                f"No encrypted connection to the mail server {server} can be made. Check "
                "SHOPKEEPER_SMTP_SECURITY and SHOPKEEPER_SMTP_PORT: they belong together."
            )
        case _:
            reason = getattr(error, "strerror", None) or str(error)
            return (
                f"The mail server {server} cannot be reached: {reason}. Check "
                "SHOPKEEPER_SMTP_HOST and SHOPKEEPER_SMTP_PORT."
            )


def _reply(error: smtplib.SMTPResponseException) -> str:
    return _said(error.smtp_code, error.smtp_error)


def _said(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {_one_line(text)}".strip()[:SHOWN_CHARACTERS]
