"""Why a provider cannot be used as configured, in terms that an operator can act on."""

from __future__ import annotations

from enum import StrEnum

from sixgates.exchange import FailureKind


class Symptom(StrEnum):
    """A closed set; the health gate knows next steps for each."""

    REFUSED = "refused"
    TIMEOUT = "timeout"
    DNS = "dns"
    TLS = "tls"
    UNAUTHORIZED = "unauthorized"
    LOADING = "loading"
    WRONG_MODEL = "wrong_model"
    NOT_OPENAI = "not_openai"
    REJECTED = "rejected"
    NO_OUTPUT = "no_output"
    LIMITED = "limited"
    ERROR = "error"


OF_FAILURE = {
    FailureKind.REFUSED: Symptom.REFUSED,
    FailureKind.DNS: Symptom.DNS,
    FailureKind.TLS: Symptom.TLS,
    FailureKind.CONNECT_TIMEOUT: Symptom.TIMEOUT,
    FailureKind.DEADLINE: Symptom.TIMEOUT,
    FailureKind.PROTOCOL: Symptom.NOT_OPENAI,
    FailureKind.TOO_LARGE: Symptom.NOT_OPENAI,
}
"""The symptom of each way in which the transport fails; ERROR for the others."""
