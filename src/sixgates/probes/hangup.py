"""A client that leaves in the middle of a stream, and where its server shows how many requests run."""

from sixgates.capability import CHAT
from sixgates.catalogue import Probe
from sixgates.gauge import METRICS_PATH, SLOTS_PATH
from sixgates.probes.chat import saying, streamed

MOST_TOKENS = 1024
"""Many times what can be written in the moment in which a client leaves; hardly any of it is."""

gauge = Probe("gauge", "GET", METRICS_PATH, otherwise=SLOTS_PATH, capability=CHAT, deadline_s=10)
chat_stream_hung_up = Probe(
    "chat-stream-hung-up",
    body=streamed(saying("Count from 1 to 1000, separated by commas.", max_tokens=MOST_TOKENS)),
    hang_up_after=3,
    gauge=gauge,
)
