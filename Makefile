# The two commands of the README are `make demo` and `make test`. Each sets itself up from nothing
# but git, make and Python >= 3.11: a virtual environment in .venv, filled from requirements.lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.synced
SHELL := /bin/sh

.PHONY: help demo engines test slow same-answers reliability deployed package deploy destroy check lint types contracts runbooks bench lock format clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Security Assist needs Python >= 3.11; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.13 demo")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

$(STAMP): requirements.lock pyproject.toml $(BIN)/uv
	@UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy $(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

demo: $(STAMP) ## Ask the first question and open the chat page (ONCE=1: stop after the printed thread)
	@$(BIN)/assist demo $(if $(ONCE),--once)

engines: $(STAMP) ## Start Gremlin Server, OpenSearch and an AWS hub on 127.0.0.1, until Ctrl-C (WHERE=file: their addresses)
	@$(BIN)/python -m infra.local.engines $(if $(WHERE),--where $(WHERE))

test: $(STAMP) ## Run the tests, beside real engines, a file to a core at a time
	@$(BIN)/python -m infra.local.engines -- $(BIN)/python -m pytest --numprocesses auto --dist loadfile -m "not slow and not deployed" --durations 20 --durations-min 8

slow: $(STAMP) ## Run the tests that take long, and the graph's at an older Gremlin Server; .ci/run does, after the others
	@$(BIN)/python -m infra.local.engines -- $(BIN)/python -m pytest --numprocesses auto --dist loadfile -m slow --durations 10 --durations-min 8
	@SECURITY_ASSIST_GREMLIN_SERVER=3.7.1 $(BIN)/python -m infra.local.engines --only gremlin -- $(BIN)/python -m pytest --numprocesses auto --dist loadfile tests/contract -k "resource_graph and server"

check: lint types contracts ## Lint, types, import contracts

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP)
	@$(BIN)/mypy

contracts: $(STAMP)
	@$(BIN)/lint-imports

format: $(STAMP) ## Format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

runbooks: $(STAMP) ## Write infra/runbooks/index.yaml and the policies of infra/tenant.yaml again
	@$(BIN)/python -c 'import pathlib as p; from integrations.runbooks.catalogue import index_of; f = p.Path("infra/runbooks"); (f / "index.yaml").write_text(index_of(f), encoding="utf-8")'
	@$(BIN)/python -m infra.deploy tenant

bench: $(STAMP) ## Print the figures of docs/benchmarks.md
	@$(BIN)/python -m tests.bench

same-answers: $(STAMP) ## Ask every eval case of the embedded and of the real engines
	@$(BIN)/python -m infra.local.engines --only gremlin,opensearch -- $(BIN)/python -m tests.evals.on_engines

reliability: $(STAMP) ## Print the figures of docs/reliability.md, or of some: make reliability SUITE="soak poison"
	@$(BIN)/python -m infra.local.engines -- $(BIN)/python -m tests.reliability $(SUITE)

deployed: $(STAMP) ## Deploy the template into an emulator with IAM enforced, and fix through it (minutes)
	@$(BIN)/python -m infra.local.engines --only hub -- $(BIN)/python -m pytest tests/infra/test_deployed.py -m deployed

package: $(STAMP) ## Make the zips for Lambda and AgentCore in build/ (COMPILE_WITH=python3.13)
	@$(BIN)/python -m infra.deploy package

deploy: $(STAMP) ## Package and deploy what deploy.toml says, and print what is pasted into Slack
	@$(BIN)/python -m infra.deploy deploy $(if $(FILE),--file $(FILE))

destroy: $(STAMP) ## Delete the deployed stack; say what is left
	@$(BIN)/python -m infra.deploy destroy $(if $(FILE),--file $(FILE))

lock: $(BIN)/uv ## Resolve the dependencies again
	@UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --group dev --group bench pyproject.toml -o requirements.lock

clean: ## Remove what the build made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .hypothesis
