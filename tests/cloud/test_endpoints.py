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


@pytest.mark.parametrize(
    ("host", "hosts", "captured"),
    [
        pytest.param("hub.lambdatest.com", ["lambdatest.com"], True, id="subdomain"),
        pytest.param("lambdatest.com", ["lambdatest.com"], True, id="equal"),
        pytest.param("a.b.hub.LambdaTest.COM", ["LAMBDATEST.com"], True, id="any-case"),
        pytest.param("hub.lambdatest.com.", ["lambdatest.com"], True, id="trailing-dot"),
        pytest.param("hub.lambdatest.com", [".lambdatest.com"], True, id="entry-with-leading-dot"),
        pytest.param("127.0.0.1", ["lambdatest.com", "127.0.0.1"], True, id="second-entry"),
        pytest.param("notlambdatest.com", ["lambdatest.com"], False, id="not-on-a-label-boundary"),
        pytest.param("lambdatest.com.evil.example", ["lambdatest.com"], False, id="only-a-prefix"),
        pytest.param("hub.lambdatest.com", [""], False, id="empty-entry"),
        pytest.param("", ["lambdatest.com"], False, id="no-host"),
        pytest.param("hub.lambdatest.com", [], False, id="no-entries"),
    ],
)
def test_a_host_is_captured_if_it_is_or_lies_below_an_entry(host: str, hosts: list[str], captured: bool) -> None:
    assert is_captured(host, hosts) is captured


@pytest.mark.parametrize(
    ("hub", "kind"),
    [
        ("hub.lambdatest.com", "web"),
        ("mobile-hub.lambdatest.com", "app"),
        ("eu-mobile-hub.lambdatest.com", "app"),
        ("MOBILE-HUB.lambdatest.com", "app"),
        ("127.0.0.1", "web"),
    ],
)
def test_the_hub_decides_the_product(hub: str, kind: Kind) -> None:
    assert kind_of(hub) == kind


@pytest.mark.parametrize(
    ("hub", "kind", "address"),
    [
        pytest.param("hub.lambdatest.com", "web", WEB, id="web"),
        pytest.param("hub-virginia.lambdatest.com", "web", WEB, id="web-other-hub"),
        pytest.param("eu-hub.lambdatest.com", "web", WEB_EU, id="web-eu"),
        pytest.param("eu-central-1-hub.lambdatest.com", "web", WEB_EU, id="web-eu-central"),
        pytest.param("eu.hub.lambdatest.com", "web", WEB_EU, id="web-eu-label"),
        pytest.param("europe-hub.lambdatest.com", "web", WEB, id="web-not-eu"),
        pytest.param("mobile-hub.lambdatest.com", "app", APP, id="app"),
        pytest.param("eu-mobile-hub.lambdatest.com", "app", APP_EU, id="app-eu"),
        pytest.param("hub.testmuai.com", "web", TESTMU, id="testmu-web"),
        pytest.param("eu-hub.testmuai.com", "web", WEB_EU, id="testmu-web-eu-under-the-old-name"),
        pytest.param("mobile-hub.testmuai.com", "app", APP, id="testmu-app-under-the-old-name"),
        pytest.param("grid.example.org", "web", WEB, id="own-name-for-the-hub"),
    ],
)
def test_the_api_follows_from_hub_and_product(hub: str, kind: Kind, address: str) -> None:
    assert api_base_url(hub, kind) == address


@pytest.mark.parametrize(
    ("override", "kind", "address"),
    [
        pytest.param(WEB_EU, "web", WEB_EU, id="same-product"),
        pytest.param(WEB_EU, "app", APP_EU, id="other-product-of-that-region"),
        pytest.param("http://127.0.0.1:8/x", "app", "http://127.0.0.1:8/x", id="does-not-say"),
        pytest.param(
            "http://127.0.0.1:8/automation/api/v1",
            "app",
            "http://127.0.0.1:8/mobile-automation/api/v1",
            id="other-product-on-the-same-host",
        ),
    ],
)
def test_the_users_own_api_address_wins(override: str, kind: Kind, address: str) -> None:
    assert api_base_url("hub.lambdatest.com", kind, override) == address


@pytest.mark.parametrize(
    ("address", "sibling"),
    [
        pytest.param(WEB, APP, id="web"),
        pytest.param(APP, WEB, id="app"),
        pytest.param(WEB_EU, APP_EU, id="web-eu"),
        pytest.param(APP_EU, WEB_EU, id="app-eu"),
        pytest.param(TESTMU, APP, id="testmu"),
        pytest.param("https://api.lambdatest.com/automation/api/v2", APP, id="other-version"),
        pytest.param("https://mobile-api.lambdatest.com/beta", WEB, id="vendor-host-with-another-path"),
        pytest.param("http://127.0.0.1:8/automation/api/v1", "http://127.0.0.1:8/mobile-automation/api/v1", id="grid"),
        pytest.param("http://127.0.0.1:8/mobile-automation/api/v1", "http://127.0.0.1:8/automation/api/v1", id="back"),
        pytest.param("https://proxy.example.org/api", None, id="unknown"),
    ],
)
def test_the_sibling_is_the_other_products_api(address: str, sibling: str | None) -> None:
    assert sibling_base_url(address) == sibling


def test_an_address_that_does_not_tell_its_product_counts_as_the_one_expected() -> None:
    assert kind_asked("https://proxy.example.org/api", "app") == "app"
    assert kind_asked(APP, "web") == "app"
    assert host_of("http://u:k@127.0.0.1:80/automation") == "127.0.0.1:80"


@pytest.mark.parametrize(
    ("kind", "test_id", "template", "url"),
    [
        pytest.param("web", None, None, "https://automation.lambdatest.com/logs/?sessionID=s%2F1", id="web"),
        pytest.param("web", "T 1", None, "https://automation.lambdatest.com/test?testID=T%201", id="web-test-id"),
        pytest.param("app", None, None, "https://appautomation.lambdatest.com/test?testID=s%2F1", id="app"),
        pytest.param("app", "T1", None, "https://appautomation.lambdatest.com/test?testID=T1", id="app-test-id"),
        pytest.param("web", "T&1", "x/{session_id}?t={test_id}#{}", "x/s%2F1?t=T%261#{}", id="template"),
        pytest.param("web", None, "x?t={test_id}", "x?t=s%2F1", id="template-without-test-id"),
        pytest.param("web", "", "x?t={test_id}", "x?t=s%2F1", id="template-with-empty-test-id"),
    ],
)
def test_a_dashboard_link_has_no_empty_part(kind: Kind, test_id: str | None, template: str | None, url: str) -> None:
    assert dashboard_url(kind, "s/1", test_id, template) == url


@given(session_id=st.text(alphabet=st.characters(exclude_categories=[])), test_id=st.text() | st.none())
def test_any_id_makes_a_link_without_quotes_brackets_or_spaces(session_id: str, test_id: str | None) -> None:
    url = dashboard_url("web", session_id, test_id)
    assert url.isascii()
    assert not set(url) & set("\"'<> \n")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        pytest.param(f" {WEB}/ ", WEB, id="trailing-slash-and-spaces"),
        pytest.param("http://127.0.0.1:8/automation", "http://127.0.0.1:8/automation", id="loopback"),
        pytest.param("http://localhost/x", "http://localhost/x", id="localhost"),
        pytest.param("http://[::1]:8/x", "http://[::1]:8/x", id="ipv6-loopback"),
    ],
)
def test_an_api_address_fit_for_credentials_is_taken(text: str, url: str) -> None:
    assert checked_api_url(text) == url


NO_PATH = "expected https://host/path"
NO_MORE = f"{NO_PATH}, without query, fragment or spaces"
NO_CREDENTIALS = "credentials don't belong in the API address; set LT_USERNAME and LT_ACCESS_KEY"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((text, NO_PATH) for text in ("", "api.lambdatest.com", "ftp://api.lambdatest.com", "https:///x")),
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


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost.example.org", False),
        ("10.0.0.1", False),
        ("128.0.0.1", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
