"""What /v1/embeddings must answer: its shape, both encodings, batches, and what it may refuse."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.exchange import Finding
from sixgates.probes.embeddings import (
    FIRST_PLACE,
    SECOND_PLACE,
    TEXTS,
    TOKENS,
    embeddings,
    embeddings_batch,
    embeddings_half,
    embeddings_of_nothing,
    embeddings_tokens,
    embeddings_too_long,
)
from sixgates.select import (
    ARRAY,
    COUNT,
    INTEGER,
    NON_EMPTY_STRING,
    OBJECT,
    STRING,
    Findings,
    Kind,
    literal,
    parse_json,
    shown,
)
from sixgates.vectors import Vector, cosine, same, summary, vector
from sixgates.views import Document, Reply

SPEC = "spec: CreateEmbeddingResponse"
SPEC_ENTRY = "spec: Embedding"
SPEC_REQUEST = "spec: CreateEmbeddingRequest"
ANSWERED = (embeddings, embeddings_batch)
POSITIVE = Kind("an integer > 0", lambda value: INTEGER.holds(value) and value > 0)


@check("embeddings.answered", MUST, probe=embeddings, evidence=[SPEC, "ggml-org/llama.cpp#14204"])
def one_text_is_embedded(reply: Reply) -> Findings:
    """A request with one text is answered with 200 and a JSON object."""
    if reply.status != 200:
        got = f"{reply.status} {shown(reply.text)}"
        yield Finding("status", "200", got, _advice(reply.status))
    else:
        yield from reply.json.unlike(OBJECT)


@check(
    "embeddings.shape",
    MUST,
    each=ANSWERED,
    evidence=[SPEC, SPEC_ENTRY, "abetlen/llama-cpp-python#1588"],
)
def embeddings_have_their_shape(answer: Document) -> Findings:
    """The answer is a "list" and names its model; each entry is an "embedding" with an index and a flat vector."""
    yield from answer["object"].unlike(literal("list"))
    yield from answer["model"].unlike(STRING)
    for entry in answer["data"].elements:
        yield from entry["object"].unlike(literal("embedding"))
        yield from entry["index"].unlike(COUNT)
        vector(entry["embedding"])


@check(
    "embeddings.base64",
    MUST,
    probe=embeddings_batch,
    evidence=[SPEC_REQUEST, "openai/openai-python#1490", "mem0ai/mem0#4057", "plastic-labs/honcho#932"],
)
def base64_is_answered(answer: Document) -> Findings:
    """Asked for base64, as the official SDK asks, each entry has float32s in base64, or an array of numbers."""
    for entry in answer["data"].elements:
        vector(entry["embedding"])
        yield from ()


@check(
    "embeddings.base64_as_asked",
    SHOULD,
    probe=embeddings_batch,
    requires=["embeddings.base64"],
    evidence=[SPEC_REQUEST, "michaelfeil/infinity#349"],
)
def base64_is_not_ignored(answer: Document) -> Findings:
    """Asked for base64, no entry has an array of numbers."""
    for entry in answer["data"].elements:
        yield from entry["embedding"].unlike(NON_EMPTY_STRING)


@check(
    "embeddings.base64_equals_float",
    MUST,
    together=ANSWERED,
    requires=["embeddings.base64"],
    evidence=[SPEC_REQUEST, "openai/openai-python#1490"],
)
def both_encodings_hold_the_same(plain: Document, batch: Document) -> Findings:
    """The base64 of a text holds as many numbers as its array, and the same ones, as little-endian float32."""
    number = vector(plain["data"].elements[0]["embedding"])
    decoded = [(entry["embedding"], vector(entry["embedding"])) for entry in batch["data"].elements]
    nearest, found = max(decoded, key=lambda pair: cosine(number, pair[1]))
    if not same(number, found):
        yield Finding(
            nearest.where, f"the numbers of the plain answer, {summary(number)}", f"at best {summary(found)}"
        )


@check(
    "embeddings.float_default",
    SHOULD,
    probe=embeddings,
    evidence=[SPEC_REQUEST, "oobabooga/textgen#1876"],
)
def numbers_are_the_default(answer: Document) -> Findings:
    """Without encoding_format a vector is an array of numbers."""
    for entry in answer["data"].elements:
        yield from entry["embedding"].unlike(ARRAY)


@check(
    "embeddings.batch_count",
    MUST,
    probe=embeddings_batch,
    evidence=[SPEC, "garrytan/gbrain#328", "ggml-org/llama.cpp#7277"],
)
def every_text_has_a_vector(answer: Document) -> Findings:
    """A batch of k texts gives k vectors of one length, none of them empty."""
    entries = answer["data"].elements
    if len(entries) != len(TEXTS):
        yield Finding("/data", f"{len(TEXTS)} entries, one for each text", f"{len(entries)}")
    length = len(vector(entries[0]["embedding"]))
    for entry in entries[1:]:
        numbers = vector(entry["embedding"])
        if len(numbers) != length:
            yield Finding(
                entry["embedding"].where, f"{length} numbers, as in the first", f"{len(numbers)} numbers"
            )


@check(
    "embeddings.batch_order",
    MUST,
    together=ANSWERED,
    requires=["embeddings.batch_count", "embeddings.base64_equals_float"],
    evidence=[SPEC_ENTRY, "garrytan/gbrain#328", "lfnovo/esperanto#260"],
)
def vectors_stand_at_their_texts(plain: Document, batch: Document) -> Findings:
    """Entry i of a batch has index i and the vector of text i, which no other text has."""
    alone = vector(plain["data"].elements[0]["embedding"])
    for place, (text, entry) in enumerate(zip(TEXTS, batch["data"].elements, strict=False)):
        yield from entry["index"].unlike(literal(place))
        numbers, asked = vector(entry["embedding"]), text == TEXTS[FIRST_PLACE]
        if asked and not same(alone, numbers):
            expected = f"the vector of {text!r}, {summary(alone)}"
            yield Finding(entry["embedding"].where, expected, summary(numbers))
        if not asked and _identical(alone, numbers):
            expected = f"another vector than that of {TEXTS[FIRST_PLACE]!r}"
            yield Finding(entry["embedding"].where, expected, summary(numbers))


@check(
    "embeddings.deterministic",
    SHOULD,
    probe=embeddings_batch,
    requires=["embeddings.batch_count"],
    evidence=["ggml-org/llama.cpp#7842"],
)
def a_text_has_one_vector(batch: Document) -> Findings:
    """The same text twice in a batch has the same vector twice."""
    first, second = (batch["data"][place]["embedding"] for place in (FIRST_PLACE, SECOND_PLACE))
    if not same(vector(first), vector(second)):
        yield Finding(second.where, f"as in {first.where}, {summary(vector(first))}", summary(vector(second)))


@check(
    "embeddings.token_array",
    SHOULD,
    probe=embeddings_tokens,
    evidence=[
        SPEC_REQUEST,
        "langchain-ai/langchain#21318",
        "danny-avila/rag_api#115",
        "michaelfeil/infinity#36",
    ],
)
def token_ids_are_embedded_or_refused(reply: Reply) -> Findings:
    """Arrays of token ids give a vector each, or are refused with a 4xx and a message."""
    yield from _vectors_or_refusal(reply, len(TOKENS))


@check(
    "embeddings.dimensions",
    SHOULD,
    probe=embeddings_half,
    evidence=[SPEC_REQUEST, "agentjido/req_llm#986", "ogx-ai/ogx#5109"],
)
def dimensions_are_not_ignored(reply: Reply) -> Findings:
    """`dimensions` gives a vector of that length, or is refused with a 4xx; it is never ignored."""
    if _refused(reply):
        return
    yield from reply.status_in(200)
    yield from _of_length(Document(reply.json), _dimensions(reply))


@check(
    "embeddings.dimensions_honoured",
    SHOULD,
    probe=embeddings_half,
    capability="dimensions",
    evidence=[SPEC_REQUEST, "ogx-ai/ogx#5109"],
)
def dimensions_are_honoured(answer: Document) -> Findings:
    """Where `dimensions` is declared, half the model's own length is accepted."""
    yield from answer["data"].unlike(ARRAY)


@check("embeddings.usage", SHOULD, each=ANSWERED, evidence=[SPEC])
def texts_are_counted(answer: Document) -> Findings:
    """usage has prompt_tokens above 0, and total_tokens is the same."""
    count = answer["usage"]["prompt_tokens"].require(POSITIVE)
    yield from answer["usage"]["total_tokens"].unlike(literal(count))


@check(
    "embeddings.empty_array",
    SHOULD,
    probe=embeddings_of_nothing,
    evidence=[SPEC_REQUEST, "rag-wtf/open-text-embeddings#17"],
)
def nothing_is_refused(reply: Reply) -> Findings:
    """An empty array of texts is refused with a 4xx and a message, not answered with an empty list or with 5xx."""
    if not _refused(reply):
        yield Finding("status", "4xx", f"{reply.status} {shown(reply.text)}")
    yield from reply.json["error"]["message"].unlike(NON_EMPTY_STRING)


@check(
    "embeddings.too_long",
    MUST,
    probe=embeddings_too_long,
    evidence=["ggml-org/llama.cpp#7277", "langchain-ai/langchain#31227"],
)
def long_texts_are_embedded_or_refused(reply: Reply) -> Findings:
    """A text beyond the context length is refused with a 4xx and a message, or embedded."""
    yield from _vectors_or_refusal(reply, 1)


def _vectors_or_refusal(reply: Reply, count: int) -> Findings:
    if _refused(reply):
        yield from reply.json["error"]["message"].unlike(NON_EMPTY_STRING)
        return
    if reply.status != 200:
        yield Finding("status", "200 or 4xx", f"{reply.status} {shown(reply.text)}")
        return
    entries = reply.json["data"].elements
    if len(entries) != count:
        yield Finding("/data", f"{count} entries", str(len(entries)))
    for entry in entries:
        vector(entry["embedding"])


def _refused(reply: Reply) -> bool:
    return 400 <= reply.status < 500


def _of_length(answer: Document, length: int) -> Findings:
    for entry in answer["data"].elements:
        numbers = vector(entry["embedding"])
        if len(numbers) != length:
            where = entry["embedding"].where
            yield Finding(where, f"{length} numbers, as `dimensions` asks", f"{len(numbers)}: it was ignored")


def _dimensions(reply: Reply) -> int:
    return parse_json(reply.request.body or b"null")["dimensions"].integer


def _identical(one: Vector, other: Vector) -> bool:
    return one == other or cosine(one, other) > 1 - 1e-9


def _advice(status: int) -> str:
    if status in {404, 405, 501}:
        return "the server serves no embeddings: start it with them, or take `embeddings` out of its capabilities"
    return "the server's log says why it refuses a plain request"
