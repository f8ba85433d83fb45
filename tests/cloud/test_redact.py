"""What may be shown, and what must not."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_lambdatest_session.cloud.redact import clean_text, is_signed, masked_text, safe_url, scrub
from pytest_lambdatest_session.credentials import Credentials

MD5 = "0123456789abcdef0123456789abcdef"
LEGAL_XML = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=[]))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        pytest.param("https://x.org/v.mp4?a=1&b=%20#t=3", "https://x.org/v.mp4?a=1&b=%20#t=3", id="as-it-is"),
        pytest.param(" https://x.org/v \n", "https://x.org/v", id="spaces-around"),
        pytest.param("http://x.org/v", "http://x.org/v", id="http-of-others"),
        pytest.param("http://api.lambdatest.com/v", "https://api.lambdatest.com/v", id="vendor-http"),
        pytest.param("http://api.lambdatest.com:80/v", "https://api.lambdatest.com/v", id="vendor-port-80"),
        pytest.param("HTTP://API.testmuai.com/v", "https://API.testmuai.com/v", id="vendor-any-case"),
        pytest.param("http://lambdatest.com.evil.org/v", "http://lambdatest.com.evil.org/v", id="only-like-vendor"),
        pytest.param("https://u:k@x.org/v", "https://x.org/v", id="userinfo"),
        pytest.param("https://u:k@y@x.org/v", "https://x.org/v", id="two-at-signs"),
        pytest.param(f"https://x.org/v?testID=T&auth={MD5}", "https://x.org/v?testID=T", id="auth"),
        pytest.param(f"https://x.org/v?auth={MD5}", "https://x.org/v", id="auth-alone"),
        pytest.param(f"https://x.org/v?AUTH={MD5}&a=1", "https://x.org/v?a=1", id="auth-any-case"),
        pytest.param(f"https://x.org/v?%61uth={MD5}", "https://x.org/v", id="auth-encoded"),
        pytest.param(f"https://x.org/v?a=1;auth={MD5}", "https://x.org/v?a=1", id="semicolon"),
        pytest.param("https://x.org/v?access_key=k&accessKey=k&access-key=k&a=1", "https://x.org/v?a=1", id="key"),
        pytest.param("https://x.org/v?username=u&key=k&a=1", "https://x.org/v?a=1", id="user-and-key"),
        pytest.param("https://x.org/v?key=logs%2F1", "https://x.org/v?key=logs%2F1", id="a-key-of-another-kind"),
        pytest.param("https://x.org/v?token=t&apiKey=k", "https://x.org/v", id="tokens"),
        pytest.param("https://x.org/v#auth=abc", "https://x.org/v", id="auth-in-fragment"),
        pytest.param("https://x.org/#/test?auth=abc", "https://x.org/", id="auth-in-fragment-query"),
        pytest.param("https://x.org/?u=https%3A%2F%2Fy.org%3Fauth%3Dz&a=1", "https://x.org/?a=1", id="auth-nested"),
        pytest.param("https://x.org/?u=https%253A%252F%252Fu%253Ak%2540y", "https://x.org/", id="userinfo-nested"),
        pytest.param("https://x.org/?X-Amz-Signature=a%2Fb", "https://x.org/?X-Amz-Signature=a%2Fb", id="signed"),
        pytest.param('https://x.org/"><b>', "https://x.org/%22%3E%3Cb%3E", id="markup"),
        pytest.param("https://x.org/é", "https://x.org/%C3%A9", id="not-ascii"),
        pytest.param("http://[::1]:8/v", "http://[::1]:8/v", id="ipv6"),
    ],
)
def test_a_link_is_shown_without_credentials(text: str, url: str) -> None:
    assert safe_url(text) == url


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="none"),
        pytest.param(7, id="number"),
        pytest.param("", id="empty"),
        pytest.param("  ", id="blank"),
        pytest.param("javascript:alert(1)", id="javascript"),
        pytest.param(" JaVaScRiPt:alert(1)", id="javascript-any-case"),
        pytest.param("java\nscript:alert(1)", id="javascript-split"),
        pytest.param("data:text/html,x", id="data"),
        pytest.param("vbscript:x", id="vbscript"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("//evil.org/x", id="protocol-relative"),
        pytest.param("sessions/1/log/appium", id="relative"),
        pytest.param("?mobile=true&testID=T", id="only-a-query"),
        pytest.param("https://", id="no-host"),
        pytest.param("https://:80/x", id="only-a-port"),
        pytest.param("https:x.org", id="no-slashes"),
        pytest.param("https://x.org:port/", id="broken-port"),
        pytest.param("https://[x/", id="broken-brackets"),
        pytest.param("https://x.org/a b", id="space-inside"),
        pytest.param("https://x.org/a\tb", id="tab-inside"),
        pytest.param("https://x.org/a\0b", id="nul-inside"),
        pytest.param("https://x.org/a\x1b[31m", id="escape-inside"),
        pytest.param("https://x.org/\u202egpj", id="bidi-override"),
        pytest.param("https://x.org/\ud800", id="lone-surrogate"),
        pytest.param("https:\\\\evil.org", id="backslashes"),
        pytest.param("https://good.org\\@evil.org/", id="backslash-before-at"),
        pytest.param("https://\u0430pi.lambdatest.com/", id="look-alike-host"),
        pytest.param("https://x.org/" + "a" * 4096, id="too-long"),
    ],
)
def test_what_is_no_plain_link_is_not_shown(value: object) -> None:
    assert safe_url(value) is None


@given(st.one_of(ANY_TEXT, st.builds("http{}://{}?{}".format, st.sampled_from(["", "s"]), ANY_TEXT, ANY_TEXT)))
def test_any_text_gives_a_link_that_is_safe_in_any_report_or_none(text: str) -> None:
    url = safe_url(text)
    if url is not None:
        assert url.startswith(("http://", "https://"))
        assert url.isascii()
        assert not set(url) & set('"<>`\\ \t\r\n\0')
        assert urlsplit(url).hostname
        assert "@" not in urlsplit(url).netloc
        assert safe_url(url) == url


@pytest.mark.parametrize(
    ("query", "signed"),
    [
        pytest.param("X-Amz-Signature=a&X-Amz-Expires=9", True, id="s3"),
        pytest.param("AWSAccessKeyId=a&Signature=b&Expires=9", True, id="s3-old"),
        pytest.param("Expires=9&Key-Pair-Id=k", True, id="cloudfront"),
        pytest.param("X-Goog-Signature=a", True, id="gcs"),
        pytest.param("sv=1&sig=a", True, id="azure"),
        pytest.param("shareId=abc", True, id="share"),
        pytest.param("Expires=9", False, id="only-an-expiry"),
        pytest.param("testID=T&design=1", False, id="plain"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_signed_link_is_told_by_its_parameters(query: str, signed: bool) -> None:
    assert is_signed(f"https://x.org/v?{query}") is signed
    assert is_signed(f"https://x.org/v#{query}") is signed


def test_every_spelling_of_a_secret_is_masked() -> None:
    credentials = Credentials("user", "key+/ 1")
    for secret in credentials.secrets:
        assert scrub(f"a {secret} b", credentials.secrets) == "a *** b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("at https://u:k@hub.x/wd/hub now", "at https://***@hub.x/wd/hub now", id="userinfo"),
        pytest.param("see https://x/?auth=abc&a=1", "see https://x/?auth=***&a=1", id="auth-of-another-account"),
        pytest.param("accessKey=abc", "accessKey=***", id="access-key-of-another-account"),
        pytest.param(
            "wss://x/playwright?capabilities=%7Ba&b", "wss://x/playwright?capabilities=***&b", id="playwright"
        ),
        pytest.param('capabilities={"a": {"user": "u"}} now', "capabilities=*** now", id="playwright-unquoted"),
        pytest.param("mail me@x.org", "mail me@x.org", id="harmless"),
    ],
)
def test_what_looks_like_a_secret_is_masked_too(text: str, shown: str) -> None:
    assert scrub(text) == shown


@pytest.mark.parametrize(
    "spelled",
    [
        "a/K+b=c%d",
        "a%2FK%2Bb%3Dc%25d",
        "a%2fk%2bb%3dc%25d",
        "a%252FK%252Bb%253Dc%2525d",
        "A/k+B=C%D",
        "a\\/K+b=c%d",
        "a\\u002fK\\u002Bb=c%d",
    ],
)
def test_a_secret_is_masked_however_a_url_or_json_spells_it(spelled: str) -> None:
    assert scrub(f"said {spelled}.", ["a/K+b=c%d"]) == "said ***."


@pytest.mark.parametrize("filling", ["\\", "%25", "LT_", " ", "LT_ACCESS_KEY_1 "])
def test_a_long_text_is_masked_in_bounded_time_and_ends_in_no_half_secret(filling: str) -> None:
    """The text may have a megabyte, and whoever searches it holds up the tests of this process."""
    text = filling * (2**20 // len(filling))
    started = time.perf_counter()
    shown = masked_text(text, 100, ["LT_ACCESS_KEY_1"])
    assert time.perf_counter() - started < 10, "a search in time quadratic in the text would take hours"
    assert len(shown) <= 100
    assert "LT_ACCESS_KEY" not in shown


def test_half_a_secret_at_the_limit_is_not_shown() -> None:
    for length in range(8 * 20 + 2 * 2048):
        assert "LT_" not in masked_text(" " * length + "LT_ACCESS_KEY_1", 20, ["LT_ACCESS_KEY_1"])


def test_a_secret_too_short_to_be_one_does_not_blank_words() -> None:
    assert scrub("a key", ("a", "key")) == "a key"


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    assert scrub("secretive", ("secret", "secretive")) == "***"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("win10", "win10", id="plain"),
        pytest.param("  a \r\n\t b\u2028c ", "a b c", id="whitespace"),
        pytest.param("\x1b[31mred\0", "␛[31mred␀", id="controls"),
        pytest.param("a\x7f\x9bb", "a␡\ufffdb", id="other-controls"),
        pytest.param("a\u202eb\u2066c", "a\ufffdb\ufffdc", id="bidi"),
        pytest.param("a\ud800b\ufffe", "a\ufffdb\ufffd", id="not-legal-in-xml"),
        pytest.param(7, "7", id="int"),
        pytest.param(1.5, "1.5", id="float"),
        pytest.param(12.0, "12", id="whole-float"),
        pytest.param(10**5000, "", id="absurd-int"),
        pytest.param(True, "", id="bool"),
        pytest.param(None, "", id="none"),
        pytest.param(["a"], "", id="list"),
        pytest.param("abcdefghijklm", "abcdefghi…", id="cut"),
    ],
)
def test_text_of_others_becomes_one_harmless_line(value: object, shown: str) -> None:
    assert clean_text(value, 10) == shown


@given(ANY_TEXT, st.integers(1, 50))
def test_any_text_becomes_a_bounded_line_that_is_legal_xml(text: str, limit: int) -> None:
    line = clean_text(text, limit)
    assert len(line) <= limit
    assert LEGAL_XML.fullmatch(line)
    assert not set(line) & set("\x1b\0\r\n\t\u202e")
    assert clean_text(line, limit) == line
