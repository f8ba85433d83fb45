"""What can go wrong when the cloud is asked.

    CloudError
    ├── Refused             these credentials are not worth trying again
    │   ├── Unauthorized    401
    │   └── Forbidden       403
    ├── NotFound            404: not there, or not there yet
    └── Failed              no answer of use; another try may bring one
        ├── MalformedAnswer not JSON, or not a session
        ├── Redirected      3xx, never followed
        ├── ServerError     5xx and every other status
        ├── Throttled       429
        └── Unreachable     no connection, or it broke, or it took too long

The front door loads this module before any test can run. What takes modules away after a test, as pytester does, leaves
those alone that were there before it; so the others, loaded when there is something to ask, all mean these classes.

The text of each is one line for people: what happened, where, and what to do. It holds no credentials.
"""
# ruff: noqa: N818 -- as in httpx: the family's name says that they are errors, each leaf says which

from __future__ import annotations

NO_CREDENTIALS = "no credentials: set LT_USERNAME and LT_ACCESS_KEY to see status, duration, video and logs"
NO_TIME = "no time was left ({})"
"""Why something is not done, given the setting that limits the time."""
STILL_RUNNING = "LambdaTest still lists it as running"
"""Why a session was not marked that ended only just now."""


class CloudError(Exception):
    """The base of all errors of this room."""


class Refused(CloudError):
    """The API knows us and says no."""


class Unauthorized(Refused):
    """401: user name or access key not accepted."""


class Forbidden(Refused):
    """403: accepted, but not allowed to look."""


class NotFound(CloudError):
    """404. Right after a session's start and end this is normal."""


class Failed(CloudError):
    """No answer about the session."""


class MalformedAnswer(Failed):
    """The answer can't be read as what was asked for."""


class Redirected(Failed):
    """The answer is elsewhere, where credentials are not sent."""


class ServerError(Failed):
    """A status that says nothing about the session."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Throttled(Failed):
    """429: asked too often; `retry_after_seconds` is None where the API gave no time."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Unreachable(Failed):
    """No connection, a broken one, or no answer in time."""
