# Each target calls a script of a few lines in deploy/local; CI calls the same targets.
.DEFAULT_GOAL := help
.PHONY: help up stack demo test test-slow test-integrations lint e2e chaos fuzz bench gen lock fmt packages package-check sbom
.PHONY: compose-check release docs rolling soak scale clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-17s %s\n", $$1, $$2}' Makefile

up: ## set everything up and start Argus here: one process, SQLite (ARGUS_HOME, ARGUS_PORT, ARGUS_HOST)
	@exec deploy/local/up

stack: ## the same as a system of services behind Traefik, with PostgreSQL, NATS and Valkey
	@exec deploy/local/stack

demo: ## fill the Argus that runs here with a lab's last weeks, and let trainings go on (ARGS=--once, ARGS=--remove)
	@exec deploy/local/demo $(ARGS)

test: ## all tests but those of the browser, of chaos, of training frameworks and the slow ones
	@exec deploy/local/test

test-slow: ## the tests that take long: replicas, old code on new tables, agents that are killed at each step
	@exec deploy/local/test-slow

test-integrations: ## the SDK's adapters and the examples with the real frameworks, in .venv-integrations
	@exec deploy/local/test-integrations

lint: ## style, types, import rules, generated files, schemas
	@exec deploy/local/lint

e2e: ## the pages in a real Chromium (E2E_STACK=1: against the stack too)
	@exec deploy/local/e2e

chaos: ## disturb both modes while trainings report: over a hundred seeded runs (SEEDS=1000, SEED=17)
	@exec deploy/local/chaos

rolling: ## restart and upgrade every process of two replicas, one after the other, while everybody works (ROLL_FROM=v1.2.3)
	@exec deploy/local/rolling

soak: ## a steady load with a kill every minute; memory stays flat, nothing is lost (MINUTES=30 RATE=2000 CLIENTS=500)
	@exec deploy/local/soak

scale: ## four of every service and worker behind the gateway: nothing lost, nothing double, work shared (REPLICAS=8)
	@exec deploy/local/scale

fuzz: ## look for what breaks the decoder and the API (FUZZ_EXAMPLES, FUZZ_SECONDS)
	@exec deploy/local/fuzz

bench: ## measure, and write down beside the limits of this machine
	@exec deploy/local/bench $(ARGS)

gen: ## generated files: schemas, OpenAPI, the frontend's client, Kubernetes routes
	@exec deploy/local/gen

lock: ## requirements.lock from requirements.in and every pyproject.toml
	@deploy/local/prepare python
	@exec .venv/bin/python deploy/local/lock.py

fmt: ## format the code
	@exec deploy/local/fmt

packages: ## argus-server and argus-reporter as wheels and source archives, into dist/
	@exec deploy/local/packages

compose-check: ## the compose files against their specification and our own rules
	@exec deploy/local/compose-check

package-check: ## build them twice, install them in a clean environment, start Argus there and report to it
	@exec deploy/local/package-check

sbom: ## bills of materials (CycloneDX) of both packages and the web app, into dist/
	@exec deploy/local/sbom

docs: ## the documentation as a site, into dist/site (ARGS=serve shows it while you write)
	@exec deploy/local/docs $(ARGS)

release: ## a version: changelog, tests, packages, commit and tag, all of it here (VERSION=1.2.3, PIN=1: images by digest)
	@exec deploy/local/release $(VERSION)

clean: ## remove what was set up and built here (not your data in ARGUS_HOME)
	rm -rf .venv .venv-integrations .venv-docs .make dist frontend/node_modules frontend/dist tests/e2e/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
