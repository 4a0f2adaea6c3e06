# Two commands for a newcomer: `make demo` and `make test`. Each sets everything up by itself.
.DEFAULT_GOAL := help
.PHONY: help setup setup-tests demo test check bench gpio barrier-long tariff-long gate-storm storm docs lock clean
bin := .venv/bin

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

setup:
	@scripts/setup

setup-tests:
	@scripts/setup tests

demo: setup ## run the gate with virtual cards: tap, watch decision, barrier and journal
	@$(bin)/xs-terminal demo $(ARGS)

test: setup-tests ## all tests, by two processes; ARGS="-n 0 tests/core" by one, and which
	@$(bin)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder $(ARGS)

check: setup ## format, lint, types, import contracts
	@$(bin)/ruff format --check --quiet .
	@$(bin)/ruff check --quiet .
	@$(bin)/mypy
	@$(bin)/lint-imports --no-cache

bench: setup-tests ## measured table, raw numbers in build/bench.json
	@$(bin)/python -m bench $(ARGS)

gpio: setup ## the GPIO tests on a kernel with simulated chips, in qemu (minutes; amd64, Debian)
	@scripts/gpio-in-qemu $(ARGS)

barrier-long: setup ## the barrier held to what must hold, over more than 100,000 steps a test
	@BARRIER_DRAWS=250000 $(bin)/python -m pytest -q --timeout=0 tests/core/test_barrier_properties.py $(ARGS)

tariff-long: setup ## prices held to a second, naive reckoning, on 20,000 tariffs drawn at random (an hour)
	@TARIFF_DRAWS=20000 $(bin)/python -m pytest -q --timeout=0 tests/core/tariff/test_properties.py $(ARGS)

gate-storm: setup ## the gate with real PC/SC killed at random moments, over 500 taps
	@XS_STORM_TAPS=500 $(bin)/python -m pytest --timeout=0 tests/gate/test_storm.py $(ARGS)

storm: setup ## gates, syncs, broker, collectors and databases killed and hindered at random; ARGS="--seed N --entries N"
	@$(bin)/python -m tests.storm $(ARGS)

docs: setup ## write the generated parts of docs/ anew
	@$(bin)/python -m scripts.docs

lock: ## write the lock files anew (needs uv)
	@scripts/lock

clean: ## remove what the other targets made
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
