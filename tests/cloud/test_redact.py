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
        (" https://x.org/v.mp4?a=1&b=%20#t=3\n", "https://x.org/v.mp4?a=1&b=%20#t=3"),
        ("http://x.org/v", "http://x.org/v"),
        ("HTTP://API.testmuai.com:80/v", "https://API.testmuai.com/v"),
        ("http://lambdatest.com.evil.org/v", "http://lambdatest.com.evil.org/v"),
        ("https://u:k@y@x.org/v", "https://x.org/v"),
        (f"https://x.org/v?testID=T&auth={MD5}", "https://x.org/v?testID=T"),
        (f"https://x.org/v?%61UTH={MD5}", "https://x.org/v"),
        (f"https://x.org/v?a=1;auth={MD5}", "https://x.org/v?a=1"),
        ("https://x.org/v?access_key=k&accessKey=k&access-key=k&a=1", "https://x.org/v?a=1"),
        ("https://x.org/v?username=u&key=k&a=1", "https://x.org/v?a=1"),
        ("https://x.org/v?key=logs%2F1", "https://x.org/v?key=logs%2F1"),
        ("https://x.org/v?token=t&apiKey=k", "https://x.org/v"),
        ("https://x.org/v#auth=abc", "https://x.org/v"),
        ("https://x.org/#/test?auth=abc", "https://x.org/"),
        ("https://x.org/?u=https%3A%2F%2Fy.org%3Fauth%3Dz&a=1", "https://x.org/?a=1"),
        ("https://x.org/?u=https%253A%252F%252Fu%253Ak%2540y", "https://x.org/"),
        ("https://x.org/?X-Amz-Signature=a%2Fb", "https://x.org/?X-Amz-Signature=a%2Fb"),
        ('https://x.org/"><b>é', "https://x.org/%22%3E%3Cb%3E%C3%A9"),
        ("http://[::1]:8/v", "http://[::1]:8/v"),
    ],
)
def test_a_link_is_shown_without_credentials(text: str, url: str) -> None:
    assert safe_url(text) == url


@pytest.mark.parametrize(
    "value",
    [
        *(None, 7, "  ", " JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "file:///etc/passwd"),
        *("//evil.org/x", "sessions/1/log/appium", "?mobile=true&testID=T", "https://", "https://:80/x", "https:x.org"),
        *("https://x.org:port/", "https://[x/", "https:\\\\evil.org", "https://good.org\\@evil.org/"),
        *(f"https://x.org/a{odd}b" for odd in (" ", "\t", "\0", "\x1b[31m", "\u202e", "\ud800")),
        *("https://\u0430pi.lambdatest.com/", "https://x.org/" + "a" * 4096),
    ],
    ids=lambda value: ascii(value)[:40],
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
        ("X-Amz-Signature=a&X-Amz-Expires=9", True),
        ("AWSAccessKeyId=a&Signature=b&Expires=9", True),
        ("Expires=9&Key-Pair-Id=k", True),
        ("X-Goog-Signature=a", True),
        ("sv=1&sig=a", True),
        ("shareId=abc", True),
        ("Expires=9", False),
        ("testID=T&design=1", False),
        ("", False),
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
        ("at https://u:k@hub.x/wd/hub now", "at https://***@hub.x/wd/hub now"),
        ("see https://x/?auth=abc&a=1", "see https://x/?auth=***&a=1"),
        ("accessKey=abc", "accessKey=***"),
        ("wss://x/playwright?capabilities=%7Ba&b", "wss://x/playwright?capabilities=***&b"),
        ('capabilities={"a": {"user": "u"}} now', "capabilities=*** now"),
        ("mail me@x.org", "mail me@x.org"),
    ],
)
def test_what_looks_like_a_secret_is_masked_too(text: str, shown: str) -> None:
    assert scrub(text) == shown


@pytest.mark.parametrize(
    "spelled",
    ["A/k+B=C%D", "a%2FK%2bb%3Dc%25d", "a%252FK%252Bb%253Dc%2525d", "a\\/K+b=c%d", "a\\u002fK\\u002Bb=c%d"],
)
def test_a_secret_is_masked_however_a_url_or_json_spells_it(spelled: str) -> None:
    assert scrub(f"said {spelled}.", ["a/K+b=c%d"]) == "said ***."


@pytest.mark.parametrize("filling", ["\\", "%25", "LT_ACCESS_KEY_1 "])
def test_a_long_text_is_masked_in_bounded_time_and_ends_in_no_half_secret(filling: str) -> None:
    """The text may have a megabyte, and whoever searches it holds up the tests of this process."""
    text = filling * (2**20 // len(filling))
    started = time.perf_counter()
    shown = masked_text(text, 100, ["LT_ACCESS_KEY_1"])
    assert time.perf_counter() - started < 60, "a search in time quadratic in the text would take hours"
    assert len(shown) <= 100
    assert "LT_ACCESS_KEY" not in shown


def test_half_a_secret_at_the_limit_is_not_shown() -> None:
    limit = 8 * 20 + 2048
    for length in (*range(200), *range(limit - 2 * 20, limit + 20), *range(limit, 2 * 2048 + limit, 97)):
        assert "LT_" not in masked_text(" " * length + "LT_ACCESS_KEY_1", 20, ["LT_ACCESS_KEY_1"])


def test_the_longer_of_two_secrets_is_masked_whole_and_one_too_short_to_be_one_is_not() -> None:
    assert scrub("a key secretive", ("a", "key", "secret", "secretive")) == "a key ***"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("win10", "win10"),
        ("  a \r\n\t b\u2028c ", "a b c"),
        ("\x1b[31mred\0", "␛[31mred␀"),
        ("a\x7f\x9bb", "a␡\ufffdb"),
        ("a\u202eb\u2066c", "a\ufffdb\ufffdc"),
        ("a\ud800b\ufffe", "a\ufffdb\ufffd"),
        *((7, "7"), (1.5, "1.5"), (12.0, "12"), (True, ""), (None, ""), (["a"], "")),
        pytest.param(10**5000, "", id="absurd"),
        ("abcdefghijklm", "abcdefghi…"),
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
