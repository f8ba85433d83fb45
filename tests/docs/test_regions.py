"""The table of hubs and APIs is what the package chooses; the proxy's variables are those that it names."""

from __future__ import annotations

from documents import ROOT, table_under
from pytest_lambdatest_session.cloud.endpoints import api_base_url, kind_of

TABLE = table_under(
    ROOT / "docs" / "how-to" / "eu.md",
    "The API is chosen from the hub's host, for each session by itself:",
)
PACKAGE = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "pytest_lambdatest_session").rglob("*.py"))


def test_each_hub_has_the_api_of_the_table() -> None:
    for hub, api in ([cell.strip("`") for cell in row] for row in TABLE):
        assert api_base_url(hub, kind_of(hub)) == api


def test_variables_of_the_network_are_those_that_the_package_speaks_of() -> None:
    for variable in ("HTTPS_PROXY", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        assert variable in PACKAGE
        assert f"`{variable}`" in (ROOT / "docs" / "how-to" / "proxy.md").read_text(encoding="utf-8")
