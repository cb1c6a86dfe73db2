"""What is declared must be offered: how tools, several choices, keys and other endpoints show."""

from sixgates.completion import Completion
from sixgates.detection import (
    answered_with,
    detector,
    json_object_given,
    logprobs_given,
    other_than_before,
    read_by_the_model,
    same_as_before,
    two_choices,
)
from sixgates.exchange import Exchange
from sixgates.probes.chat import chat, chat_again, chat_two_choices
from sixgates.probes.completions import completions
from sixgates.probes.embeddings import embeddings
from sixgates.probes.errors import no_key
from sixgates.probes.params import chat_biased, chat_logprobs, chat_seed
from sixgates.probes.responses import response
from sixgates.probes.structured import json_object, schema
from sixgates.probes.tools import tool_named
from sixgates.select import Findings


def _tools_reach_the_model(named: Exchange, plain: Exchange) -> Findings:
    """A named choice brings a call; a server that reads the choice as auto still shows the tools to the model."""
    if not Completion.of(named).calls:
        yield from read_by_the_model(named, plain)


detector(
    "tools",
    probe=tool_named,
    effect=_tools_reach_the_model,
    beside=[chat],
    evidence=["spec: ChatCompletionTool", "ollama/ollama#11171"],
)
detector("n", probe=chat_two_choices, effect=two_choices, evidence=["spec: CreateChatCompletionRequest"])
detector(
    "completions",
    probe=completions,
    effect=answered_with("choices"),
    evidence=["spec: CreateCompletionResponse"],
)
detector(
    "embeddings",
    probe=embeddings,
    effect=answered_with("data"),
    evidence=["spec: CreateEmbeddingResponse", "ggml-org/llama.cpp#14204"],
)
detector(
    "logprobs",
    probe=chat_logprobs,
    effect=logprobs_given,
    evidence=["spec: ChatCompletionTokenLogprob", "ollama/ollama#16117"],
)
detector(
    "logit_bias",
    probe=chat_biased,
    effect=other_than_before,
    beside=[chat],
    evidence=["spec: CreateChatCompletionRequest"],
)
detector(
    "seed",
    probe=chat_seed,
    effect=same_as_before,
    beside=[chat_again],
    evidence=["spec: CreateChatCompletionRequest"],
    luck="A seed that is ignored shows only where two samples come out unlike each other.",
)
detector(
    "json_schema",
    probe=schema,
    effect=json_object_given,
    evidence=["spec: ResponseFormatJsonSchema", "ggml-org/llama.cpp#10732"],
)
detector(
    "json_object",
    probe=json_object,
    effect=json_object_given,
    evidence=["spec: ResponseFormatJsonObject"],
)
detector("auth", probe=no_key, effect=None, evidence=["spec: ApiKeyAuth"])
detector(
    "responses",
    probe=response,
    effect=answered_with("output"),
    evidence=["spec: Response", "aws-samples/bedrock-access-gateway#150"],
)
