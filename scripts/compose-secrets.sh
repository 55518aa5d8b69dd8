#!/usr/bin/env bash
# Makes the secrets that compose.yaml mounts, once: random, in ./secrets. What is there stays.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# The containers run as users of their own: the directory keeps others out, the files let those in.
mkdir -p secrets
chmod 700 secrets

random() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }
make() {
    [[ -e secrets/$1 ]] || printf '%s' "$2" >"secrets/$1"
    chmod 644 "secrets/$1"
}

make database_password "$(random)"
make database_url "postgres://huifang:$(<secrets/database_password)@database/huifang"
make s3_access_key "huifang"
make s3_secret_key "$(random)"
make s3_config "{\"identities\": [{\"name\": \"huifang\", \"credentials\": [{\"accessKey\": \"$(<secrets/s3_access_key)\",
    \"secretKey\": \"$(<secrets/s3_secret_key)\"}], \"actions\": [\"Admin\", \"Read\", \"Write\", \"List\", \"Tagging\"]}]}"
echo "secrets/ is complete"
