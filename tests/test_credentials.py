"""Credentials can be used, and not be seen."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import pprint

import pytest

from pytest_lambdatest_session.credentials import Credentials, credentials_from

KEY = "planted-access-key"


@dataclasses.dataclass
class Holder:
    credentials: Credentials


@pytest.mark.parametrize(
    "show",
    [repr, str, pprint.pformat, lambda value: str(dataclasses.asdict(Holder(value))), lambda value: repr([value])],
    ids=["repr", "str", "pprint", "asdict", "in-a-list"],
)
def test_no_way_of_showing_credentials_shows_them(show: object) -> None:
    text = show(Credentials("planted-user", KEY))  # type: ignore[operator]
    assert "planted" not in text
    assert "***" in text


def test_credentials_do_not_leave_the_process() -> None:
    with pytest.raises(TypeError, match=r"^credentials stay in the process that was given them$"):
        pickle.dumps(Credentials("user", KEY))


def test_credentials_have_no_dict_to_look_into() -> None:
    with pytest.raises(TypeError):
        vars(Credentials("user", KEY))


def test_a_copy_is_the_object_itself() -> None:
    credentials = Credentials("user", KEY)
    assert copy.copy(credentials) is credentials
    assert copy.deepcopy([credentials])[0] is credentials


def test_credentials_are_compared_by_value() -> None:
    assert Credentials("u", "k") == Credentials("u", "k")
    assert len({Credentials("u", "k"), Credentials("u", "k"), Credentials("u", "other")}) == 2
    assert Credentials("u", "k") != ("u", "k")


def test_the_header_is_basic_auth_in_utf_8() -> None:
    assert Credentials("usér", "k").authorization == "Basic dXPDqXI6aw=="


def test_secrets_are_the_key_the_basic_token_and_the_video_links_md5_in_all_spellings() -> None:
    assert Credentials("u", "k/ +").secrets == (
        "k/ +",
        "k%2F%20%2B",
        "k/%20%2B",
        "k%2F+%2B",
        "dTprLyAr",
        "660c7836fc1d8b5a9fcb1ce6bbbb8df1",
    )


def test_credentials_from_an_undecodable_environment_work() -> None:
    credentials = Credentials("u\udcff", "k\udcff")
    assert credentials.authorization.startswith("Basic ")
    assert credentials.secrets


@pytest.mark.parametrize(
    "environment",
    [{}, {"LT_USERNAME": "me"}, {"LT_ACCESS_KEY": "key"}, {"LT_USERNAME": "", "LT_ACCESS_KEY": "key"}],
)
def test_the_environment_has_credentials_only_with_both_variables(environment: dict[str, str]) -> None:
    assert credentials_from(environment) is None
    both = {"LT_USERNAME": "me", "LT_ACCESS_KEY": "key"}
    assert credentials_from(both) == Credentials("me", "key")
