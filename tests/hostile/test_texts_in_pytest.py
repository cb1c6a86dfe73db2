"""What pytest itself prints of our texts: failures, reasons of skips and of expected failures, items, errors."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from tests.hostile.test_texts import verdicts
from tests.hostile.texts import TEXTS, acts

MODULE = """
import pytest
from sixgates.cases import Case
from tests.hostile.test_texts import verdicts
from tests.hostile.texts import TEXTS


def family(run):
    return [
        Case(f"{number}{text}", lambda one=one: one, one.check, one.provider)
        for text in TEXTS.values()
        for number, one in enumerate(verdicts(text))
    ]


@pytest.mark.contract
@pytest.mark.cases.with_args(family)
def test_case(case, settle):
    settle(case)
"""
ROOT = Path(__file__).parents[2]
SPOKEN = {name: text for name, text in TEXTS.items() if text.strip() and "surrogate" not in name}
"""Those that can be arguments."""


@pytest.mark.parametrize(
    "options", [["-rA", "-v"], ["-ra", "-q", "--strict"], ["-n", "2", "-rA"]], ids=" ".join
)
def test_nothing_acts_in_what_pytest_prints(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """Every outcome with every text, in one run."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'src'}:{ROOT}")
    pytester.makepyfile(MODULE)
    result = pytester.runpytest_subprocess(*options, "--junitxml", "junit.xml", "--gates-report", "report")
    assert result.ret == 1
    shown = result.stdout.str() + result.stderr.str()
    assert len(shown) > 10_000
    assert acts(shown) == []
    written = (pytester.path / "junit.xml").read_text("utf-8")
    assert len(ElementTree.fromstring(written).findall(".//testcase")) == len(verdicts("a")) * len(TEXTS)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", written)


@pytest.mark.parametrize("text", SPOKEN.values(), ids=SPOKEN)
@pytest.mark.parametrize(
    "options",
    [
        ["--live", "--gateway-config", str(ROOT / "config"), "--provider"],
        ["--gateway-config"],
        ["--live", "--model", "m", "--endpoint"],
        ["--live", "--endpoint", "http://127.0.0.1:1", "--model", "m", "--engine"],
        ["--live", "--endpoint", "http://127.0.0.1:1", "--model", "m", "--capabilities"],
        ["--live", "--endpoint", "http://127.0.0.1:1", "--model", "m", "--api-key-env"],
    ],
    ids=lambda options: options[-1],
)
def test_nothing_acts_in_a_wrong_option(pytester: pytest.Pytester, options: list[str], text: str) -> None:
    pytester.makepyfile(MODULE)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", *options, text.replace("\x00", ""))
    if not text.startswith("https://"):  # a URL is right there, and no other option takes one
        assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert acts(result.stdout.str() + result.stderr.str()) == []
