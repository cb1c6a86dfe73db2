"""What ails a provider, in the words of an operator, and what to do about it for its type and config."""

from __future__ import annotations

import shlex

from sixgates.config import AD_HOC, Provider, ProviderType
from sixgates.exchange import FailureKind
from sixgates.health.address import Address, masked_command, secrets_of
from sixgates.health.knowledge import knowledge_of
from sixgates.health.systemd import unit_of
from sixgates.symptom import OF_FAILURE, Symptom
from sixgates.verdict import Cause

# Each row is one step; a step whose fields are not known for the provider is left out.
_STEPS: dict[Symptom, tuple[str, ...]] = {
    Symptom.REFUSED: ("{start_unit}", "{start}", "{status_page}", "{log}", "check: {curl}"),
    Symptom.TIMEOUT: (
        "{log}",
        "{restart_unit}",
        "{restart}",
        "{status_page}",
        "a slow machine: raise health_check.timeout of {entry}",
        "check: {curl}",
    ),
    Symptom.DNS: (
        "check the name: getent hosts {host}",
        "correct {address}",
    ),
    Symptom.TLS: (
        "try {other_scheme}:// in {address}",
        "look at the certificate: openssl s_client -connect {socket} </dev/null",
        "a private CA: export SSL_CERT_FILE=/path/to/ca.pem, or name it: {ca_place}",
    ),
    Symptom.UNAUTHORIZED: (
        "put the key that the server expects into the environment: export {key_env}=…",
        "{name_key_env}",
        "check: {curl}",
    ),
    Symptom.LOADING: (
        "wait until the model is loaded and run again: {curl}",
        "a large model: raise health_check.retries or health_check.interval of {entry}",
        "{log}",
    ),
    Symptom.WRONG_MODEL: (
        "{get_model}",
        "or correct {models}",
        "see what it lists: {curl_models}",
    ),
    Symptom.NOT_OPENAI: (
        "check that {address} is the right host, port and path",
        "{who_listens}",
        "check: {curl}",
    ),
    Symptom.REJECTED: ("{specialty}", "{read_log}", "{status_page}", "check: {curl}"),
    Symptom.NO_OUTPUT: (
        "look at the model's chat template and stop words, and whether its file is whole",
        "{log}",
        "{restart_unit}",
        "{restart}",
        "{status_page}",
        "check: {curl}",
    ),
    Symptom.LIMITED: (
        "wait until the limit of the server lets requests pass, and run again",
        "raise health_check.retries or health_check.interval of {entry}",
        "{status_page}",
        "check: {curl}",
    ),
    Symptom.ERROR: ("{log}", "{read_log}", "{status_page}", "{restart_unit}", "check: {curl}"),
}


def symptom_of(kind: FailureKind) -> Symptom:
    """The symptom that a transport failure stands for."""
    return OF_FAILURE.get(kind, Symptom.ERROR)


def next_steps(name: str, provider: Provider, symptom: Symptom) -> tuple[str, ...]:
    """What to do about a symptom, the most likely step first; no step carries a secret."""
    known = _fields(name, provider)
    return tuple(
        step.format_map(known)
        for step in _STEPS[symptom]
        if all(known.get(field) for field in _field_names(step))
    )


def cause_of(name: str, provider: Provider, symptom: Symptom, summary: str) -> Cause:
    """The root cause that every dependent of this provider shares in a run."""
    return Cause(f"provider:{name}", f"provider {name}: {summary}", next_steps(name, provider, symptom))


def curl(provider: Provider, path: str, *, flags: str = "-sS -m 10", body: str = "") -> str:
    """A command that asks what sixgates asked; keys stand in it as names of variables only."""
    address = Address.of(provider.base_url)
    sent = f" -H 'Content-Type: application/json' -d {shlex.quote(body)}" if body else ""
    headers = ""
    if provider.type is ProviderType.ANTHROPIC:
        key = provider.api_key_env or "ANTHROPIC_API_KEY"
        headers = f' -H "x-api-key: ${key}" -H "anthropic-version: 2023-06-01"'
    elif provider.api_key_env:
        headers = f' -H "Authorization: Bearer ${provider.api_key_env}"'
    elif address.username or address.password:
        headers = ' -u "$USERNAME:$PASSWORD"'
    return f"curl {flags} {shlex.quote(address.shown(path))}{sent}{headers}{provider.connection.curl()}"


def _field_names(step: str) -> list[str]:
    return [part.split("}")[0] for part in step.split("{")[1:]]


def _fields(name: str, provider: Provider) -> dict[str, str]:
    address, known, unit = Address.of(provider.base_url), knowledge_of(provider), unit_of(provider)
    on = "" if address.here else f"on {address.host}: "
    entry = "" if name == AD_HOC else f"providers.{name} in providers.yaml"
    key_place = f"api_key_env of {entry}" if entry else "--api-key-env VARIABLE"
    key_needed = f"name the variable that holds the key: {key_place}"
    return {
        "entry": entry,
        "address": f"base_url of {entry}" if entry else "--endpoint",
        "ca_place": f"ca_file of {entry}" if entry else "--ca-file",
        "models": f"models of {entry}" if entry else "--model",
        "host": shlex.quote(address.host),
        "socket": address.socket,
        "other_scheme": "http" if address.scheme == "https" else "https",
        "key_env": provider.api_key_env or "",
        "name_key_env": "" if provider.api_key_env else key_needed,
        "status_page": f"see {known.status_page}" if known.status_page else "",
        "who_listens": f"{on}see which program listens: ss -ltnp 'sport = :{address.port}'",
        "start_unit": f"{on}systemctl --user start {unit}" if unit else "",
        "restart_unit": f"{on}systemctl --user restart {unit}" if unit else "",
        "restart": "" if unit or known.status_page else f"{on}restart the {known.title} if it hangs",
        "log": f"{on}journalctl --user -u {unit} -n 50 --no-pager" if unit else "",
        "read_log": "" if unit or known.status_page else f"{on}read the log of the {known.title}",
        "specialty": _specialty(provider, entry),
        "start": _start(provider, address, on),
        "get_model": _get_model(provider, on),
        "curl": curl(provider, known.asked(provider)[0], flags="-sS -i -m 10"),
        "curl_models": curl(provider, known.models_path) if known.models_path else "",
    }


def _specialty(provider: Provider, entry: str) -> str:
    model = provider.model_names[0] if provider.model_names else ""
    if model and provider.embeds(model):
        return f"if {shlex.quote(model)} chats: " + (
            f"correct its specialty in models of {entry}" if entry else "leave out --capabilities embeddings"
        )
    embeds = (
        f"give it specialty: embeddings in models of {entry}" if entry else "add --capabilities embeddings"
    )
    return f"if {shlex.quote(model) if model else 'the model'} is made for embeddings: {embeds}"


def _start(provider: Provider, address: Address, on: str) -> str:
    if provider.start_command:
        return f"start it: {on}{masked_command(provider.start_command, secrets_of(provider))}"
    known = knowledge_of(provider)
    if known.status_page:
        return ""
    if not known.start:
        return f"{on}start the {known.title} that should listen on port {address.port}"
    return f"start it: {on}{_filled(known.start, provider, address)}"


def _get_model(provider: Provider, on: str) -> str:
    known = knowledge_of(provider)
    if not known.get_model:
        return ""
    return on + _filled(known.get_model, provider, Address.of(provider.base_url))


def _filled(template: str, provider: Provider, address: Address) -> str:
    model = provider.model_names[0] if provider.model_names else "MODEL"
    file = model if model.endswith(".gguf") else f"{model}.gguf"
    return template.format(
        model=shlex.quote(model), file=shlex.quote(file), port=address.port, name=shlex.quote(provider.type)
    )
