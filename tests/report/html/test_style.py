"""Every text of ours can be read: its contrast is that of WCAG 2.2 AA or better, on light pages and on dark ones."""

from __future__ import annotations

import re

import pytest

from pytest_lambdatest_session.report.html.summary import style

AA_TEXT, AA_OUTLINE = 4.5, 3.0
TEXTS = [
    *((colour, "paper") for colour in ("ink", "quiet", "link", "good", "bad", "plain")),
    *((colour, f"{colour}-ground") for colour in ("good", "bad", "warn", "plain")),
]


def palette(selector: str) -> dict[str, str]:
    block = re.search(rf"{re.escape(selector)} {{(.*?)}}", style(), re.DOTALL)
    assert block is not None
    return dict(re.findall(r"--lt-([a-z-]+): (#[0-9a-f]+);", block[1]))


LIGHT, DARK = palette(":root"), palette(":root.lt-dark")


def luminance(colour: str) -> float:
    """As WCAG defines it, of `#rgb` or `#rrggbb`."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_focus_and_edges_of_controls_stand_out(colours: dict[str, str]) -> None:
    assert contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.01), "the measure is that of the standard"
    for text, ground in TEXTS:
        assert contrast(colours[text], colours[ground]) >= AA_TEXT, (text, ground)
    for colour in ("link", "quiet"):
        assert contrast(colours[colour], colours["paper"]) >= AA_OUTLINE


def test_both_palettes_have_the_same_colours_and_no_other_colour_is_used() -> None:
    assert set(LIGHT) == set(DARK)
    used = set(re.findall(r"var\(--lt-([a-z-]+)\)", style()))
    assert used == set(LIGHT)
    rest = re.sub(r"/\*.*?\*/|--lt-[a-z-]+: #[0-9a-f]+;", "", style())
    assert re.findall(r"#[0-9a-f]{3,6}\b(?!-)", rest) == []


def test_only_what_is_ours_is_styled() -> None:
    """Each rule's every selector names something of this plugin, so that other parts of the page stay as they are."""
    css = re.sub(r"/\*.*?\*/|</?style>|@media[^{]*{", "", style())
    selectors = [selector.strip() for rule in re.findall(r"([^{}]+){", css) for selector in rule.split(",")]
    assert len(selectors) > 50
    foreign = [selector for selector in selectors if not re.search(r"\.lt-|col-lt|ltduration|^:root", selector)]
    assert foreign == []
