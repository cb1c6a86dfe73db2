"""Bad URLs end in one message that says what is wrong, and hints about addresses lead to sound ones."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sixgates.cli import main
from sixgates.config.stack import ConfigError, load_stack
from sixgates.exchange import Mendable
from sixgates.health.address import Address
from sixgates.inputs.url import problem_of, public, root_of, under
from sixgates.linting.reports import of_gateway

ROOT = Path(__file__).parents[2]
BAD = {
    "": "must start with http:// or https://, such as http://127.0.0.1:8001",
    "h:8001": "must start with http:// or https://",
    "ftp://h": "must start with http:// or https://",
    "//h": "must start with http:// or https://",
    "http:/h": "must start with http:// or https://",
    "http://": "has no host; write one after the scheme, such as http://127.0.0.1:8001",
    "http:///v1": "has no host",
    "http://:8001": "has no host",
    "http://h:99999": "has the port '99999'; a port is a number from 1 to 65535",
    "http://h:0": "has the port '0'",
    "http://h:x": "has the port 'x'",
    "http://h:+1": "has the port '+1'",
    "http://h:80:80": "has the port '80:80'",
    "http://h:٣": "has the port '٣'",
    "http://[::1": "has a bracket too few or too many; only an IPv6 address stands in brackets",
    "http://::1]": "has a bracket too few or too many",
    "http://[x]": "has ",
    "http://[::1]x": "has ",
    "http://[fe80::1%25eth0]": "has an IPv6 address with a zone",
    "http://a..b": "has the bad host 'a..b'; a host is labels of letters, digits, - and _, with one dot between",
    "http://.a": "has the bad host '.a'",
    "http://a..": "has the bad host 'a..'",
    "http://.": "has the bad host '.'",
    f"http://{'a' * 64}": "has the bad host",
    f"http://{'a.' * 130}b": "has the bad host",
    "http://%61": "has the bad host '%61'",
    "http://h!": "has the bad host 'h!'",
    "http://a b": "has a blank, a backslash or a control character in it",
    " http://h": "must start with",
    "http://h ": "has a blank",
    "http://h\n": "has a blank",
    "http://h\\@x": "has a blank, a backslash",
    "http://\u202eh": "has a blank",
    "http://h#frag": "has a fragment (# and what follows), which is never sent; leave it out",
    "http://h/v1#": "has a fragment",
    "http://http://h": "has two schemes; leave one out",
    "HTTP://HTTPS://h": "has two schemes",
    f"http://{'ü' * 70}": "has a host that no name can be made of; write it in ASCII",
    "http://ü..x": "has a host that no name can be made of",
    "http://☃": "has a host that no name can be made of",
}
GOOD = {
    "http://h": "http://h",
    "HTTP://h:8001/V1": "http://h:8001/V1",
    "https://h/v1/": "https://h",
    "http://h/v1?key=x": "http://h?key=x",
    "http://user:pass@h:1/a/v1": "http://user:pass@h:1/a",
    "http://[::1]:8001/v1": "http://[::1]:8001",
    "http://a_b.internal.:65535": "http://a_b.internal.:65535",
    "http://bücher.example/v1": "http://bücher.example",
    "http://h:/v1": "http://h:",
    "http://h//v1": "http://h",
}


@pytest.mark.parametrize(("url", "text"), BAD.items())
def test_a_bad_url_is_told_what_is_wrong_with_it(url: str, text: str) -> None:
    assert problem_of(url).startswith(text)


@pytest.mark.parametrize(("url", "root"), GOOD.items())
def test_a_sound_url_is_taken_by_all_that_use_it(url: str, root: str) -> None:
    assert problem_of(url) == ""
    assert root_of(url) == root
    assert problem_of(under(root, "/v1")) == ""
    assert httpx.URL(url).host
    assert Address.of(url).host


def test_a_query_is_wrong_where_paths_are_put_behind() -> None:
    assert problem_of("http://h?a=1", query=False) == (
        "has a query (? and what follows), which would end up in the middle of every path; leave it out"
    )


PIECES = st.lists(
    st.sampled_from(
        [
            "http",
            "HTTPS",
            ":",
            "//",
            "/",
            "h",
            "a.b",
            ".",
            "80",
            "[",
            "]",
            "::1",
            "@",
            "?",
            "#",
            "%",
            "v1",
            "ü",
            " ",
            "\n",
        ]
    )
)
URLS = st.one_of(
    PIECES.map("".join), PIECES.map(lambda found: "http://" + "".join(found)), st.text(max_size=30)
)


@given(URLS)
@example("http://h\ud800")
def test_whatever_passes_is_taken_by_all_that_use_it(url: str) -> None:
    """And nothing ends in an exception."""
    public(url)
    if problem_of(url) == "":
        assert httpx.URL(url).host
        assert Address.of(url).port
        assert problem_of(root_of(url)) == ""


@given(URLS, URLS)
def test_no_password_is_shown(before: str, after: str) -> None:
    """Wherever it ends; what stands before the last @ is shown nowhere."""
    for scheme in ("http://", "", "ftp://"):
        url = f"{scheme}user:{before}CANARY{before}@{after}"
        assert "CANARY" not in problem_of(url) + public(url)


def hints(address: str, prefix: str = "openai") -> list[Mendable]:
    """What lint proposes for the address of a deployment behind this prefix."""
    params = {"model": f"{prefix}/m", "api_base": address, "api_key": "none"}
    data = json.dumps({"model_list": [{"model_name": "m", "litellm_params": params}]}).encode()
    found = [one.finding for one in of_gateway(data, "g.yaml") if one.slug.startswith("api-base")]
    return [one for one in found if isinstance(one, Mendable)]


@pytest.mark.parametrize("prefix", ["openai", "hosted_vllm", "ollama", "anthropic"])
@given(address=URLS)
@example(address="HTTP://h")
@example(address="HTTP:1")
@example(address="HTTP://HTTP:")
@example(address="HTTP://0#@2")
@example(address="HTTP://0/% ]")
@example(address="http//v1")
@example(address="host//v1")
@example(address="http://h#frag")
@example(address="http://host/host")
@example(address="http:/h")
@example(address="http://h/v1/v1/chat/completions")
@example(address="http://user:pass@h/api")
def test_a_proposed_address_is_sound(prefix: str, address: str) -> None:
    """It has one scheme, at most one /v1, and passes what made the hint."""
    if not address.isprintable():
        return
    for one in hints(address, prefix):
        assert problem_of(one.new) == "", one
        hidden = "[redacted]" in one.hint or "(not shown)" in one.hint
        assert one.new in one.hint or hidden or re.search("[@?]", one.new)
        assert len(re.findall(r"/v1(?=/|$)", one.new.partition("://")[2].partition("/")[2])) <= 1
        assert not re.match(r"(?i)https?://https?:/", one.new)
        again = hints(one.new, prefix)
        # What lacks its scheme may lack its ending, or have one too many, as well.
        endings = ("an address that ends with /v1", "an address without /v1 and /api")
        assert [each.expected for each in again] in ([], *([ending] for ending in endings)), one
        assert not again or one.expected.startswith("http://"), one


@pytest.mark.parametrize(
    ("given", "proposed"),
    [
        ("http://h", "http://h/v1"),
        ("http://h/host/h", "http://h/host/h/v1"),
        ("http://h/a/v1/chat/completions", "http://h/a/v1"),
        ("http://h/a/chat/completions", "http://h/a/v1"),
        ("http://h?a=1", "http://h/v1?a=1"),
        ("http://h#frag", "http://h/v1"),
        ("h:1", "http://h:1"),
    ],
)
def test_a_proposed_address_keeps_what_was_right(given: str, proposed: str) -> None:
    assert proposed in [one.new for one in hints(given)]


@pytest.mark.parametrize("url", [url for url in BAD if url and "#" not in url and "%" not in url])
def test_a_bad_address_of_the_gateway_is_a_finding(url: str) -> None:
    """But for a fragment and a zone, with which LiteLLM's requests arrive."""
    params = {"model": "openai/m", "api_base": url, "api_key": "none"}
    data = json.dumps({"model_list": [{"model_name": "m", "litellm_params": params}]}).encode()
    found = [one for one in of_gateway(data, "g.yaml") if one.slug.startswith("api-base")]
    assert [one.slug for one in found] == ["api-base-no-scheme"]
    for harmless in ("http://h/v1#frag", "http://[fe80::1%25eth0]/v1"):
        params["api_base"] = harmless
        data = json.dumps({"model_list": [{"model_name": "m", "litellm_params": params}]}).encode()
        assert not any(one.slug.startswith("api-base") for one in of_gateway(data, "g.yaml"))


ARGUMENTS = {url: text for url, text in BAD.items() if url.isprintable()}


@pytest.mark.parametrize("option", ["--endpoint", "--gateway-url"])
@pytest.mark.parametrize(("url", "text"), ARGUMENTS.items())
def test_a_bad_option_is_one_message(pytester: pytest.Pytester, option: str, url: str, text: str) -> None:
    """Exit status 4, whatever else was given."""
    ours = ["--pyargs", "sixgates.suites", "-p", "no:cacheprovider"]
    result = pytester.runpytest_inprocess(*ours, "--live", "--model", "m", option, url)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {option} {text}" in result.stderr.str()
    assert f"(given: {public(url) or 'nothing'})" in result.stderr.str()
    assert "Traceback" not in result.stderr.str()


def test_a_refused_option_shows_no_password(pytester: pytest.Pytester) -> None:
    given = ["--live", "--model", "m", "--endpoint", "http://me:ca/nary@h:99999"]
    result = pytester.runpytest_inprocess("--pyargs", "sixgates.suites", *given)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "(given: http://[redacted]@h:99999)" in result.stderr.str()
    assert "nary" not in result.stderr.str()


def stack(folder: Path, url: str) -> None:
    """A stack whose one provider has this address."""
    (folder / "config").mkdir()
    entry = {"type": "vllm", "base_url": url, "models": ["m"]}
    (folder / "config" / "providers.yaml").write_text(f"providers:\n  p: {json.dumps(entry)}\n", "utf-8")
    (folder / "config" / "model-mappings.yaml").write_text("exact_matches: {m: {provider: p}}\n")


@pytest.mark.parametrize(("url", "text"), [pair for pair in BAD.items() if pair[0]])
def test_a_bad_base_url_is_a_finding_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    stack(tmp_path, url)
    for command in (
        ["lint"],
        ["compile"],
        ["compile", "--check"],
        ["route", "m"],
        ["routes"],
        ["known", "p"],
    ):
        assert main(command) in {1, 2}
        shown = capsys.readouterr()
        said = shown.out + shown.err
        assert "config/providers.yaml:2:" in said
        assert "expected an http:// or https:// URL with a host and a numeric port, got " in said
        assert f"It {text[:20]}" in said
    with pytest.raises(ConfigError):
        load_stack(tmp_path / "config")


def test_a_refused_base_url_shows_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    stack(tmp_path, "http://me:ca/nary@h:99999")
    assert main(["compile"]) == 1
    assert "nary" not in capsys.readouterr().out


@pytest.mark.parametrize("marker", ["schema", "config", "unit", "contract", "health"])
def test_pytest_says_so_too(pytester: pytest.Pytester, marker: str) -> None:
    stack(pytester.path, "http://h:99999")
    options = [
        "--gateway-config",
        "config",
        "-p",
        "no:cacheprovider",
        "-m",
        marker,
        *(["--live"] * (marker == "health")),
    ]
    result = pytester.runpytest_subprocess("--pyargs", "sixgates.suites", *options)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    said = " ".join(result.stdout.str().split())
    assert "config/providers.yaml:2:" in said
    assert "has the port '99999'; a port is a number from 1 to 65535" in said
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
