"""Probes of the model list."""

from sixgates.catalogue import Auth, Probe

models_list = Probe("models-list", "GET", "/v1/models", deadline_s=10, answered_by="models.list.shape")
model_retrieve = Probe("model-retrieve", "GET", "/v1/models/$model", deadline_s=10)
model_unknown = Probe("model-unknown", "GET", "/v1/models/sixgates-no-such-model", deadline_s=10)
models_list_wrong_scheme = Probe(
    "models-list-wrong-scheme", "GET", "/v1/models", auth=Auth.SCHEME, capability="auth", deadline_s=10
)
