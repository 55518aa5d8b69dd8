#!/usr/bin/env bash
# Entry point of the image. huifang reads its own secrets from files (HUIFANG_…_FILE); the AWS_…
# variables of object storage have no such form, so it is given to them here.
set -euo pipefail
for name in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; do
    from=${name}_FILE
    if [[ -n ${!from:-} ]]; then
        value=$(<"${!from}")
        export "$name=$value"
    fi
done
exec huifang "$@"
