"""Connections to the search server."""

from __future__ import annotations

from urllib.parse import urlsplit

import chromadb
import chromadb.config
import httpx
from chromadb.api import ClientAPI
from chromadb.api.client import Client

from core.ports import LOOPBACK, SearchServer


def connect(server: SearchServer) -> ClientAPI:
    """A client; raises whatever Chroma's own raises."""
    url = urlsplit(server.url)
    secure = url.scheme == "https"
    token = server.token.get_secret_value() if server.token else ""
    return chromadb.HttpClient(
        host=url.hostname or LOOPBACK,
        port=url.port or (443 if secure else 8000),
        ssl=secure,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        settings=chromadb.config.Settings(anonymized_telemetry=False),
    )


def close(client: ClientAPI) -> None:
    """Close a client with all its sockets."""
    if not isinstance(client, Client):
        return
    client.close()
    # Chroma's close() leaves open the sockets of the client and of the one inside it.
    for owner in (client, client._admin_client):
        session = getattr(getattr(owner, "_server", None), "_session", None)
        if isinstance(session, httpx.Client):
            session.close()
