"""A notice in the form of each kind of channel, and on its way there."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from html import escape

from core import mail, notice_channels, webhook
from core.mail import Mail
from core.notice_channels import Channel, ChannelKind
from core.notices import Notice, NoticeKind, Told
from core.settings import Settings

_TEST = Told(
    NoticeKind.ENDED,
    "This is a test of Shopkeeper's notices",
    "It has arrived, so notices will, too. There is nothing to do.",
    "notices",
)
_PAGE = """\
<!doctype html>
<html><body style="font-family: sans-serif; line-height: 1.5; color: #2a2520">
<p><strong>{title}</strong></p>
{paragraphs}<p><a href="{address}" style="color: #24604a">{words}</a></p>
<p style="color: #6f675d; font-size: 0.85em">{footer}</p>
</body></html>
"""
_WORDS = "Open it in Shopkeeper"
_FOOTER = "Shopkeeper sends this because notices go to this address. Who gets which: "


def send(settings: Settings, channel: Channel, notice: Notice, key: str) -> None:
    """Send a notice over a channel.

    Args:
        settings: Names the mail server and the pages' address.
        channel: Where to.
        notice: What to tell.
        key: Names the sending, the same when it is repeated.

    Raises:
        MailError: The mail server did not take it.
        DestinationError: The webhook did not take it.
        SettingError: The webhook's secret cannot be read.
    """
    if channel.kind is ChannelKind.EMAIL:
        mail.send(settings, as_mail(settings, channel.target, notice, key))
        return
    hook = notice_channels.hook(settings, channel)
    webhook.send(settings, hook.url, as_payload(settings, notice), secret=hook.secret, key=key)


def send_test(settings: Settings, channel: Channel, key: str) -> None:
    """Send something over a channel to see whether it arrives; fails as :func:`send` does."""
    send(settings, channel, Notice(0, _TEST, time.time()), key)


def as_mail(settings: Settings, to: str, notice: Notice, key: str) -> Mail:
    """A notice as a mail."""
    told, address = notice.told, _address(settings, notice.told.link)
    footer = f"{_FOOTER}{_address(settings, 'notices')}"
    paragraphs = [told.text] if told.text else []
    return Mail(
        to=to,
        subject=told.title,
        text="\n\n".join([told.title, *paragraphs, f"{_WORDS}: {address}", f"-- \n{footer}\n"]),
        html=_PAGE.format(
            title=escape(told.title),
            paragraphs="".join(f"<p>{escape(text)}</p>\n" for text in paragraphs),
            address=escape(address),
            words=_WORDS,
            footer=escape(footer),
        ),
        key=key,
        at=notice.at,
    )


def as_payload(settings: Settings, notice: Notice) -> bytes:
    """A notice as the body of a webhook, in the form that Standard Webhooks recommends."""
    told = notice.told
    body = {
        "type": f"notice.{told.kind}",
        "timestamp": datetime.fromtimestamp(notice.at, UTC).isoformat(),
        "data": {
            "title": told.title,
            "text": told.text,
            "url": _address(settings, told.link),
        },
    }
    return json.dumps(body, ensure_ascii=False).encode()


def _address(settings: Settings, link: str) -> str:
    return f"{settings.address_for_people}/{link}"
