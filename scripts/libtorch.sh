#!/usr/bin/env bash
# Puts the parts of libtorch 2.4.0 that rust-bert links into .libtorch: pinned by version and
# sha256, extracted beside and renamed into place, so that an interrupted run leaves nothing half done.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ -n ${LIBTORCH:-} && -e $LIBTORCH/lib/libtorch_cpu.so ]]; then
    exit 0 # a libtorch of your own; cargo takes the same variable
fi

machine=$(uname -m)
pins=scripts/libtorch-$machine.txt
if [[ $(uname -s) != Linux || ! -f $pins ]]; then
    echo "setup: no libtorch is pinned for $(uname -s) on $machine (Linux on x86_64 and aarch64 are)." >&2
    echo "Get libtorch 2.4.0 by hand, set LIBTORCH to its directory and LIBTORCH_CXX11_ABI to 0 or 1 as it was built, and run again." >&2
    exit 1
fi
if cmp -s "$pins" .libtorch/pins.txt; then
    exit 0
fi

scripts/packages.sh fetch
case $machine in
    x86_64) platform=manylinux1_x86_64 ;;
    *) platform=manylinux2014_$machine ;;
esac

rm -rf .libtorch.new.*
new=$(mktemp -d .libtorch.new.XXXXXX)
trap 'rm -rf "$new"' EXIT
mkdir "$new/wheels" "$new/tmp" "$new/out"

free_kib=$(df -Pk . | awk 'NR == 2 { print $4 }')
if ((free_kib < 2500000)); then
    echo "setup: libtorch needs 2.5 GB here while it is unpacked (0.6 GB afterwards); $PWD has $((free_kib / 1000)) MB free." >&2
    exit 1
fi

echo "setup: fetching libtorch 2.4.0 (once; 0.8 GB on x86_64, 0.1 GB on arm64) …" >&2
# pip is told the platform of the wheel, so the Python that runs it may be of any version.
if ! TMPDIR="$PWD/$new/tmp" python3 -m pip download --quiet --no-cache-dir --disable-pip-version-check --no-deps \
    --only-binary=:all: --require-hashes --requirement "$pins" --dest "$new/wheels" \
    --platform "$platform" --python-version 3.11 --implementation cp --abi cp311 --abi none; then
    echo "setup: pip could not fetch the wheels pinned in $pins." >&2
    echo "Without network: put those wheels into a directory and set PIP_NO_INDEX=1 PIP_FIND_LINKS=that-directory." >&2
    exit 1
fi

python3 - "$new/wheels" "$new/out" <<'PYTHON'
import pathlib
import re
import shutil
import sys
import zipfile

# What the program links (torch_cpu, c10), what those load, and the headers.
LIBRARY = re.compile(
    r"torch/lib/lib(torch_cpu|c10|torch|gomp-[^/]*)\.so[^/]*"
    r"|torch\.libs/[^/]+\.so[^/]*"
    r"|nvidia/[^/]+/lib/lib(cudart|cupti)\.so\.12"
)
wheels, out = map(pathlib.Path, sys.argv[1:])
(out / "lib").mkdir()
for wheel in wheels.glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if LIBRARY.fullmatch(name):
                target = out / "lib" / pathlib.PurePosixPath(name).name
            elif name.startswith("torch/include/") and not name.endswith("/"):
                target = out / name.removeprefix("torch/")
            else:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, open(target, "wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
    wheel.unlink()
PYTHON

for library in libtorch_cpu.so libc10.so libtorch.so; do
    if [[ ! -e $new/out/lib/$library ]]; then
        echo "setup: $library is not in the wheels pinned in $pins; that is a fault in scripts/libtorch.sh." >&2
        exit 1
    fi
done
cp "$pins" "$new/out/pins.txt"
rm -rf .libtorch
mv -T "$new/out" .libtorch
echo "setup: libtorch 2.4.0 is in .libtorch" >&2
