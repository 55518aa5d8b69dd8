#!/usr/bin/env bash
# Formatting, lints, all tests. Every step runs even when an earlier one failed; the last line
# is the number of tests, summed over all test binaries.
set -uo pipefail # no -e: see above
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=()
# Tests talk to this machine alone; a proxy that fetches packages must not stand between.
export NO_PROXY="${NO_PROXY:+$NO_PROXY,}127.0.0.1,localhost"
export no_proxy=$NO_PROXY

cargo fmt --check || failed+=("cargo fmt --check")
cargo clippy --all-targets --locked -- -D warnings || failed+=("cargo clippy")
cargo test --locked --no-fail-fast 2>&1 | tee "$log"
((PIPESTATUS[0] == 0)) || failed+=("cargo test")

read -r passed broken skipped < <(
    awk '/^test result: / { passed += $4; broken += $6; skipped += $8 } END { print passed + 0, broken + 0, skipped + 0 }' "$log"
)
((passed > 0)) || failed+=("no test ran")

echo
for step in "${failed[@]+"${failed[@]}"}"; do
    echo "FAILED: $step"
done
# What the tests could not try here; libtest itself counts it as passed.
grep --only-matching "SKIPPED: .*" "$log" | sort | uniq -c
echo "$passed passed, $broken failed, $skipped skipped"
((${#failed[@]} == 0))
