#!/usr/bin/env bash
# Makes the machine ready to build and run (setup.sh run) or to test as well (setup.sh test).
# Idempotent, and quick when there is nothing to do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
group=${1:?usage: setup.sh run|test}

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
found=$(rustc --version 2>/dev/null | cut -d' ' -f2 || true)
if [[ -z $found ]] || ! command -v cargo >/dev/null; then
    echo "setup: Rust is not installed. Install Rust $wanted or newer, with rustup as https://rustup.rs says, open a new shell, and run again." >&2
    exit 1
fi
if [[ $(printf '%s\n' "$wanted" "${found%%-*}" | sort -V | head -n 1) != "$wanted" ]]; then
    echo "setup: Rust $found is too old: $wanted or newer is needed ('rustup update stable'; Debian's own rustc is older)." >&2
    exit 1
fi
if [[ $group == test ]]; then
    for tool in fmt clippy; do
        if ! command -v "cargo-$tool" >/dev/null; then
            echo "setup: cargo $tool is missing: 'rustup component add rustfmt clippy'." >&2
            exit 1
        fi
    done
fi

scripts/packages.sh "$group"
scripts/libtorch.sh
