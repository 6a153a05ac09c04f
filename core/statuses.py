"""Every status that our tables know, and what each means."""

from __future__ import annotations

from enum import StrEnum


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"  #: recorded; the worker has not begun it
    RUNNING = "running"  #: rows are being extracted
    PAUSED = "paused"  #: stopped by a person, to be resumed
    CANCELLED = "cancelled"  #: stopped by a person for good; what is done is kept
    DONE = "done"  #: every row has a result or a reason
    FAILED = "failed"  #: stopped by an error; the reason says which
    DELETED = "deleted"  #: shown to nobody; the worker removes it piece by piece


#: Statuses in which a worker may work on a job.
ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING)


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"  #: recorded; the worker has not begun it
    RUNNING = "running"  #: rows are being sent
    PAUSED = "paused"  #: stopped by a person, to be resumed
    CANCELLED = "cancelled"  #: stopped by a person for good; what was sent stays there
    DONE = "done"  #: every row that was meant is there, or has a reason why not
    FAILED = "failed"  #: stopped by an error; it goes on from there when it is resumed


#: Statuses in which a worker may work on a delivery.
UNDELIVERED = (DeliveryStatus.WAITING, DeliveryStatus.RUNNING)


class RowStatus(StrEnum):
    """How a row ended. A row that is not recorded yet is still waiting."""

    DONE = "done"  #: extracted
    FAILED = "failed"  #: given up, with a reason
    RETRY = "retry"  #: had ended, and waits to be extracted again


class Lane(StrEnum):
    """Who is waiting for a model call."""

    CHAT = "chat"  #: a person
    BATCH = "batch"  #: a job


class Mode(StrEnum):
    """What a person has decided about an endpoint."""

    OPEN = "open"  #: takes calls
    DRAINING = "draining"  #: ends what it has, takes nothing new
    PAUSED = "paused"  #: takes nothing new, and its background calls are called back at once


class BatchStatus(StrEnum):
    """Where a provider's batch stands."""

    CREATING = "creating"  #: meant to be sent; whether the provider has it is not known yet
    SENT = "sent"  #: the provider has it
    COLLECTED = "collected"  #: it has ended there, and its answers are in our tables


class Review(StrEnum):
    """What a person has to do with a row, or has done."""

    NONE = ""  #: nobody need look at it
    FLAGGED = "flagged"  #: something about it is doubtful; its flags say what
    APPROVED = "approved"  #: a person says that it is right


class MessageStatus(StrEnum):
    """Where an answer stands."""

    STREAMING = "streaming"  #: being written
    DONE = "done"  #: complete
    STOPPED = "stopped"  #: cut short by the reader
    FAILED = "failed"  #: cut short by an error


class ReleaseStatus(StrEnum):
    """Where a set of changes to the shelves stands."""

    PREPARING = "preparing"  #: being put together; shoppers see nothing of it
    READY = "ready"  #: can be switched to
    SWITCHING = "switching"  #: going onto the shelves, product by product
    LIVE = "live"  #: on the shelves
    ROLLING_BACK = "rolling_back"  #: being taken back, product by product
    ROLLED_BACK = "rolled_back"  #: the shelves are as they were before it
    DISCARDED = "discarded"  #: was never switched to


class GapKind(StrEnum):
    """What was missing when a question could not be answered."""

    NOT_SOLD = "not_sold"  #: nothing in the shop is about it
    NO_FACT = "no_fact"  #: the product is there, what was asked about it is not known
    NO_POLICY = "no_policy"  #: no document says it
    WITHDRAWN = "withdrawn"  #: what the model said did not agree with the facts
    DISLIKED = "disliked"  #: the reader was not content with the answer


class GapStatus(StrEnum):
    """What has become of a gap."""

    OPEN = "open"  #: nobody has dealt with it
    DISMISSED = "dismissed"  #: not worth closing
    CLOSED = "closed"  #: the shop can answer it now


class SendingStatus(StrEnum):
    """Where a notice stands on its way to a channel."""

    WAITING = "waiting"  #: for its turn, or for another try
    TAKEN = "taken"  #: somebody is sending it
    SENT = "sent"  #: the other side has it
    GIVEN_UP = "given_up"  #: it was tried for long enough
