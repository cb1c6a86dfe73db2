"""The rule that needs to know the gateway's environment; without it there is nothing to judge."""

from __future__ import annotations

from sixgates.config.environment import REFERENCE
from sixgates.config.gateway import Gateway
from sixgates.config.rules import Findings, Severity, gateway_rule
from sixgates.config.validation import suggestion


@gateway_rule(
    "env-ref-unset",
    Severity.ERROR,
    "BerriAI/litellm#34877",
    happens="The value is nothing: a key is missing, an address becomes the provider's public one, and without a "
    "master key 1.106.2 refuses to start.",
    mend="Set the variable where the gateway is started.",
    needs_environment=True,
)
def reference_unset(gateway: Gateway) -> Findings:
    """Every variable that the file refers to is set; judged by `sixgates lint --env` or `--env-file` alone."""
    environment = gateway.environment
    if environment is None:
        return
    own = gateway.section("environment_variables")
    for path, value in gateway.texts:
        name = value.removeprefix(REFERENCE)
        if value.startswith(REFERENCE) and name not in environment.names and name not in own:
            hint = suggestion(name, environment.names) or "Set it where the gateway is started."
            yield gateway.finding(path, f"{name} to be set", f"no such variable in {environment.where}", hint)
