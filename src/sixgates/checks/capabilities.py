"""What is declared must be offered: how tools, several choices, keys and other endpoints show."""

from sixgates.detection import detector
from sixgates.effects import (
    answered_with,
    as_long_as_asked,
    called_or_read,
    earlier_input_read,
    json_object_given,
    logprobs_given,
    other_than_before,
    prompt_repeated,
    same_as_before,
    two_choices,
)
from sixgates.probes.chat import chat, chat_again, chat_longer_prompt, chat_two_choices
from sixgates.probes.completions import completions, completions_echo
from sixgates.probes.embeddings import embeddings, embeddings_half
from sixgates.probes.errors import no_key
from sixgates.probes.led import tool_led, tool_led_stream
from sixgates.probes.params import chat_biased, chat_logprobs, chat_seed
from sixgates.probes.responses import response, response_follow_up
from sixgates.probes.structured import json_object, schema
from sixgates.probes.tools import tool_auto, tool_named

TOOLS_OTHERWISE = (tool_auto, tool_led, tool_led_stream)
"""Requests with tools beside the named choice, which a server may refuse and yet let a model call."""

detector(
    "tools",
    probe=tool_named,
    effect=called_or_read,
    beside=[chat, chat_longer_prompt],
    more=TOOLS_OTHERWISE,
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
    "echo",
    probe=completions_echo,
    effect=prompt_repeated,
    within="completions",
    evidence=["spec: CreateCompletionRequest", "vllm-project/vllm#1504"],
)
detector(
    "embeddings",
    probe=embeddings,
    effect=answered_with("data"),
    evidence=["spec: CreateEmbeddingResponse", "ggml-org/llama.cpp#14204"],
)
detector(
    "dimensions",
    probe=embeddings_half,
    effect=as_long_as_asked,
    within="embeddings",
    said_by="embeddings.dimensions",
    evidence=["spec: CreateEmbeddingRequest", "agentjido/req_llm#986", "ogx-ai/ogx#5109"],
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
detector(
    "stored_responses",
    probe=response_follow_up,
    effect=earlier_input_read,
    beside=[response],
    within="responses",
    said_by="responses.previous_response_id",
    evidence=["spec: CreateResponse", "ollama/ollama#15404", "BerriAI/litellm#26147"],
)
