# From nothing but Python 3.11+, git and make, every target does its own set-up first: the project with its pinned
# requirements into .venv, and what only tests need into .tools. A finished step leaves a stamp, and is
# taken again only when what it was made from changes.

PYTHON ?= python3
# How pytest runs: one worker per core. `make test PYTEST_FLAGS="-k network"` runs some.
PYTEST_FLAGS ?= -n auto
# What `make check` passes on: `make check CHECK_FLAGS="--base origin/main"`.
CHECK_FLAGS ?=
# `make lock LOCK_FLAGS=--upgrade` takes the newest versions; without it, pins stay where they still fit.
LOCK_FLAGS ?=
# What `make mutants` tries: `make mutants MUTANTS_FLAGS="--modules 99 --mutants 20 --seconds 3600 --base v1"`.
MUTANTS_FLAGS ?=
UV = uv==0.13.8

# The official schemas that tests also judge by, where the folder is there.
ifneq ($(wildcard ../shared/data),)
export RAYFLEET_SHARED_DATA ?= $(abspath ../shared/data)
endif

# Compiling thousands of modules again in every run costs more than all of `make render`.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK = 1

PIP_INSTALL = bin/python -m pip install --quiet --no-deps
# Tests write very many small files: into memory where a gigabyte of it is free, and apart from other checkouts.
IN_MEMORY = $(shell test -w /dev/shm && df -Pk /dev/shm | awk 'NR == 2 { exit $$4 < 1000000 }' && \
	echo /dev/shm/rayfleet-$$(id -u)-$$(pwd | cksum | cut -d ' ' -f 1))
FOR_TESTS = $(if $(IN_MEMORY),mkdir -p $(IN_MEMORY) && PYTEST_DEBUG_TEMPROOT=$(IN_MEMORY))
PYTEST = $(FOR_TESTS) .venv/bin/pytest
MUTANTS = $(FOR_TESTS) .venv/bin/python -m tests.testing.mutants
TESTED = .venv/.test .tools/kubeconform.stamp .tools/kustomize.stamp .tools/helm.stamp .tools/checkov/.installed

.DEFAULT_GOAL := help
.PHONY: help render check-rendered validate check claims deploy-tools test test-all test-cluster mutants lint snapshots bench lock clean

help: ## what you are reading
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

render: .venv/.render ## fleet.yaml -> rendered/
	.venv/bin/rayfleet render

check-rendered: .venv/.render ## fail, with a diff, if rendered/ is stale
	.venv/bin/rayfleet render --check

validate: .venv/.render ## what is wrong with fleet.yaml
	.venv/bin/rayfleet validate

check: .venv/.render .tools/kustomize.stamp ## prove that the pieces of rendered/ fit each other
	.venv/bin/rayfleet check $(CHECK_FLAGS)

claims: .venv/.render ## docs/claims.md, from the table of claims
	.venv/bin/rayfleet check --list --format markdown > docs/claims.md

deploy-tools: .venv/.deploy .tools/kustomize.stamp ## what deploy, bind, register, status and retire run on

test: lint $(TESTED) ## lint, then every test
	$(PYTEST) $(PYTEST_FLAGS)

# What `make test` tries a part of is tried whole. Then whatever hangs on how fast Azure answers would show, and last
# which small changes of the modules that a branch changes no test would see.
test-all: test ## make test, then all samples, a slow Azure and mutants
	$(PYTEST) $(PYTEST_FLAGS) -m "hypothesis or sampled" --hypothesis-profile whole
	$(PYTEST) -n 16 -m "not sampled" --slow-azure 0.3 tests/verbs/deploy tests/verbs/retire tests/processes tests/verbs/status/test_status.py tests/verbs/status/test_blind_spots.py
	$(MUTANTS) $(MUTANTS_FLAGS)

mutants: $(TESTED) ## small changes of changed modules that no test sees
	$(MUTANTS) $(MUTANTS_FLAGS)

test-cluster: $(TESTED) .tools/control-plane.stamp ## what a real Kubernetes makes of what is rendered
	$(PYTEST) $(PYTEST_FLAGS) --cluster tests/cluster

lint: .venv/.test ## ruff and mypy
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

snapshots: $(TESTED) ## accept what the tests' snapshots now are
	$(PYTEST) --snapshot-update

bench: .venv/.render ## time a render of very many clusters
	.venv/bin/python benchmarks/render.py

lock: .tools/uv/.made ## pin requirements/*.in with hashes
	.tools/uv/$(PIP_INSTALL) $(UV)
	for name in render build deploy test checkov go; do \
		.tools/uv/bin/uv pip compile --quiet $(LOCK_FLAGS) requirements/$$name.in -o requirements/$$name.txt \
			--universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--custom-compile-command "make lock" || exit; \
	done

clean: ## remove all that make has made, but not rendered/
	rm -rf $(IN_MEMORY) .venv .tools dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

%/.made:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("rayfleet needs Python 3.11 or later, and \
	$(PYTHON) is " + sys.version.split()[0] + ": name another with make PYTHON=...")'
	$(PYTHON) -m venv --clear $*
	@touch $@

.venv/.render: .venv/.made requirements/render.txt requirements/build.txt pyproject.toml
	.venv/$(PIP_INSTALL) --require-hashes -r requirements/render.txt -r requirements/build.txt
	.venv/$(PIP_INSTALL) --no-build-isolation --editable .
	.venv/bin/python -m pip check
	.venv/bin/python -m compileall -q generator
	@touch $@

.venv/.deploy: .venv/.render requirements/deploy.txt
	.venv/$(PIP_INSTALL) --require-hashes -r requirements/deploy.txt
	@touch $@

.venv/.test: .venv/.render requirements/test.txt
	.venv/$(PIP_INSTALL) --require-hashes -r requirements/test.txt
	@touch $@

.tools/checkov/.installed: .tools/checkov/.made requirements/checkov.txt
	.tools/checkov/$(PIP_INSTALL) --require-hashes -r requirements/checkov.txt
	@mkdir -p .tools/bin
	ln -sf ../checkov/bin/checkov .tools/bin/checkov
	@touch $@

# Minutes of compiling, which only `make test-cluster` asks for.
.tools/control-plane.stamp: .venv/.made tools/install.py tools/install_control_plane.py $(wildcard tools/control_plane/* tools/flux/* tools/custom_resources/*)
	.venv/bin/python tools/install_control_plane.py

.tools/%.stamp: .venv/.made tools/go.mod tools/go.sum tools/install.py
	.venv/bin/python tools/install.py $*
