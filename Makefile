# Each line is a command that a person could type; it needs python3 (3.11 or newer) and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/sixgates-ready

.PHONY: gates test long record drift engine lint docs clean

gates: $(READY) ## start an example stack and judge it by all six gates, live
	$(BIN)/sixgates demo

test: $(READY) lint ## everything that needs no live provider
	$(BIN)/sixgates engine litellm --install-only
	$(BIN)/python -m pytest -n auto tests unit contracts integration

long: $(READY) ## the tests that need minutes and a package index: other plugins, lowest and highest dependencies
	$(BIN)/python -m pytest tests -m long

lint: $(READY) ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

record: $(READY) ## make record PROVIDER=vllm: record a provider's contract from a real engine
	$(BIN)/sixgates record $(or $(PROVIDER),$(error say which: make record PROVIDER=vllm, llama_cpp or llama_cpp_python))

drift: $(READY) ## make drift OLD=cassettes/llama_cpp NEW=cassettes/versions/b11434/llama_cpp: what changed
	$(BIN)/sixgates drift $(or $(OLD),$(error say which: make drift OLD=DIR NEW=DIR)) $(or $(NEW),$(error say which: make drift OLD=DIR NEW=DIR))

engine: $(READY) ## make engine NAME=vllm PORT=8001: start a real engine, until Ctrl-C
	$(BIN)/sixgates engine $(or $(NAME),--list) $(if $(PORT),--port $(PORT))

docs: $(READY) ## write the pages of checks, of twins and of rules
	$(BIN)/sixgates catalogue --output docs/catalogue.md
	$(BIN)/sixgates twins --output docs/twins.md
	$(BIN)/sixgates rules --output docs/rules.md

clean: ## remove what make built; installed engines stay in the cache (rm -r ~/.cache/sixgates)
	rm -rf .venv .sixgates gates-report dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sixgates needs Python 3.11 or newer; say which: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
