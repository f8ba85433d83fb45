"""The user name and access key of a LambdaTest account, kept from every place where they could be read."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Credentials:
    """A user name with its access key, compared by value.

    Not a dataclass on purpose: `dataclasses.asdict` of whatever holds it would spell the key out. Neither
    `repr`, `str`, `vars` nor `pickle` gives it away; a copy is the object itself.
    """

    __slots__ = ("_access_key", "_pair", "_secrets", "_username")

    def __init__(self, username: str, access_key: str) -> None:
        self._username = username
        self._access_key = access_key
        # The environment gives undecodable bytes as lone surrogates.
        self._pair = f"{username}:{access_key}".encode("utf-8", "surrogatepass")
        self._secrets: tuple[str, ...] = ()

    @property
    def account(self) -> tuple[str, str]:
        """Return user name and access key, for the pipe to the sidecar and for nothing else."""
        return self._username, self._access_key

    def fingerprint(self, salt: str) -> str:
        """Return what tells two processes of a run whether they have the same credentials, and nobody what they are."""
        return hashlib.sha256(salt.encode() + b"\0" + self._pair).hexdigest()

    @property
    def authorization(self) -> str:
        """Return the value of the Authorization header."""
        return f"Basic {self._basic}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return every text that must not be shown, for `scrub`.

        That is the key, the Basic token, and the `auth=` of LambdaTest's video links, an unsalted md5 of
        `username:key` that is the same for all sessions of an account; each also as a URL would spell it.
        """
        if not self._secrets:
            plain = (self._access_key, self._basic, hashlib.md5(self._pair, usedforsecurity=False).hexdigest())
            spelled = (spelling for text in plain for spelling in _spellings(text))
            self._secrets = tuple(dict.fromkeys(text for text in spelled if text))
        return self._secrets

    @property
    def _basic(self) -> str:
        return base64.b64encode(self._pair).decode("ascii")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Credentials):
            return NotImplemented
        return self._pair == other._pair

    def __hash__(self) -> int:
        return hash(self._pair)

    def __repr__(self) -> str:
        return "Credentials(***)"

    def __copy__(self) -> Credentials:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Credentials:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials stay in the process that was given them")


def credentials_from(environment: Mapping[str, str]) -> Credentials | None:
    """Return `LT_USERNAME` and `LT_ACCESS_KEY`, None unless both are set."""
    username, access_key = environment.get("LT_USERNAME", ""), environment.get("LT_ACCESS_KEY", "")
    return Credentials(username, access_key) if username and access_key else None


def _spellings(text: str) -> tuple[str, ...]:
    return (
        text,
        quote(text, safe="", errors="surrogatepass"),
        quote(text, safe="/", errors="surrogatepass"),
        quote_plus(text, errors="surrogatepass"),
    )
