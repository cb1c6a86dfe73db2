"""Runs LiteLLM's own router over graphs of fallbacks, without a network; run by LiteLLM's interpreter.

Reads a JSON array of graphs on standard input and prints, for each, the deployments contacted and who answered.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import sys
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
CONTACTED: list[str] = []


async def walk(litellm: Any, graph: dict[str, Any]) -> dict[str, Any]:
    """One request through one graph."""
    failing, config = set(graph["failing"]), graph["config"]
    settings = {key: value for key, value in config["router_settings"].items() if value is not None}
    for deployment in config["model_list"]:
        params = deployment["litellm_params"]
        end = params["model"].removeprefix("openai/")
        params |= {
            "api_key": "none",
            "mock_response": "litellm.InternalServerError" if end in failing else end,
        }
    router = litellm.Router(config["model_list"], num_retries=0, disable_cooldowns=True, **settings)
    CONTACTED.clear()
    try:
        reply = await router.acompletion(model=graph["request"], messages=[{"role": "user", "content": "hi"}])
        answered = reply.choices[0].message.content
    except Exception:  # noqa: BLE001 - whatever it raises, nobody answered
        answered = None
    return {"contacted": list(CONTACTED), "answered": answered}


def main() -> None:
    """All graphs, one after the other."""
    litellm: Any = importlib.import_module("litellm")
    logging.disable(logging.CRITICAL)
    litellm.suppress_debug_info = True
    inner = litellm.acompletion

    async def counted(*args: Any, **kwargs: Any) -> Any:
        CONTACTED.append(str(kwargs.get("model", "")).removeprefix("openai/"))
        return await inner(*args, **kwargs)

    litellm.acompletion = counted

    async def every() -> list[dict[str, Any]]:
        return [await walk(litellm, graph) for graph in json.load(sys.stdin)]

    print(json.dumps(asyncio.run(every())))


if __name__ == "__main__":
    main()
