"""What a schedule does, as it is stored: what it takes, how it extracts, where results go."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from batch.choice import Choice
from core.roles import Role


class Trigger(StrEnum):
    """What starts a schedule."""

    TIME = "time"  #: a time of the day, the week or the month
    CATALOG = "catalog"  #: a new catalog where it looks
    JOB_DONE = "job_done"  #: the end of a job
    JOB_APPROVED = "job_approved"  #: the approval of all that a job had for a person

    @property
    def extracts(self) -> bool:
        """Whether it takes a catalog and begins a job; else it waits for the jobs of others."""
        return self in (Trigger.TIME, Trigger.CATALOG)


class _Part(BaseModel):
    # What a newer version has stored must not keep an older one from the rest.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Extraction(_Part):
    """How the catalog is extracted.

    Attributes:
        like: The name of the job whose columns and fields these are; for people.
        columns: Which column is what; none: guessed from each catalog.
        plan: What to extract, as a fields file has it; none: the saved set.
        saved_set: The name of a saved set, whose newest version is taken each time.
        provider: The endpoint whose provider takes the rows; empty: in the background.
        budget: What one job may cost, in the currency of the models that serve it.
        learns: Whether approved rows are shown to the model as demonstrations.
    """

    like: str = ""
    columns: dict[str, Any] | None = None
    plan: Any = None
    saved_set: str = ""
    provider: str = ""
    budget: float | None = None
    learns: bool = True


class Outlet(_Part):
    """A destination of results.

    Attributes:
        choice: Which rows go there.
    """

    destination_id: str
    choice: Choice = Choice.DONE


class Task(_Part):
    """What a schedule does when it is due.

    Attributes:
        place: Where the catalog comes from: a file or a pattern in the folder for imports,
            or an address; see :mod:`batch.catalog_places`.
        only_new: Whether a catalog that is the same as the last time is left alone.
        extraction: How the catalog is extracted; none where the jobs are others'.
        of_catalogs: Of a schedule after jobs: only those whose catalog has such a name,
            such as ``shoes*.csv``; empty: all jobs.
        outlets: Where the results go.
        publish: Whether the results go on sale in the chat.
        role: Of who has described it: its jobs may be what theirs may.
    """

    place: str = ""
    only_new: bool = True
    extraction: Extraction | None = None
    of_catalogs: str = ""
    outlets: tuple[Outlet, ...] = Field(default=())
    publish: bool = False
    role: Role = Role.ADMINISTRATOR
