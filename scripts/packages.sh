#!/usr/bin/env bash
# Installs the system packages that are missing, by apt on Debian 12.
#   packages.sh run     to build and run the service
#   packages.sh test    to run the tests too
#   packages.sh fetch   to fetch libtorch
# What is there already, from wherever, is left alone: a package is asked for only when what it
# is needed for cannot be found.
set -euo pipefail
group=${1:?usage: packages.sh run|test|fetch}

command_found() { command -v "$1" >/dev/null 2>&1; }
any_exists() {
    local path
    for path in "$@"; do [[ -e $path ]] && return 0; done
    return 1
}

missing=()
need() {
    local package=$1
    shift
    "$@" || missing+=("$package")
}

need ca-certificates any_exists /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem
case $group in
    run | test)
        need cmake command_found cmake           # whisper.cpp, libopus
        need make command_found make
        need g++ command_found c++               # whisper.cpp, the C++ side of tch
        need gcc command_found cc
        need pkg-config command_found pkg-config
        # bindgen reads whisper.cpp's headers with it
        need libclang-dev any_exists "${LIBCLANG_PATH:-/usr/lib/llvm}" /usr/lib/llvm-*/lib/libclang*.so* /usr/lib*/libclang*.so* \
            /usr/lib/*/libclang*.so*
        need clang command_found clang           # its own headers (stddef.h …)
        need tzdata any_exists /usr/share/zoneinfo/Asia/Shanghai
        ;;
    fetch)
        need python3 command_found python3
        need python3-pip eval 'command_found python3 && python3 -m pip --version >/dev/null 2>&1'
        ;;
    *)
        echo "packages.sh: unknown group '$group': run, test or fetch" >&2
        exit 2
        ;;
esac
if [[ $group == test ]]; then
    # Where the tests look for them.
    need postgresql any_exists /usr/lib/postgresql/*/bin/initdb
    need chromium command_found chromium
    need chromium-driver command_found chromedriver
    # Independent libraries and the documentation's clients play the other side.
    need python3-venv eval 'command_found python3 && python3 -c "import ensurepip" 2>/dev/null'
    need nodejs command_found node
    need curl command_found curl
    need openssl command_found openssl
    need fonts-noto-cjk any_exists /usr/share/fonts/opentype/noto/NotoSansCJK-*.ttc /usr/share/fonts/*/*CJK*
    need fonts-noto-color-emoji any_exists /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf /usr/share/fonts/*/*[Ee]moji*
fi

if ((${#missing[@]} == 0)); then
    exit 0
fi

give_up() {
    echo "setup: $1" >&2
    echo "Please install these yourself (Debian names) and run again:" >&2
    echo "    ${missing[*]}" >&2
    exit 1
}

command_found apt-get || give_up "something is missing and there is no apt-get here."
as_root=()
if ((EUID != 0)); then
    command_found sudo || give_up "something is missing, this is not root, and there is no sudo."
    as_root=(sudo)
    [[ -t 0 ]] || as_root=(sudo -n)
fi
echo "setup: installing ${missing[*]} …" >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq || give_up "apt-get update failed."
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "${missing[@]}" >&2 </dev/null ||
    give_up "apt-get install failed."
