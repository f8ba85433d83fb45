"""From a hub's host to the API and the dashboard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_lambdatest_session.cloud.endpoints import (
    Kind,
    api_base_url,
    checked_api_url,
    dashboard_url,
    host_of,
    is_captured,
    is_loopback,
    kind_asked,
    kind_of,
    sibling_base_url,
)

WEB = "https://api.lambdatest.com/automation/api/v1"
WEB_EU = "https://eu-api.lambdatest.com/automation/api/v1"
APP = "https://mobile-api.lambdatest.com/mobile-automation/api/v1"
APP_EU = "https://eu-mobile-api.lambdatest.com/mobile-automation/api/v1"
TESTMU = "https://api.testmuai.com/automation/api/v1"
GRID, GRID_APP = "http://127.0.0.1:8/automation/api/v1", "http://127.0.0.1:8/mobile-automation/api/v1"
PROXY = "https://proxy.example.org/api"


@pytest.mark.parametrize(
    ("host", "hosts", "captured"),
    [
        ("lambdatest.com", ["lambdatest.com"], True),
        ("a.b.hub.LambdaTest.COM.", [".LAMBDATEST.com"], True),
        ("127.0.0.1", ["lambdatest.com", "127.0.0.1"], True),
        ("notlambdatest.com", ["lambdatest.com"], False),
        ("lambdatest.com.evil.example", ["lambdatest.com"], False),
        ("hub.lambdatest.com", [""], False),
        ("", ["lambdatest.com", ""], False),
    ],
)
def test_a_host_is_captured_if_it_is_or_lies_below_an_entry(host: str, hosts: list[str], captured: bool) -> None:
    assert is_captured(host, hosts) is captured


@pytest.mark.parametrize(
    ("hub", "kind", "address"),
    [
        ("hub.lambdatest.com", "web", WEB),
        ("eu-hub.lambdatest.com", "web", WEB_EU),
        ("EU.hub.lambdatest.com", "web", WEB_EU),
        ("europe-hub.lambdatest.com", "web", WEB),
        ("mobile-hub.lambdatest.com", "app", APP),
        ("eu-MOBILE-hub.lambdatest.com", "app", APP_EU),
        ("hub.testmuai.com", "web", TESTMU),
        ("eu-hub.testmuai.com", "web", WEB_EU),  # of the new name only one host is there
        ("mobile-hub.testmuai.com", "app", APP),
        ("grid.example.org", "web", WEB),
    ],
)
def test_product_and_api_follow_from_the_hub(hub: str, kind: Kind, address: str) -> None:
    assert kind_of(hub) == kind
    assert api_base_url(hub, kind) == address


@pytest.mark.parametrize(
    ("override", "kind", "address"),
    [(WEB_EU, "web", WEB_EU), (WEB_EU, "app", APP_EU), (PROXY, "app", PROXY), (GRID, "app", GRID_APP)],
)
def test_the_users_own_api_address_wins(override: str, kind: Kind, address: str) -> None:
    assert api_base_url("hub.lambdatest.com", kind, override) == address


@pytest.mark.parametrize(
    ("address", "sibling"),
    [
        *((WEB, APP), (APP, WEB), (WEB_EU, APP_EU), (APP_EU, WEB_EU), (TESTMU, APP)),
        ("https://api.lambdatest.com/automation/api/v2", APP),
        ("https://mobile-api.lambdatest.com/beta", WEB),
        *((GRID, GRID_APP), (GRID_APP, GRID), (PROXY, None)),
    ],
)
def test_the_sibling_is_the_other_products_api(address: str, sibling: str | None) -> None:
    assert sibling_base_url(address) == sibling


def test_an_address_that_does_not_tell_its_product_counts_as_the_one_expected() -> None:
    assert [kind_asked(PROXY, "app"), kind_asked(APP, "web")] == ["app", "app"]
    assert host_of("http://u:k@127.0.0.1:80/automation") == "127.0.0.1:80"


@pytest.mark.parametrize(
    ("kind", "test_id", "template", "url"),
    [
        ("web", None, None, "https://automation.lambdatest.com/logs/?sessionID=s%2F1"),
        ("web", "T 1", None, "https://automation.lambdatest.com/test?testID=T%201"),
        ("app", None, None, "https://appautomation.lambdatest.com/test?testID=s%2F1"),
        ("app", "T1", None, "https://appautomation.lambdatest.com/test?testID=T1"),
        ("web", "T&1", "x/{session_id}?t={test_id}#{}", "x/s%2F1?t=T%261#{}"),
        ("web", "", "x?t={test_id}", "x?t=s%2F1"),
    ],
)
def test_a_dashboard_link_has_no_empty_part(kind: Kind, test_id: str | None, template: str | None, url: str) -> None:
    assert dashboard_url(kind, "s/1", test_id, template) == url


@given(session_id=st.text(alphabet=st.characters(exclude_categories=[])), test_id=st.text() | st.none())
def test_any_id_makes_a_link_without_quotes_brackets_or_spaces(session_id: str, test_id: str | None) -> None:
    url = dashboard_url("web", session_id, test_id)
    assert url.isascii()
    assert not set(url) & set("\"'<> \n")


NO_PATH = "expected https://host/path"
NO_MORE = f"{NO_PATH}, without query, fragment or spaces"
NO_CREDENTIALS = "credentials don't belong in the API address; set LT_USERNAME and LT_ACCESS_KEY"


def test_an_api_address_fit_for_credentials_is_taken() -> None:
    assert checked_api_url(f" {WEB}/ ") == WEB
    for text in (GRID, "http://localhost/x", "http://[::1]:8/x"):
        assert checked_api_url(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((text, NO_PATH) for text in ("api.lambdatest.com", "ftp://api.lambdatest.com", "https:///x")),
        *((text, NO_MORE) for text in ("https://x/?a", "https://x/#a", "https://x/ a", "https://x/\\y")),
        *((text, "not a URL") for text in ("https://[x", "https://x:port/")),
        *((text, NO_CREDENTIALS) for text in ("https://u:k@api.lambdatest.com", "https://x\\@y/")),
        ("http://api.lambdatest.com", "credentials are sent there, so it must be https (http only to this machine)"),
    ],
)
def test_an_api_address_unfit_for_credentials_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        checked_api_url(text)
    assert str(caught.value) == reason


def test_only_this_machine_is_loopback() -> None:
    assert all(map(is_loopback, ("LOCALHOST.", "127.8.9.1", "::1", "[::1]")))
    assert not any(map(is_loopback, ("localhost.example.org", "10.0.0.1", "128.0.0.1", "")))
