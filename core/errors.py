"""The error tree. Every message is written for the person who has to act on it.

::

    ShopkeeperError
    ├── SettingError          a setting is missing, wrong or in conflict
    ├── ServiceError          one of our own processes is not there or does not answer
    │   ├── DownloadError     a file we need could not be fetched, stored or verified
    │   └── DatabaseAway      the database's server cannot be used at the moment
    ├── CatalogError          a file that is no usable catalog (row and column where known)
    ├── FieldsError           a field set that cannot be extracted
    ├── JobError              a job that does not exist or cannot do that now
    │   └── Overtaken         somebody else has changed the row meanwhile
    ├── ScheduleError         a schedule that does not exist or cannot be kept
    ├── ValueRefused          a person's value that its field does not take
    ├── MailError             a mail that could not be handed to its server
    ├── BackupError           a backup that cannot be made, read or put back
    ├── NotFoundError         a product, document or conversation that is not there
    ├── DestinationError      a destination that cannot be reached, or did not take what was sent
    │   └── DestinationRefused  it never will, as things are: no other try would end differently
    │       └── HostKeyRefused  a server shows a key that is not known to be its own
    ├── SignInError           somebody cannot be let in
    │   └── SignInLater       not yet: too many tries
    ├── PeopleError           a change of who may come in that cannot be made
    ├── LimitReached          more is asked for than may be at once; later it may
    └── ModelError            a model call that gave no usable answer
        ├── EndpointError     the endpoint refused, failed or could not be reached
        │   ├── RateLimited   it asked us to come back later
        │   ├── TimedOut      it did not answer in time
        │   ├── Unreachable   no connection to it could be made
        │   ├── Refused       it will not serve any call: the key, address or model is wrong
        │   └── NoEndpoint    there is none that may take the call
        └── AnswerError       it answered, but not with what was asked for
            └── CutOffError   it stopped before the end of its answer
"""

from __future__ import annotations

from core.host_keys import ShownKey
from core.redaction import redacted


class ShopkeeperError(Exception):
    """Base of everything we raise on purpose; ``str(error)`` is safe to show."""

    def __str__(self) -> str:
        """Without what a driver or a server may have put into its words."""
        return redacted(super().__str__())

    @property
    def message(self) -> str:
        """The text for the person in front of the screen."""
        return str(self)


class SettingError(ShopkeeperError):
    """A setting is missing, malformed or in conflict with another."""


class ServiceError(ShopkeeperError):
    """One of our own processes is not running or does not answer."""


class DownloadError(ServiceError):
    """A file we need could not be fetched, stored or verified."""


class DatabaseAway(ServiceError):
    """The database's server does not answer at the moment; ``reason`` is for the log."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class CatalogError(ShopkeeperError):
    """A file cannot be read as a catalog.

    Args:
        message: What is wrong and what to do about it.
        row: 1-based data row (the header is row 0), where one is to blame.
        column: Column name, where one is to blame.
    """

    def __init__(self, message: str, *, row: int | None = None, column: str | None = None) -> None:
        super().__init__(message)
        self.row = row
        self.column = column


class FieldsError(ShopkeeperError):
    """A field set that cannot be extracted; the message names the field."""


class JobError(ShopkeeperError):
    """A job that does not exist, or cannot do what was asked in its state."""


class Overtaken(JobError):
    """Somebody else has changed the row since it was looked at; ``row_no`` says which."""

    def __init__(self, message: str, *, row_no: int) -> None:
        super().__init__(message)
        self.row_no = row_no


class ScheduleError(ShopkeeperError):
    """A schedule that does not exist, or that cannot be kept as it was described."""


class ValueRefused(ShopkeeperError):
    """A value that a person typed and that its field does not take; the message names both."""


class MailError(ShopkeeperError):
    """A mail that could not be handed to the mail server; the message says why."""


class BackupError(ShopkeeperError):
    """A backup that cannot be made, read or put back; the message says what is as it was."""


class NotFoundError(ShopkeeperError):
    """A product, document or conversation that is not (or no longer) there."""


class DestinationError(ShopkeeperError):
    """A destination that cannot be reached, or did not take what was sent.

    Attributes:
        transient: Whether the same thing may succeed when it is tried again.
        status: Of its answer, if it gave one.
        retry_after_s: How long it asked us to stay away, if it said so.
    """

    transient = True

    def __init__(
        self, message: str, *, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


class DestinationRefused(DestinationError):
    """A destination that is closed, is set up wrongly, or refuses what is sent for good."""

    transient = False


class HostKeyRefused(DestinationRefused):
    """An SSH server shows a key that is not known to be its own; ``shown`` says which."""

    def __init__(self, message: str, shown: ShownKey) -> None:
        super().__init__(message)
        self.shown = shown


class SignInError(ShopkeeperError):
    """Somebody cannot be let in: a wrong password, a link that was used, access taken away."""


class SignInLater(SignInError):
    """Too many tries to sign in.

    Attributes:
        wait_s: After how many seconds the next one is looked at.
    """

    def __init__(self, message: str, *, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class PeopleError(ShopkeeperError):
    """A change of who may come in that cannot be made."""


class LimitReached(ShopkeeperError):
    """More is asked for than may be at once; ``wait_s`` says after how long to ask again."""

    def __init__(self, message: str, *, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class ModelError(ShopkeeperError):
    """A model call that gave no usable answer.

    Attributes:
        transient: Whether the same call may succeed when it is tried again.
    """

    transient = False

    @property
    def reason(self) -> str:
        """What kind of failure it is, in words that are the same for many rows."""
        return self.message


class EndpointError(ModelError):
    """The endpoint refused the call, failed, or could not be reached.

    Attributes:
        status: Of its response, if there was one.
        retry_after_s: How long it asked us to stay away, if it said so.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        transient: bool = True,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.transient = transient
        self.retry_after_s = retry_after_s

    @property
    def reason(self) -> str:
        """The status alone: what a server says with it differs from row to row."""
        if self.status is None:
            return self.message
        return f"The endpoint answered with an error ({self.status})."


class RateLimited(EndpointError):
    """The endpoint asked us to slow down."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message, status=429, retry_after_s=retry_after_s)


class TimedOut(EndpointError):
    """The endpoint did not answer in time."""


class Unreachable(EndpointError):
    """No connection to the endpoint could be made."""


class Refused(EndpointError):
    """The endpoint will serve no call of ours until somebody changes something."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message, status=status, transient=False)


class NoEndpoint(EndpointError):
    """There is no endpoint that may take the call."""


class AnswerError(ModelError):
    """The model answered, but not with what was asked for; ``raw`` is its answer."""

    transient = True

    def __init__(self, message: str, *, raw: str = "") -> None:
        super().__init__(message)
        self.raw = raw


class CutOffError(AnswerError):
    """The answer ended before it was complete; asked again, it mostly does so again."""
