"""The process that serves the vectors: Chroma, on loopback, for whoever has the token.

Chroma's own command serves everybody who can reach its port; its server in
Python, which stands on the same core, asks for a token.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from chromadb.auth.token_authn import TokenAuthenticationServerProvider
from chromadb.config import Settings as ChromaSettings
from chromadb.server.fastapi import FastAPI
from pydantic import SecretStr

from core import logs, tokens
from core.console import reported
from core.errors import SettingError
from core.ports import LOOPBACK
from core.settings import load_settings

#: A request under way is let end; less than the supervisor's patience.
STOP_LIMIT_S = 2
#: Clients keep their connections while a shopper thinks.
KEEP_ALIVE_S = 60


def application(path: Path, token: SecretStr) -> FastAPI:
    """Chroma's server over a folder.

    Args:
        path: Where the vectors are.
        token: What a request must bring along.
    """
    provider = TokenAuthenticationServerProvider
    return FastAPI(
        ChromaSettings(
            is_persistent=True,
            persist_directory=str(path),
            anonymized_telemetry=False,
            chroma_server_authn_provider=f"{provider.__module__}.{provider.__qualname__}",
            chroma_server_authn_credentials=token.get_secret_value(),
        )
    )


def main(
    path: Annotated[Path, typer.Option(help="Folder of the vectors.")],
    port: Annotated[int, typer.Option(help="Port.")],
    host: Annotated[str, typer.Option(help="Address to listen at.")] = LOOPBACK,
) -> None:
    """Serve the vectors to whoever has the token (SHOPKEEPER_CHROMA_TOKEN, or the home's own)."""
    logs.begin(logging.WARNING)
    with reported():
        token = tokens.chroma(load_settings())
        if token is None:
            raise SettingError(
                "SHOPKEEPER_CHROMA says that the search server is elsewhere. To serve it from "
                "here, set SHOPKEEPER_CHROMA_TOKEN to the token that the others have."
            )
    uvicorn.run(
        application(path, token).app(),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_LIMIT_S,
    )


if __name__ == "__main__":
    typer.run(main)
