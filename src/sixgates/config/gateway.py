"""A LiteLLM config as it stands in the file, whatever its shape: what the rules about the gateway look at."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from sixgates.config.environment import Environment
from sixgates.config.litellm_file import LiteLLMConfig
from sixgates.config.public import HIDDEN, public
from sixgates.config.routing import Router
from sixgates.config.validation import position
from sixgates.config.vocabulary import Vocabulary, vocabulary
from sixgates.config.wildcard import filled
from sixgates.config.yaml_file import Node
from sixgates.exchange import Finding, Mendable

Path = tuple[str | int, ...]
CHAINS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
SECTIONS = ("router_settings", "litellm_settings")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of `model_list` that is a mapping; `params` and `info` are empty where they are none."""

    index: int
    name: str
    params: dict[str, Any]
    info: dict[str, Any]

    @property
    def model(self) -> str:
        """LiteLLM's model string; empty where it is no text."""
        return _text(self.params.get("model"))

    @property
    def provider(self) -> str:
        """The provider that the model's prefix or `custom_llm_provider` names; empty where none does."""
        named = _text(self.params.get("custom_llm_provider"))
        return named or (self.model.split("/", 1)[0] if "/" in self.model else "")

    @property
    def address(self) -> str:
        """The text of `api_base`; empty where there is none."""
        return _text(self.params.get("api_base"))

    def path(self, *more: str | int) -> Path:
        """Where a value of this entry stands."""
        return ("model_list", self.index, *more)


@dataclass(frozen=True, slots=True)
class Chain:
    """One key of a list of fallbacks with the names behind it, as far as the shape allows."""

    kind: str
    path: Path
    key: str
    targets: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Gateway:
    """The file with its positions, and the LiteLLM and the environment that will read it.

    An empty `version` is the newest known; without an environment nothing is said of variables.
    """

    node: Node
    label: str
    version: str = ""
    environment: Environment | None = None

    @property
    def words(self) -> Vocabulary:
        """What LiteLLM's file may say."""
        return vocabulary(self.version or None)

    @property
    def includes(self) -> bool:
        """Whether LiteLLM reads further files, which are not judged here."""
        return bool(_mapping(self.node.value).get("include"))

    def section(self, name: str) -> dict[str, Any]:
        """A section's mapping; empty where it is none."""
        return _mapping(_mapping(self.node.value).get(name))

    def setting(self, name: str) -> Any:
        """What LiteLLM uses for a setting that may stand in both sections: the router's wins."""
        return next(
            (self.section(each)[name] for each in SECTIONS if self.section(each).get(name) is not None), None
        )

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The deployments that are mappings."""
        listed = _mapping(self.node.value).get("model_list")
        return tuple(
            Entry(index, _text(item.get("model_name")), _mapping(item.get("litellm_params")), _info(item))
            for index, item in enumerate(listed if isinstance(listed, list) else ())
            if isinstance(item, dict)
        )

    @cached_property
    def groups(self) -> dict[str, list[Entry]]:
        """The deployments by the name that they share."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.name, []).append(entry)
        return found

    @property
    def aliases(self) -> dict[str, Any]:
        """`model_group_alias` as written."""
        return _mapping(self.section("router_settings").get("model_group_alias"))

    def target_of(self, alias: str) -> str:
        """The name that an alias stands for; empty where it is written in a way that LiteLLM does not read."""
        value = self.aliases.get(alias)
        return _text(value.get("model") if isinstance(value, dict) else value)

    def callable(self, name: str) -> bool:
        """Whether a request for the name finds a deployment or an alias."""
        listed = _mapping(self.node.value).get("model_list")
        if self.includes or (listed is not None and not isinstance(listed, list)):
            return True  # it may stand in another file, or where there should be a list
        return name in self.groups or name in self.aliases or self.matched(name)

    def matched(self, name: str) -> bool:
        """Whether a wildcard takes the name."""
        return any("*" in group and filled(group, name, whole=False) is not None for group in self.groups)

    def chains(self, *kinds: str) -> Iterator[Chain]:
        """The chains of these kinds in both sections, in order; what is malformed is another rule's business."""
        for section in SECTIONS:
            for kind in kinds or CHAINS:
                listed = self.section(section).get(kind)
                for index, item in enumerate(listed if isinstance(listed, list) else ()):
                    for key, targets in item.items() if isinstance(item, dict) else ():
                        names = tuple(_names(targets))
                        yield Chain(kind, (section, kind, index, key), str(key), names)

    @cached_property
    def texts(self) -> tuple[tuple[Path, str], ...]:
        """Every text in the file but the names of keys, with its place."""
        return tuple(_texts(self.node.value, ()))

    @cached_property
    def router(self) -> Router | None:
        """The model of LiteLLM's router for this file; None where the file has not its shape."""
        try:
            return Router(LiteLLMConfig.model_validate(self.node.value), self.version)
        except ValueError:
            return None

    def finding(self, path: Path, expected: str, got: str, hint: str, *, key: bool = False) -> Finding:
        """A finding at a place of the file."""
        return Finding(position(self.node, self.label, path, key=key), expected, got, hint)

    def mendable(
        self, path: Path, expected: str, edit: tuple[str, str], *, key: bool = False, got: str = ""
    ) -> Finding:
        """A finding whose text at this place is safely replaced by another."""
        old, new = edit
        where = position(self.node, self.label, path, key=key)
        before, after = public(old, path), public(new, path)
        secret = (before, after) != (old, new)
        if _host(before) not in after:
            after = HIDDEN  # what was taken for a host may be a part of a password
        return Mendable(where, expected, got or f"`{before}`", f"Write `{after}`.", old, new, secret)


def _host(address: str) -> str:
    return address.rpartition("://")[2].partition("/")[0] if "://" in address else ""


def is_local(address: str) -> bool:
    """Whether a URL's host is this machine, a private address, or a name without a dot."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return (
            host == "localhost" or ("." not in host and host != "") or host.endswith((".local", ".internal"))
        )


def _names(targets: Any) -> Iterator[str]:
    for target in targets if isinstance(targets, list) else ():
        if isinstance(target, str):
            yield target
        elif isinstance(target, dict) and isinstance(target.get("model"), str):
            yield target["model"]


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str) and path:
        yield path, value
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        if isinstance(item, str | dict | list):
            yield from _texts(item, (*path, key))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _info(item: dict[str, Any]) -> dict[str, Any]:
    return _mapping(item.get("model_info"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
