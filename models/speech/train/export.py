"""From a checkpoint to the model file: half precision beside it, for comparison, and the quantised one that is shipped."""

from pathlib import Path

import torch

import ggml
from settings import QUANTISATION, WORK

WHOLE = WORK / "ggml-huifang-zh-en-f16.bin"
SHIPPED = WORK / f"ggml-huifang-zh-en-{QUANTISATION}.bin"
MOST_BYTES = 12_000_000


def export(checkpoint: Path = WORK / "checkpoint.pt") -> Path:
    """Writes both files and returns the shipped one."""
    saved = torch.load(checkpoint, map_location="cpu")
    parameters = {name: values.float().numpy() for name, values in saved["model"].items() if not name.startswith("phonemes")}
    ggml.write(WHOLE, parameters, saved["used"])
    ggml.write(SHIPPED, parameters, saved["used"], QUANTISATION)
    size = SHIPPED.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{SHIPPED} has {size:,} bytes, more than {MOST_BYTES:,}")
    print(f"{SHIPPED}: {size:,} bytes, from step {saved['step']}")
    return SHIPPED


if __name__ == "__main__":
    export()
