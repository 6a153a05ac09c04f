"""Requests to addresses that people have typed: what is inside the shop's own network is closed.

A name is looked up once, every address of it is judged, and the connection goes to
the address that was judged: a name that means something else a moment later gains
nothing. Knows nothing of what is sent.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from core.errors import DestinationError, DestinationRefused
from core.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SETTING = "SHOPKEEPER_PRIVATE_TARGETS"
#: Addresses that stand for one of the other kind: where they lead depends on the network.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


def addresses(settings: Settings, host: str, port: int) -> list[str]:
    """Where a host may be connected to.

    Raises:
        DestinationRefused: It is, or may be, inside the shop's own network.
        DestinationError: Its name is not known at the moment.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DestinationError(
            f"There is no server named “{host}”. Check the address for a misspelling."
        ) from error
    numbers = list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))
    if not settings.may_be_private(host):
        for number in numbers:
            if not is_public(ipaddress.ip_address(number)):
                raise DestinationRefused(
                    f"“{host}” is inside this machine's own network ({number}), where Shopkeeper "
                    f"sends nothing unless {_SETTING} names it, such as {_SETTING}={host}."
                )
    return numbers


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet, whatever form it is written in."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _TRANSLATED or address.teredo:
            return False
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


@contextmanager
def client(settings: Settings, timeout_s: float) -> Iterator[httpx.Client]:
    """A client for addresses that people have typed; it follows nothing and asks no proxy.

    Raises:
        DestinationRefused: On use, for an address that is closed.
    """
    # It would log whole addresses, and there may be a token in one.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    transport = _Judged(settings)
    made = httpx.Client(
        transport=transport, timeout=timeout_s, follow_redirects=False, trust_env=False
    )
    with made:
        yield made


class _Judged(httpx.BaseTransport):
    """Connects to the address that was judged, and speaks to the host that was named."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._inner = httpx.HTTPTransport(verify=httpx.create_ssl_context())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        named = request.url
        if named.scheme not in ("http", "https") or not named.host:
            raise DestinationRefused("The address must begin with https:// or http://.")
        port = named.port or (443 if named.scheme == "https" else 80)
        number = addresses(self._settings, named.host, port)[0]
        # The certificate must be the named host's; its name is in the Host header already.
        request.extensions = request.extensions | {"sni_hostname": named.host}
        request.url = named.copy_with(host=number)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@contextmanager
def in_words(address: str, answer_s: float) -> Iterator[None]:
    """Put into words what goes wrong between us and a server.

    Args:
        address: Who was asked.
        answer_s: How long an answer is waited for, in seconds.

    Raises:
        DestinationRefused: The address is none.
        DestinationError: The server cannot be reached, or is silent.
    """
    try:
        yield
    except httpx.TimeoutException as error:
        raise DestinationError(
            f"{host(address)} did not answer within {answer_s:.0f} seconds."
        ) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise DestinationRefused("The address is not one: it must look like https://…") from error
    except httpx.HTTPError as error:
        raise DestinationError(f"{host(address)} cannot be reached: {error}.") from error


def host(address: str) -> str:
    """The part of an address that may be repeated: there may be a token in the rest."""
    try:
        return httpx.URL(address).host or "The address"
    except httpx.InvalidURL:
        return "The address"
