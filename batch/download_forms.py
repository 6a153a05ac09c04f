"""Which files a job's results come as: their forms, how each is written, what it is called.

Knows nothing of how they are made; see :mod:`batch.downloads`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from batch.choice import Choice
from batch.feed_mapping import Source, Sources
from batch.feeds import GOOGLE, SHOPIFY, Feed
from batch.jobs import Job
from batch.result_files import safe_name


class Form(StrEnum):
    """What a download looks like."""

    CSV = "csv"  #: the original columns in order, then the new ones
    XLSX = "xlsx"  #: the same as an Excel workbook
    PARQUET = "parquet"  #: the same with typed columns, for programs
    JSONL = "jsonl"  #: a JSON object a row, with where each value came from
    GOOGLE = "google"  #: Google's product feed, separated by tabs
    GOOGLE_XML = "google-xml"  #: the same as RSS
    SHOPIFY = "shopify"  #: a CSV that Shopify imports
    FAILED = "failed"  #: a CSV of the failed rows with their reasons

    @property
    def media_type(self) -> str:
        """What a browser is told of it."""
        return _MEDIA_TYPES.get(self, "text/csv; charset=utf-8")

    @property
    def suffix(self) -> str:
        """The end of the file's name, with its dot."""
        return _SUFFIXES.get(self, f".{self}")

    @property
    def feed(self) -> Feed | None:
        """Whose feed it is, if it is one."""
        return _FEEDS.get(self)


_MEDIA_TYPES = {
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.PARQUET: "application/vnd.apache.parquet",
    Form.JSONL: "application/jsonl",
    Form.GOOGLE: "text/tab-separated-values; charset=utf-8",
    Form.GOOGLE_XML: "application/xml",
}
_SUFFIXES = {
    Form.GOOGLE: ".tsv",
    Form.GOOGLE_XML: ".xml",
    Form.SHOPIFY: ".csv",
    Form.FAILED: ".csv",
}
_FEEDS = {Form.GOOGLE: GOOGLE, Form.GOOGLE_XML: GOOGLE, Form.SHOPIFY: SHOPIFY}
_NAMES = {
    Form.FAILED: "failed rows",
    Form.GOOGLE: "Google",
    Form.GOOGLE_XML: "Google",
    Form.SHOPIFY: "Shopify",
}


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is to be written; each says to which forms it applies.

    Attributes:
        as_uploaded: CSV: separator, quotes, line ends and encoding of the uploaded file.
        provenance: CSV, Excel, Parquet: more columns, which tell where each value came from.
        guard: All that spreadsheets open: cells that one would run as formulas are made
            harmless. None: as is usual, in CSV and Excel, and not in feeds, whose readers
            would show the apostrophe to shoppers.
        sources: Feeds: where attributes are taken from, besides what the shop remembers
            and what is suggested.
        complete_only: Feeds: without the products that their reader would refuse.
    """

    as_uploaded: bool = False
    provenance: bool = False
    guard: bool | None = None
    sources: Sources = field(default_factory=dict)
    complete_only: bool = False

    def to_json(self) -> dict[str, Any]:
        """The form that is stored."""
        sources = {name: source.to_json() for name, source in self.sources.items()}
        return asdict(self) | {"sources": sources}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Options:
        """Rebuild from :meth:`to_json`; what is absent is as usual."""
        known = {one.name: stored[one.name] for one in fields(cls) if one.name in stored}
        sources = known.get("sources", {}).items()
        return cls(**known | {"sources": {name: Source.from_json(one) for name, one in sources}})


DEFAULTS = Options()


def file_name(job: Job, form: Form, choice: Choice = Choice.ALL) -> str:
    """A safe name for the downloaded file."""
    kind = _NAMES.get(form, "")
    which = "" if choice is Choice.ALL or form is Form.FAILED else choice
    return safe_name(" ".join(filter(None, (job.name, kind, which))), form.suffix)
