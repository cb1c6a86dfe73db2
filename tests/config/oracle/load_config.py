"""Runs LiteLLM's own loader over configurations, without a network; run by LiteLLM's interpreter.

Reads a JSON array of YAML texts on standard input and prints, for each, what became of it: the error that refused it,
the warnings, the names that were asked for and those that have a deployment, and the models without a provider.
"""

from __future__ import annotations

import asyncio
import copy
import importlib
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_MASTER_KEY"] = "sk-oracle-of-the-tests"
LOGGERS = ("LiteLLM", "LiteLLM Proxy", "LiteLLM Router")


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        self.lines.append(record.getMessage())


class Globals:
    """The settings that a configuration leaves behind in the module, put back between two of them."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self._before = {key: self._copied(value) for key, value in vars(module).items() if self._plain(value)}

    def restore(self) -> None:
        """As it was after the import."""
        for key in set(vars(self._module)) - set(self._before):
            if self._plain(vars(self._module)[key]):
                delattr(self._module, key)
        for key, value in self._before.items():
            setattr(self._module, key, self._copied(value))

    @staticmethod
    def _plain(value: Any) -> bool:
        return value is None or type(value) in {bool, int, float, str, list}

    @staticmethod
    def _copied(value: Any) -> Any:
        return copy.copy(value)


def unresolved(litellm: Any, deployments: list[Any]) -> list[str]:
    """The models for which LiteLLM finds no provider."""
    found = []
    for deployment in deployments:
        params = deployment.get("litellm_params") or {}
        try:
            litellm.get_llm_provider(
                model=params["model"],
                custom_llm_provider=params.get("custom_llm_provider"),
                api_base=params.get("api_base"),
            )
        except Exception:  # noqa: BLE001 - whatever it raises, there is no provider
            found.append(str(params.get("model")))
    return found


def load(litellm: Any, server: Any, path: Path) -> dict[str, Any]:
    """One configuration through the loader."""
    seen = Lines()
    for name in LOGGERS:
        logging.getLogger(name).addHandler(seen)
    answer: dict[str, Any] = {"error": None, "names": [], "served": [], "unresolved": []}
    try:
        router, models, _ = asyncio.run(
            server.ProxyConfig().load_config(router=None, config_file_path=str(path))
        )
        answer["names"] = [model.get("model_name") for model in models or []]
        answer["served"] = [model["model_name"] for model in router.get_model_list() or []] if router else []
        answer["deployments"] = len(router.model_list) if router else 0
        answer["unresolved"] = unresolved(litellm, models or [])
    except BaseException as error:  # noqa: BLE001 - the loader also exits
        answer["error"] = f"{type(error).__name__}: {error}"
    finally:
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(seen)
    answer["warnings"] = seen.lines
    return answer


def main() -> None:
    """All configurations, one after the other."""
    litellm: Any = importlib.import_module("litellm")
    server: Any = importlib.import_module("litellm.proxy.proxy_server")
    before = Globals(litellm)
    texts = json.load(sys.stdin)
    said, out = [], sys.stdout
    sys.stdout = sys.stderr
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        for text in texts:
            path.write_text(text, encoding="utf-8")
            said.append(load(litellm, server, path))
            before.restore()
    print(json.dumps(said), file=out)


if __name__ == "__main__":
    main()
