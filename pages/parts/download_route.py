"""Downloads: a route beside the pages that streams results, so that no file is held in memory."""

from __future__ import annotations

from itertools import chain
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from batch import downloads, jobs
from batch.downloads import Form
from core.errors import ShopkeeperError
from pages.parts.base_path import under_base
from pages.parts.entry import open_settings, open_shop_database

_FOLDER = "download"


def download_address(job_id: str, form: Form) -> str:
    """Where a file is fetched, as seen from any page: also under a path of a proxy."""
    return f"{_FOLDER}/{job_id}/{form}"


def download_route() -> Route:
    """The route that these addresses lead to."""
    return Route(under_base(f"{_FOLDER}/{{job_id}}/{{form}}"), _download)


def _download(request: Request) -> Response:
    """A file, sent as it is made. Starlette runs this and the generator in its threads."""
    try:
        form = Form(request.path_params["form"])
        settings, db = open_settings(), open_shop_database()
        job = jobs.get(db, request.path_params["job_id"])
        lines = downloads.download(settings, db, job.id, form)
        # What is not there any more must be found before the browser is told that it comes.
        body = chain([next(lines, b"")], lines)
    except ValueError:
        return PlainTextResponse("There is no such kind of file.", status_code=404)
    except ShopkeeperError as error:
        return PlainTextResponse(error.message, status_code=404)
    headers = {
        "Content-Disposition": _attachment(downloads.file_name(job, form)),
        "Cache-Control": "no-store",
    }
    sent = iter(()) if request.method == "HEAD" else body
    return StreamingResponse(sent, headers=headers, media_type=form.media_type)


def _attachment(name: str) -> str:
    """The header that makes a file of an answer; names beyond ASCII in the form of RFC 5987."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
