"""What becomes of a request whose client is gone."""

from sixgates.catalogue import SHOULD, check
from sixgates.exchange import Exchange, Finding
from sixgates.gauge import FREED_WITHIN_S, running
from sixgates.probes.hangup import MOST_TOKENS, chat_stream_hung_up, gauge
from sixgates.select import Findings, Unexercised, shown
from sixgates.views import Reply

EFFECT = (
    "an abandoned request holds its place until its last token, so that clients which give up and ask again fill the "
    "server; or another client came in these seconds"
)


@check(
    "chat.stream.disconnect_aborts",
    SHOULD,
    together=[gauge, chat_stream_hung_up],
    requires=["chat.stream.answered"],
    evidence=[
        "vllm-project/vllm#9428",
        "vllm-project/vllm#10806",
        "vllm-project/vllm#24584",
        "vllm-project/vllm#54947",
        "ROCm/ATOM#1441",
        "xorbitsai/inference#5549",
    ],
    luck="Requests of others in the same seconds, or a very fast answer, hide whether the place was freed.",
)
def who_hangs_up_frees_the_server(after: Exchange, stream: Exchange) -> Findings:
    """A client that hangs up in the middle of a stream frees the server within 5 s."""
    where = f"{after.request.method} {after.request.path}"
    if stream.left is None:
        raise Unexercised(f"the client could not hang up in the middle of a stream: {_end_of(stream)}")
    if stream.left != 1:
        raise Unexercised(
            f"while the stream was open {where} showed {stream.left} running requests, not one: "
            "it does not tell what becomes of this one"
        )
    reply, still, whole_s = Reply.of(after), running(after), _whole_in_s(stream)
    if still is None:
        got = f"{reply.status} {shown(reply.text)}"
        yield Finding(where, "the gauge of running requests, as before the client left", got)
    elif still:
        expected = f"no running request within {FREED_WITHIN_S:g} s after the client left, as before it came"
        got = f"1 while its stream was open, still {still} after {after.elapsed:.1f} s"
        yield Finding(where, expected, got, EFFECT)
    elif after.elapsed > whole_s:
        raise Unexercised(
            f"{where} showed no running request after {after.elapsed:.1f} s, but at the stream's pace its whole "
            f"answer takes no more than {whole_s:.1f} s"
        )


def _whole_in_s(stream: Exchange) -> float:
    """How long the answer would have taken at the pace of its beginning; at least a second: chunks come in bursts."""
    times = [chunk.at for chunk in stream.response.chunks] if stream.response else []
    return max(MOST_TOKENS * (times[-1] - times[0]) / (len(times) - 1), 1.0) if len(times) > 1 else 1.0


def _end_of(stream: Exchange) -> str:
    response = stream.response
    if stream.error is not None or response is None:
        return stream.error.detail if stream.error else "no answer"
    if response.status != 200:
        return f"{response.status} {shown(response.body.decode(errors='replace'))}"
    return f"it had ended after {len(response.chunks)} pieces"
