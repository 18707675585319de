# The doors of the house. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test test-host test-native test-vm posix bench-quick bench min-memory stress setup kernel cli docs docs-check fmt lint clean

APP ?= redis
HOST_CRATES := -p elfin-cli -p elfin-loader -p elfin-syscalls -p elfin-platform
DOCS := cargo run -q -p elfin-syscalls --features docs --bin syscalls-doc --

help: ## Lists these targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

run: setup kernel cli ## Boots a program and shows it at work: APP=redis (default), nginx or sqlite
	@test-binaries/build $(APP) >/dev/null
	@scripts/demo $(APP)

setup: ## Installs what is missing on Debian 12
	@scripts/setup

kernel: ## Builds the kernel
	@scripts/cargo-kernel build --release

cli: ## Builds the elfin command
	@cargo build --profile host -p elfin-cli

test: ## Everything that must hold: format, lints, host tests, docs, conformance, machines
	@scripts/setup test
	@cargo fmt --all --check
	@$(MAKE) --no-print-directory lint test-host docs-check test-native test-vm

test-host: ## Unit tests on this machine
	cargo test -q -p elfin-loader -p elfin-syscalls -p elfin-platform
	cargo test -q -p elfin-kernel --lib
	cargo test -q -p elfin-cli

test-native: ## The conformance programs on this Linux, where they must all pass
	@test-binaries/run-native

test-vm: kernel cli ## The tests that boot machines; T="pattern …" chooses
	@scripts/test-vm $(T)

posix: kernel cli ## The whole Open POSIX Test Suite in machines, against Linux; ARGS="--write" renews the page
	@scripts/posix-suite $(ARGS)

bench-quick: kernel cli ## Instructions per system call and for a boot; ARGS=--linux beside a Linux guest
	@scripts/bench-quick $(ARGS)

bench: kernel cli ## All figures, beside a Linux guest: instructions, memory, requests per second
	@scripts/bench $(ARGS)

stress: kernel cli ## An hour of everything at once on four processors; ARGS='[--cpus N] MINUTES'
	@scripts/stress $(ARGS)

min-memory: kernel cli ## The least memory that each program does its job in
	@scripts/min-memory $(ARGS)

docs: ## Renews the generated pages, and builds the book where mdbook is installed
	@$(DOCS)
	@if command -v mdbook >/dev/null; then mdbook build docs; \
	else echo "mdbook is not installed: the pages are in docs/src ('scripts/setup docs' gets it)"; fi

docs-check: ## Whether the generated pages are current
	@$(DOCS) --check

fmt: ## Formats all Rust
	@cargo fmt --all

lint: ## Clippy on every crate, warnings are errors
	cargo clippy -q $(HOST_CRATES) --all-targets -- -D warnings
	scripts/cargo-kernel clippy -q -- -D warnings

clean: ## Removes what was built here (the cache of programs stays)
	@cargo clean
