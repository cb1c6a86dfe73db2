"""The documentation is true: links lead somewhere; commands, options, markers and make targets exist."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from sixgates.cli import _parser
from sixgates.config import load_stack
from sixgates.config.compile import compile_gateway
from sixgates.config.ruleset import lint
from sixgates.verdict import Gate

ROOT = Path(__file__).parents[2]
PAGES = {
    str(path.relative_to(ROOT)): path
    for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
}
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def read(page: str) -> str:
    """The text of a page."""
    return PAGES[page].read_text(encoding="utf-8")


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", text)


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command in `sh` blocks and in code spans; comments and continuations are resolved."""
    blocks = [body for language, body in _FENCE.findall(text) if language == "sh"]
    lines = [line for body in blocks for line in body.replace("\\\n", " ").splitlines()]
    lines += [span.replace("\n", " ") for span in re.findall(r"`([^`]+)`", prose(text))]
    for line in lines:
        words = re.sub(r"(^|\s)#.*", "", line).split()
        while words and (re.fullmatch(r"\w+=\S*", words[0]) or words[0] in {"-", "run:"}):
            words = words[1:]
        if words:
            yield [words[0].rsplit("/", 1)[-1], *words[1:]]


_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def anchors(text: str) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: str, text: str) -> list[str]:
    """The relative links of a page whose file or heading does not exist."""
    found = []
    for link in _LINK.findall(prose(text)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (PAGES[page].parent / path).resolve() if path else PAGES[page]
        if (
            not target.exists()
            or not target.is_relative_to(ROOT)
            or (anchor and anchor not in anchors(target.read_text(encoding="utf-8")))
        ):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_resolves(page: str) -> None:
    """Files exist, headings too."""
    assert broken(page, read(page)) == []


@pytest.mark.parametrize("link", ["docs/none.md", "docs/gates.md#none", "#none", "../outside.md"])
def test_a_broken_link_is_noticed(link: str) -> None:
    """The control."""
    assert broken("README.md", f"See [this]({link}).") == [link]


def test_every_page_is_linked_from_the_readme() -> None:
    """A page that nothing leads to is not read; decisions are reached through their folder."""
    linked = {link.partition("#")[0] for link in _LINK.findall(read("README.md"))}
    pages = {page for page in PAGES if page != "README.md" and not page.startswith("docs/adr/")}
    assert pages - linked == set()


_OPTION = re.compile(r"^(--?[A-Za-z][\w-]*)")


@cache
def pytest_help() -> str:
    """What `pytest --help` says with the plugin loaded."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert "--gateway-config" in done.stdout, done.stderr
    return done.stdout


@cache
def subcommands() -> dict[str, argparse.ArgumentParser]:
    """The parsers of the command sixgates by name."""
    actions = _parser()._actions
    found = next(each for each in actions if isinstance(each, argparse._SubParsersAction))
    return dict(found.choices)


def options_of(words: list[str]) -> list[str]:
    """The options among the words of a command."""
    return [match[1] for word in words if (match := _OPTION.match(word))]


def unknown(words: list[str]) -> list[str]:
    """What a command says that its program does not know."""
    program, *rest = words
    if program == "sixgates":
        return _unknown_to_sixgates(rest)
    if program == "pytest" or rest[:2] == ["-m", "pytest"]:
        return _unknown_to_pytest(rest[2:] if program != "pytest" else rest)
    if program == "make" and rest:
        known = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        return [word for word in rest if re.fullmatch(r"[a-z]+", word) and word not in known]
    return []


def _unknown_to_sixgates(rest: list[str]) -> list[str]:
    if not rest:
        return []
    if rest[0].startswith("-"):
        return [word for word in rest if word not in _parser()._option_string_actions]
    if not re.fullmatch(r"[a-z]+", rest[0]):
        return []
    if rest[0] not in subcommands():
        return [rest[0]]
    known = subcommands()[rest[0]]._option_string_actions
    return [option for option in options_of(rest) if option not in known]


def own_markers() -> set[str]:
    """The markers of the tests of sixgates itself."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"][
        "markers"
    ]
    return {line.split(":")[0] for line in declared}


def _unknown_to_pytest(rest: list[str]) -> list[str]:
    known = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", pytest_help()))
    found = [option for option in options_of(rest) if option not in known]
    text = " ".join(rest)
    for expression in re.findall(r"-m ('[^']+'|\"[^\"]+\"|\w+)", text):
        words = set(re.findall(r"\w+", expression)) - {"and", "or", "not", "MARKER"}
        found += sorted(words - {gate.marker for gate in Gate} - own_markers())
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_command_in_the_documentation_exists(page: str) -> None:
    """What a reader types works."""
    wrong = [(words, unknown(words)) for words in commands(read(page)) if unknown(words)]
    assert wrong == []


def test_the_readme_names_commands_of_each_kind() -> None:
    """The parser of this test finds what it is to judge."""
    programs = {words[0] for words in commands(read("README.md"))}
    assert {"make", "pytest", "sixgates"} <= programs


@pytest.mark.parametrize(
    "command",
    [
        "sixgates lnit",
        "sixgates compile --chek",
        "sixgates --verison",
        "pytest --lvie",
        "pytest -m contracts",
        "pytest -m 'unit or helth'",
        "python -m pytest --nope",
        "make gate",
    ],
)
def test_a_command_that_does_not_exist_is_noticed(command: str) -> None:
    """The control."""
    assert unknown(next(commands(f"Type `{command}`."))) != []


def test_the_readme_lists_every_option_of_the_plugin() -> None:
    """An option that nobody describes is not found."""
    section = pytest_help().split("quality gates of an LLM stack")[1].split("\n\n")[0]
    options = re.findall(r"^  --sixgates(-[\w-]+)", section, re.MULTILINE)
    assert len(options) > 10
    text = read("README.md")
    assert [option for option in options if f"`-{option}" not in text] == []


@pytest.mark.parametrize("page", ["README.md", "docs/adding-a-check.md"])
def test_the_code_shown_stands_in_the_source(page: str) -> None:
    """The pages show a check and a mutant that exist, word for word."""
    blocks = [body for language, body in _FENCE.findall(read(page)) if language == "python"]
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert len(blocks) >= 2
    assert [body for body in blocks if body not in source] == []


def test_the_stack_of_the_readme_is_sound(tmp_path: Path) -> None:
    """What a reader copies loads, has no findings, and compiles."""
    blocks = dict(
        re.findall(r"^```yaml\n# ops/config/(\S+)\n(.*?)^```", read("README.md"), re.MULTILINE | re.DOTALL)
    )
    assert set(blocks) == {"providers.yaml", "model-mappings.yaml"}
    for name, body in blocks.items():
        (tmp_path / name).write_text(body, encoding="utf-8")
    stack = load_stack(tmp_path)
    assert lint(stack) == ()
    assert compile_gateway(stack).problems == ()
