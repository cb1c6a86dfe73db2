"""Files that cannot be read as configuration end in one finding that says where, what and what next."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sixgates.config import ConfigError, describe, load_stack, read_file
from sixgates.config.yaml_file import MAX_BYTES, Node, YamlError, parse

BAD = {
    "empty": (b"", "1:1: expected a mapping at the top, got an empty file."),
    "only a comment": (b"# nothing\n", "1:1: expected a mapping at the top, got an empty file."),
    "list": (b"- a\n- b\n", "1:1: expected a mapping at the top, got a list."),
    "scalar": (b"hello\n", "1:1: expected a mapping at the top, got a single value."),
    "tabs": (
        b"providers:\n\tvllm: 1\n",
        "2:1: expected valid YAML, got a character that begins no value.",
    ),
    "no space after a colon": (
        b"list:\n  - name:a\n    more: {}\n",
        "3:9: expected valid YAML, got a second colon. Put a space after the colon before it (`key: value`)",
    ),
    "half indented": (
        b"a:\n  b: 1\n c: 2\n",
        "3:2: expected valid YAML, got a line that stands neither below its parent nor beside its siblings.",
    ),
    "an open quote": (
        b'a: 1\nb: "x\nc: 2\n',
        "2:4: expected valid YAML, got a quote that is not closed. Close it at the end of the text.",
    ),
    "an open bracket": (
        b"a: 1\nb: [1,\nc: 3\n",
        "2:4: expected valid YAML, got a list in brackets that is not closed.",
    ),
    "an open brace": (
        b"a: {b: 1\nc: 2\n",
        "1:4: expected valid YAML, got a mapping in braces that is not closed.",
    ),
    "a bare star": (
        b"a:\n  - *: [x]\n",
        '2:6: expected valid YAML, got a name that begins with `*` or `&`. Quote it, such as `"*"`.',
    ),
    "a line of text": (b"a: 1\nb\nc: 2\n", "3:1: expected valid YAML, got a line without a colon."),
    "a template": (
        b"a: {{ x }}\n",
        "1:9: expected text as a key, got a mapping or list. Quote the text: to YAML,",
    ),
    "binary": (b"\x00\x01\x02", "1:1: expected text in UTF-8, got binary data"),
    "control character": (
        b"a: 1\nb: x\x1by\n",
        "2:5: expected text in UTF-8, got binary data (control characters",
    ),
    "latin-1": (b"a: 1\nproviders: caf\xe9\n", "2:15: expected text in UTF-8, got binary data"),
    "duplicate": (b"a: 1\nb: 2\na: 3\n", "3:1: expected each key once, got `a` again (first on line 1)."),
    "tag": (
        b"a: !!python/object/apply:os.system [ls]\n",
        "1:4: expected plain values without tags, got the tag",
    ),
    "own tag": (b"a: !env HOME\n", "1:4: expected plain values without tags, got the tag !env."),
    "nested": (b"a: " + b"[" * 500, "1:103: expected at most 100 nested levels, got one more."),
    "recursive": (
        b"a: &x [*x]\n",
        "1:8: expected an alias of a finished anchor, got *x, which contains itself.",
    ),
    "no anchor": (
        b"a: *x\n",
        "1:4: expected an alias of a finished anchor, got *x, which is not defined above.",
    ),
    "int key": (b"8001: vllm\n", "1:1: expected text as a key, got 8001."),
    "two documents": (b"a: 1\n---\nb: 2\n", "2:1: expected one document, got a second one after '---'."),
    "bad date": (b"a: 2027-13-45\n", "1:4: expected a valid timestamp, got 2027-13-45."),
    "merge of text": (b"a:\n  <<: text\n", "2:7: expected a mapping to merge, got a single value."),
}


@pytest.mark.parametrize("name", BAD)
def test_each_defect_is_one_message_with_its_place(directory: Path, name: str) -> None:
    data, message = BAD[name]
    (directory / "providers.yaml").write_bytes(data)
    findings = read_file(directory, "providers.yaml").findings
    assert len(findings) == 1
    assert describe(findings[0]).startswith(f"config/providers.yaml:{message}")
    assert findings[0].hint


def test_an_alias_bomb_is_refused_before_it_is_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(YamlError, match="aliases are expanded"):
        parse("\n".join(lines).encode())


LARGE = {
    "many providers": "providers:\n" + "".join(f"  p{n}: {{type: vllm}}\n" for n in range(400)),
    "a long list": "models: [" + "m, " * 1200 + "]",
    "one alias in a large file": "a: &a 1\nb: *a\nc: [" + "m, " * 1200 + "]",
}
EXPANDED = {
    "aliases of aliases": "a: &a [m, m, m, m]\nb: &b [" + "*a, " * 30 + "]\nc: [" + "*b, " * 30 + "]",
    "a merge": "a: &a {" + ", ".join(f"k{n}: 1" for n in range(200)) + "}\n"
    "b: [" + ", ".join("{<<: *a}" for _ in range(20)) + "]",
}


@pytest.mark.parametrize("name", [*LARGE, *EXPANDED])
def test_too_many_values_are_blamed_on_aliases_only_where_they_are(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("sixgates.config.yaml_file.MAX_VALUES", 1000)
    with pytest.raises(YamlError) as caught:
        parse((LARGE | EXPANDED)[name].encode())
    said = caught.value.expected, caught.value.got, caught.value.hint
    if name in LARGE:
        assert said == ("at most 1,000 values", "more than 1,000 values", "Is it the right file?")
    else:
        got = "more than 1,000 values once aliases are expanded"
        assert said == ("at most 1,000 values", got, "Remove the nested aliases.")


def test_the_same_bytes_are_parsed_once(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run asks for its stack again and again, and of one that is broken nothing else could be kept."""
    parsed: list[int] = []

    def counting(data: bytes) -> Node:
        parsed.append(len(data))
        return parse(data)

    monkeypatch.setattr("sixgates.config.stack.parse", counting)
    (directory / "providers.yaml").write_text("providers: {p: {type: vlllm}}  # of this test\n")
    for _ in range(3):
        with pytest.raises(ConfigError, match="vlllm"):
            load_stack(directory)
    assert len(parsed) == len(set(parsed)) <= 5
    (directory / "providers.yaml").write_text("providers: {p: {type: vllllm}}  # of this test\n")
    with pytest.raises(ConfigError, match="vllllm"):
        load_stack(directory)


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(directory: Path, enabled: bool) -> None:
    """It is paused while files are read, also where reading fails."""
    (gc.enable if enabled else gc.disable)()
    try:
        load_stack(directory)
        assert gc.isenabled() is enabled
        with pytest.raises(YamlError):
            parse(b"a: [")
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


def test_what_is_no_readable_file_is_named(directory: Path) -> None:
    path = directory / "providers.yaml"
    path.unlink()
    assert _only(directory) == "config/providers.yaml: expected a readable YAML file, got no such file."
    path.mkdir()
    assert _only(directory) == "config/providers.yaml: expected a readable YAML file, got a directory."
    path.rmdir()
    os.mkfifo(path)
    got = "a pipe"
    assert _only(directory) == f"config/providers.yaml: expected a readable YAML file, got {got}."
    path.unlink()
    with path.open("wb") as file:
        file.truncate(50_000_000)
    assert (
        _only(directory)
        == f"config/providers.yaml: expected at most {MAX_BYTES:,} bytes, got 50,000,000 bytes."
    )


def test_a_directory_that_is_not_there_is_one_message(directory: Path) -> None:
    for path, got in ((directory / "no", "no such directory"), (directory / "gates.yaml", "a file")):
        with pytest.raises(ConfigError) as caught:
            load_stack(path)
        said = f"expected a directory with providers.yaml, got {got}. Pass --gateway-config DIR."
        assert str(caught.value) == f"{path}: {said}"


@pytest.mark.parametrize("name", ["providers.yaml", "gates.yaml"])
def test_a_file_that_may_not_be_read_is_named_whoever_runs_this(
    directory: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def refused(path: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("sixgates.inputs.file.os.open", refused)
    (finding,) = read_file(directory, name).findings
    said = f"config/{name}: expected a readable YAML file, got permission denied."
    assert describe(finding).startswith(said)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_without_permission_is_named(directory: Path) -> None:
    (directory / "providers.yaml").chmod(0)
    assert "got permission denied" in _only(directory)


def test_one_bad_file_hides_no_finding_of_the_others(directory: Path) -> None:
    (directory / "providers.yaml").write_text("- a\n")
    (directory / "gates.yaml").write_text("gates: {unit: {exercised: 2}}\n")
    (directory / "model-mappings.yaml").unlink()
    with pytest.raises(ConfigError) as caught:
        load_stack(directory)
    files = [finding.where.split(":")[0] for finding in caught.value.findings]
    assert files == ["config/providers.yaml", "config/model-mappings.yaml", "config/gates.yaml"]
    assert "config/gates.yaml:1:27: expected a number <= 1" in str(caught.value)


def test_optional_files_have_defaults(directory: Path) -> None:
    (directory / "gates.yaml").unlink()
    (directory / "deviations.yaml").unlink()
    stack = load_stack(directory)
    assert stack.gateway is None
    assert stack.deviations == []
    assert (stack.gates.unit.exercised, stack.gates.contract.deviations) == (0.9, "allow")


def test_anchors_merges_crlf_and_bom_are_fine() -> None:
    text = "\ufeffbase: &base {type: vllm, port: 1}\r\nother:\r\n  <<: *base\r\n  port: 2\r\n"
    assert parse(text.encode()).value["other"] == {"port": 2, "type": "vllm"}


_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False)
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), _TREES, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_what_yaml_writes_is_read_back_the_same(data: dict[str, object]) -> None:
    import yaml

    assert parse(yaml.safe_dump(data).encode()).value == data


@given(st.text(alphabet="ab:-[]{}&*!|>%@`'\"#? \n\t,<~0.", max_size=60) | st.binary(max_size=40))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_input_escapes_as_another_error(text: str | bytes) -> None:
    said = ""
    try:
        value = parse(text.encode() if isinstance(text, str) else text).value
    except YamlError as error:
        value, said = {}, error.got
    assert isinstance(value, dict)
    assert said or "{" in str(text) or value


def _only(directory: Path) -> str:
    findings = read_file(directory, "providers.yaml").findings
    assert len(findings) == 1
    return describe(findings[0]).removesuffix(" " + findings[0].hint)


def test_only_a_plain_double_angle_merges() -> None:
    """Quoted, it is a key like any other."""
    assert parse(b"a: &x {b: 1}\nc:\n  <<: *x\n").value["c"] == {"b": 1}
    assert parse(b'c:\n  "<<": 1\n').value == {"c": {"<<": 1}}


def test_nesting_beyond_the_bound_of_the_yaml_library_reads_the_same(directory: Path) -> None:
    """libyaml from 0.2.6 refuses a thousand levels before it hands out the first."""
    (directory / "providers.yaml").write_bytes(b"a: " + b"[" * 5000)
    (finding,) = read_file(directory, "providers.yaml").findings
    assert describe(finding).endswith("expected at most 100 nested levels, got one more. Flatten the file.")
