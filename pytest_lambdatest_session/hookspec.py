"""The hooks that users may implement, in a `conftest.py` or a plugin.

An implementation in a suite that also runs without this plugin needs `@pytest.hookimpl(optionalhook=True)`: pytest
refuses hooks it does not know.

An implementation names the arguments that it wants. `session`, which is `pytest.Session` in all other hooks, is the old
name of `webdriver_session`: deprecated, and still passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_lambdatest_session.report.records import SessionRecord


@pytest.hookspec
def pytest_lambdatest_session_links(
    config: pytest.Config, webdriver_session: SessionRecord, session: SessionRecord
) -> Mapping[str, str] | None:
    """Return links to show with a session, `{name: url}`, or None.

    Called once per session when the run ends, in the process that writes the reports, when all is known of the session
    and before the reports show it. Every implementation is asked; of two links with one name the later wins. The names
    `session`, `video` and those of logs (`command`, `console`, ...) replace what is there; an empty URL takes it away.
    A URL is http(s) or relative to the report; others are left out and named among the problems.
    """


@pytest.hookspec
def pytest_lambdatest_session_finished(
    config: pytest.Config, webdriver_session: SessionRecord, session: SessionRecord
) -> None:
    """Take note of a session, for results kept elsewhere.

    Called once per session when the run ends, in the process that writes the reports, after
    `pytest_lambdatest_session_links`. `webdriver_session` is as in the sessions file; its `state` says whether the
    cloud's word is final. What an implementation raises becomes one line among the problems.
    """
