# `make help` lists the targets. Variables: DATASET, MODE, JSON, SUITE, ARGS, DEMO_EXIT, IMAGES; of loadtest: SCENARIO, TARGET, RATE, ...;
# of deploy, rollback, doctor and monitor: CONTEXT, NAMESPACE, OVERLAY, ... (docs/kubernetes.md)
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-experiment test test-faults test-experiments test-k8s check bench bench-compare performance-page loadtest eval images-proof deploy rollback doctor monitor clean

DATASET ?= demo
MODE ?= all
SUITE ?= serving
SCENARIO ?= load
ROUNDS ?= 8
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
SHORTLIST := packages/cli/bin/shortlist

BENCH_serving := packages/serving/bench/serving.bench.ts
BENCH_stages := packages/serving/bench/stages.bench.ts
BENCH_processes := packages/serving/bench/processes.bench.ts
BENCH_profiles := packages/serving/bench/profiles.bench.ts
BENCH_swap := packages/serving/bench/swap.bench.ts
BENCH_reload := packages/serving/bench/reload.bench.ts
BENCH_overload := packages/serving/bench/overload.bench.ts
BENCH_observing := packages/serving/bench/observing.bench.ts
BENCH_retrieval := packages/core/bench/retrieval-index.ts
BENCH_sources := packages/core/bench/retrieval-sources.ts
BENCH_assignment := packages/core/bench/assignment.ts
BENCH_import := packages/cli/bench/import.ts
BENCH_ingest := packages/cli/bench/ingest.bench.ts
BENCH_freshness := packages/cli/bench/freshness.bench.ts
BENCH_aggregator := packages/cli/bench/aggregator.bench.ts
BENCH_live := packages/cli/bench/live.bench.ts
BENCH_records := packages/cli/bench/records.bench.ts
BENCH_follow := packages/serving/bench/live.bench.ts
BENCH_retail := packages/cli/bench/retail.bench.ts
BENCH_start := packages/cli/bench/start.bench.ts
BENCH_analysis := packages/cli/bench/analysis.bench.ts

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{ printf "  make %-16s %s\n", $$1, $$2 }'

setup: ## install everything the checkout needs (again: only what changed)
	@scripts/setup

demo: setup ## the whole path: data, training, release, serving, a page, a few answered requests (DATASET=online-retail for real data; DEMO_EXIT=1 stops after the requests)
	@$(SHORTLIST) demo --dataset $(DATASET) $(if $(DEMO_EXIT),--exit)

demo-experiment: setup ## a harmful split of two releases over real servers: found, rolled back, obeyed by every pod, counted again
	@$(SHORTLIST) experiment demo

test: setup ## everything: checks, unit, integration and Python tests, real servers included
	@node --disable-warning=ExperimentalWarning scripts/test.ts

test-faults: setup ## the faults in full length: servers killed, paused, full, far away, 100 points under load (FAULT_SEED=n repeats one run; 20 min)
	@SHORTLIST_FAULTS=full vitest run --maxWorkers=1 packages/cli/test/faults packages/cli/test/aggregator packages/serving/test/faults packages/serving/test/nginx

test-experiments: setup ## experiments in full length: vectors, 2,000 simulated experiments a metric, power, assignment, records under faults (10 min and more)
	@SHORTLIST_EXPERIMENTS=full SHORTLIST_FAULTS=full vitest run --maxWorkers=1 packages/core/test/statistics packages/core/test/assignment packages/experiments packages/cli/test/experiment packages/cli/test/experiments packages/cli/test/analysis packages/cli/test/faults/records.integration.test.ts packages/serving/test/experiments

test-k8s: setup ## on a real Kubernetes control plane: manifests, autoscaler, operator, releases, permissions (12 min; builds it first, with Go: 7 min, once)
	@test/kubernetes/control-plane/build >/dev/null && REQUIRE_KUBERNETES=1 vitest run test/kubernetes

check: setup ## lint, types, dependency directions, unused code, format
	@node --disable-warning=ExperimentalWarning scripts/test.ts --checks

bench: setup ## measure (SUITE=serving|stages|processes|profiles|swap|reload|overload|observing|retrieval|sources|assignment|import|aggregator|ingest|records|freshness|live|follow|analysis|retail|start, JSON=FILE, ARGS=options of the suite)
	@test -n "$(BENCH_$(SUITE))" || { echo 'bench: SUITE is one of serving, stages, processes, profiles, swap, reload, overload, observing, retrieval, sources, assignment, import, aggregator, ingest, records, freshness, live, follow, retail, start, analysis' >&2; exit 2; }
	@node --expose-gc --disable-warning=ExperimentalWarning $(BENCH_$(SUITE)) $(ARGS) $(if $(JSON),--json $(JSON))

performance-page: ## docs/performance.md from docs/bench-history.jsonl (make bench ... ARGS='... --history' adds to it)
	@node --disable-warning=ExperimentalWarning scripts/performance-page.ts && prettier --log-level warn --write docs/performance.md

bench-compare: setup ## two revisions in turns, and what changed beyond the noise (A=rev B=rev SUITE=stages ROUNDS=8 ARGS=options of the suite, JSON=FILE)
	@test -n "$(BENCH_$(SUITE))" -a -n "$(A)" -a -n "$(B)" || { echo 'bench-compare: A=rev B=rev SUITE=one of those of make bench' >&2; exit 2; }
	@node --disable-warning=ExperimentalWarning scripts/bench-compare.ts --a $(A) --b $(B) --file $(BENCH_$(SUITE)) --rounds $(ROUNDS) --args '$(ARGS)' $(if $(JSON),--json $(JSON))

loadtest: setup ## load with k6 (SCENARIO=smoke|load|stress|spike|soak|failover|reload, TARGET=http://..., RATE=, DURATION=, CHECK=3: another tool confirms it in three rounds; docs/load-testing.md); without TARGET on a platform of its own
	@k6=$$(loadtest/get-tool k6) && checker=$$([ -z '$(CHECK)' ] || loadtest/get-tool oha) && exec node --disable-warning=ExperimentalWarning loadtest/main.ts \
		--k6 "$$k6" --checker "$$checker" --scenario $(SCENARIO) --target '$(TARGET)' --rate '$(RATE)' --seconds '$(DURATION)' --p99-ms '$(P99_MS)' \
		--swaps '$(SWAPS)' --rounds '$(CHECK)' --users '$(USERS)' --out '$(OUT)' --dataset $(DATASET) $(if $(PIN),--pin) $(ARGS)

eval: setup ## offline evaluation through the served stages (DATASET=, MODE=all|new-only, JSON=FILE); makes or imports the data first
ifeq ($(DATASET),demo)
	@$(SHORTLIST) generate >&2 && $(SHORTLIST) import jsonl --dataset demo >&2
else ifneq ($(filter $(DATASET),online-retail retailrocket),)
	@$(SHORTLIST) import $(DATASET) >&2
endif
	@$(SHORTLIST) evaluate --dataset $(DATASET) --mode $(MODE) $(if $(JSON),--json $(JSON))

images-proof: setup ## build the container images without an engine's daemon, look at what is in them and start them as a pod would (root; buildah, debootstrap; IMAGES=cli,serving,ingest,experiments,controller,trainer)
	@node --disable-warning=ExperimentalWarning deploy/images/proof/main.ts $(if $(IMAGES),--images $(IMAGES))

# A cluster is changed only by its name: without CONTEXT, deploy and rollback say what they would do.
OVERLAY ?= production
NAMESPACE ?= shortlist
DEPLOYMENT ?= serving
K8S_CLUSTER = $(if $(CONTEXT),--context '$(CONTEXT)') $(if $(KUBECONFIG_FILE),--kubeconfig '$(KUBECONFIG_FILE)')

deploy: ## migrations, pods, roll-out, doctor (OVERLAY=production CONTEXT=cluster REGISTRY= TAG= RELEASE= MANIFEST_SHA256= ARGS=); without CONTEXT: what it would do
	@$(SHORTLIST) k8s deploy '$(OVERLAY)' $(K8S_CLUSTER) $(if $(REGISTRY),--registry '$(REGISTRY)') $(if $(TAG),--tag '$(TAG)') \
		$(if $(RELEASE),--release '$(RELEASE)') $(if $(MANIFEST_SHA256),--manifest-sha256 '$(MANIFEST_SHA256)') $(ARGS)

rollback: ## a Deployment back by one revision, model release and configuration with it, then doctor (CONTEXT=cluster DEPLOYMENT=serving REVISION=); without CONTEXT: the revisions
	@$(SHORTLIST) k8s rollback '$(DEPLOYMENT)' --namespace '$(NAMESPACE)' $(K8S_CLUSTER) $(if $(REVISION),--revision '$(REVISION)') $(ARGS)

doctor: ## what is wrong with an installation, and what to do (CONTEXT=cluster NAMESPACE=shortlist JSON=FILE)
	@$(SHORTLIST) k8s doctor --namespace '$(NAMESPACE)' $(K8S_CLUSTER) $(if $(JSON),--json > $(JSON)) $(ARGS)

monitor: ## autoscaler, pods, p99, experiments and releases, every 5 s (CONTEXT=cluster NAMESPACE=shortlist ARGS='--interval 10')
	@$(SHORTLIST) k8s monitor --namespace '$(NAMESPACE)' $(K8S_CLUSTER) $(ARGS)

clean: ## remove what was built, generated and stored here (the workspace with its database, too)
	rm -rf node_modules .venv .shortlist packages/storefront/dist bench-results
