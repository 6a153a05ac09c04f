"""A program that speaks Streamlit's protocol by itself and asks for what no navigation offers."""

from __future__ import annotations

import time

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.util import calc_hash
from websockets.sync.client import connect

from core.settings import PROJECT

TIMEOUT_S = 60.0
#: A script that ends may have another run follow at once: it was led to another page.
QUIET_S = 1.5


def ask_for(address: str, page: str, *, cookie: str = "", by_hash: bool = False) -> bytes:
    """Ask a server for a page in a session that has not seen any; returns all that it says.

    Args:
        address: Of the server, ``http://…``.
        page: The page's script, ``pages/….py``.
        cookie: What a browser would send along.
        by_hash: Ask by the hash of the script, as the pages folder is known to Streamlit
            before it has been told the navigation; else by the page's name.
    """
    message = BackMsg()
    message.rerun_script.query_string = ""
    if by_hash:
        message.rerun_script.page_script_hash = calc_hash(str(PROJECT / page))
    else:
        message.rerun_script.page_name = page.removeprefix("pages/").removesuffix(".py")
    headers = {"Cookie": cookie} if cookie else {}
    url = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    with connect(url, additional_headers=headers, max_size=None) as socket:
        socket.send(message.SerializeToString())
        return _all(socket)


def _all(socket: object) -> bytes:
    """Everything until the script has ended, and nothing follows."""
    said, quiet_s, deadline = b"", TIMEOUT_S, time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            data = socket.recv(timeout=quiet_s)  # type: ignore[attr-defined]
        except TimeoutError:
            break
        said += data
        kind = ForwardMsg.FromString(data).WhichOneof("type")
        if kind in ("script_finished", "new_session"):
            quiet_s = QUIET_S if kind == "script_finished" else TIMEOUT_S
    return said
