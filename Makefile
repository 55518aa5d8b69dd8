# make run     set up what is missing, build, and start the demo
# make test    set up what is missing, then format, lints and all tests
# make build   target/release/huifang
# make setup   only the setting up, for running and testing

LISTEN ?= 127.0.0.1:8080
DATA ?= ./demo-data
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help run test build setup

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

run: build
	@exec $(TARGET)/release/huifang demo --listen '$(LISTEN)' --data-dir '$(DATA)'

build:
	@scripts/setup.sh run
	@cargo build --release --locked

test:
	@scripts/setup.sh test
	@scripts/test.sh

setup:
	@scripts/setup.sh test
