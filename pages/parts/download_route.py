"""Downloads: a route beside the pages that streams results, so that no file is held in memory."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import closing
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from batch import downloads, jobs
from batch.download_forms import Form, file_name
from core.errors import FieldsError, ServiceError, ShopkeeperError
from pages.parts.base_path import under_base
from pages.parts.download_address import FOLDER, AddressError, Wanted, wanted
from pages.parts.entry import open_settings, open_shop_database

log = logging.getLogger(__name__)

#: What is sent with whatever this route answers.
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def download_route() -> Route:
    """The route that the addresses of downloads lead to."""
    return Route(under_base(f"{FOLDER}/{{job_id}}/{{form}}"), _download)


def _download(request: Request) -> Response:
    """A file, or in plain words why there is none. Starlette runs this in its threads."""
    try:
        asked = wanted(request.path_params["form"], request.query_params.multi_items())
        return _file(request.path_params["job_id"], asked, only_head=request.method == "HEAD")
    except AddressError as error:
        unknown = request.path_params["form"] not in set(Form)
        return _told(str(error), 404 if unknown else 400)
    except FieldsError as error:
        return _told(error.message, 400)
    except ServiceError as error:
        log.warning("a download of job %s: %s", request.path_params["job_id"], error)
        return _told(error.message, 503)
    except ShopkeeperError as error:
        return _told(error.message, 404)


def _file(job_id: str, asked: Wanted, *, only_head: bool) -> Response:
    settings, db = open_settings(), open_shop_database()
    job = jobs.get(db, job_id)
    pieces = downloads.download(
        settings, db, job.id, asked.form, choice=asked.choice, options=asked.options
    )
    name = file_name(job, asked.form, asked.choice)
    headers = _HEADERS | {"Content-Disposition": _attachment(name)}
    body = iter(()) if only_head else _begun(pieces, job.id)
    return StreamingResponse(body, headers=headers, media_type=asked.form.media_type)


def _begun(pieces: downloads.Pieces, job_id: str) -> downloads.Pieces:
    """The same bytes, of which the first are there: what fails before them is told in words."""
    first = next(pieces, b"")

    def rest() -> Generator[bytes, None, None]:
        with closing(pieces):
            yield first
            try:
                yield from pieces
            except ShopkeeperError as error:
                # The connection is cut off: a browser then says that the file is not whole.
                log.warning("a download of job %s broke off: %s", job_id, error)
                raise

    return rest()


def _told(message: str, status: int) -> Response:
    return PlainTextResponse(message, status_code=status, headers=_HEADERS)


def _attachment(name: str) -> str:
    """The header that makes a file of an answer; names beyond ASCII in the form of RFC 5987."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
