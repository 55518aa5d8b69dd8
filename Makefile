# make run     set up what is missing, build, and start the demo
# make test    set up what is missing, then format, lints and all tests
# make build   target/release/huifang
# make bench   measure speech recognition and the store
# make setup   only the setting up, for running and testing

LISTEN ?= 127.0.0.1:8080
DATA ?= ./demo-data
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help run test build bench setup

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

run: build
	@# The demo's platforms are simulated on this machine: no proxy stands between.
	@NO_PROXY="$${NO_PROXY:+$$NO_PROXY,}127.0.0.1,localhost" exec $(TARGET)/release/huifang demo --listen '$(LISTEN)' --data-dir '$(DATA)'

build:
	@scripts/setup.sh run
	@cargo build --release --locked

test:
	@scripts/setup.sh test
	@scripts/test.sh

bench:
	@scripts/setup.sh test
	@cargo bench --locked

setup:
	@scripts/setup.sh test
