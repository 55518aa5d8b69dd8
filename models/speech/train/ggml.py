"""whisper.cpp's file format: reading (quantised or not), writing, quantising.

A file is: magic, eleven numbers, the mel filters, the vocabulary, then the tensors in any order. The blocks of 32 values
are those of ggml's `q8_0`, `q5_0`, `q5_1` and `q4_0`, rounded as ggml rounds.
"""

import math
import struct
from pathlib import Path

import numpy as np

import tokens
from features import FILTERS
from settings import AUDIO_POSITIONS, DECODER_LAYERS, ENCODER_LAYERS, HEADS, TEXT_POSITIONS, WIDTH

MAGIC = 0x67676D6C
UNUSED = -30.0
# Name: (tensor type, file type, bytes a block).
TYPES = {"q4_0": (2, 2, 18), "q5_0": (6, 8, 22), "q5_1": (7, 9, 24), "q8_0": (8, 7, 34)}


def write(path: Path, parameters: dict[str, np.ndarray], used: list[int], quantisation: str | None = None) -> None:
    """Writes a model; `used` are the tokens the rows of its embedding stand for."""
    kind = TYPES[quantisation] if quantisation else (1, 1, 0)
    with path.with_suffix(".part").open("wb") as file:
        numbers = (MAGIC, tokens.VOCABULARY_SIZE, AUDIO_POSITIONS, WIDTH, HEADS, ENCODER_LAYERS, TEXT_POSITIONS, WIDTH, HEADS, DECODER_LAYERS, 80)
        # 2000 is ggml's quantisation version 2.
        file.write(struct.pack("<12i", *numbers, kind[1] + (2000 if quantisation else 0)))
        file.write(struct.pack("<2i", *FILTERS.shape) + FILTERS.tobytes())
        file.write(struct.pack("<i", len(tokens.BYTES)))
        for token in tokens.BYTES:
            file.write(struct.pack("<i", len(token)) + token)
        for name, values in parameters.items():
            file.write(_tensor(name, _final(name, values, used), quantisation, kind[0]))
    path.with_suffix(".part").rename(path)


def _final(name: str, values: np.ndarray, used: list[int]) -> np.ndarray:
    """Returns a parameter as whisper.cpp wants it."""
    values = values.astype(np.float32)
    if name == "decoder.token_embedding.weight":
        whole = np.zeros((tokens.VOCABULARY_SIZE, WIDTH), np.float32)
        whole[:, -1] = UNUSED
        whole[used] = values
        return whole
    if name in ("decoder.ln.weight", "decoder.ln.bias"):
        values = values.copy()
        values[-1] = float(name.endswith("bias"))
    return values.reshape(-1, 1) if name in ("encoder.conv1.bias", "encoder.conv2.bias") else values


def _tensor(name: str, values: np.ndarray, quantisation: str | None, kind: int) -> bytes:
    is_matrix = values.ndim >= 2 and not name.endswith(("positional_embedding", ".bias"))
    if is_matrix and values.ndim == 2 and quantisation:
        # Through half precision, as ggml's own tool does.
        number, raw = kind, quantise(values.astype(np.float16), quantisation)
    else:
        number, raw = (1, values.astype(np.float16).tobytes()) if is_matrix else (0, values.tobytes())
    head = struct.pack("<3i", values.ndim, len(name.encode()), number)
    return head + struct.pack(f"<{values.ndim}i", *values.shape[::-1]) + name.encode() + raw


def quantise(values: np.ndarray, kind: str) -> bytes:
    """Returns rows of values in blocks of 32."""
    blocks = values.astype(np.float32).reshape(-1, 32)
    inverse = lambda scale: np.where(scale != 0, np.float32(1) / np.where(scale != 0, scale, 1), 0).astype(np.float32)[:, None]
    half = lambda scale: scale.astype(np.float16)[:, None].view(np.uint8)
    if kind == "q8_0":
        scale = (np.abs(blocks).max(1) / np.float32(127)).astype(np.float32)
        scaled = blocks * inverse(scale)
        rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype(np.int8)
        return np.concatenate([half(scale), rounded.view(np.uint8)], 1).tobytes()
    if kind == "q5_1":
        low = blocks.min(1)
        scale = ((blocks.max(1) - low) / np.float32(31)).astype(np.float32)
        levels = ((blocks - low[:, None]) * inverse(scale) + np.float32(0.5)).astype(np.uint8)
        head = np.concatenate([half(scale), half(low)], 1)
    else:
        middle = 16 if kind == "q5_0" else 8
        largest = blocks[np.arange(len(blocks)), np.abs(blocks).argmax(1)]
        scale = (largest / np.float32(-middle)).astype(np.float32)
        levels = np.minimum(2 * middle - 1, (blocks * inverse(scale) + np.float32(middle + 0.5)).astype(np.int8)).astype(np.uint8)
        head = half(scale)
    low_bits = (levels[:, :16] & 15) | ((levels[:, 16:] & 15) << 4)
    if kind == "q4_0":
        return np.concatenate([head, low_bits], 1).tobytes()
    fifth = ((levels >> 4).astype(np.uint32) << np.arange(32, dtype=np.uint32)).sum(1).astype("<u4")
    return np.concatenate([head, fifth[:, None].view(np.uint8), low_bits], 1).tobytes()


def restore(raw: bytes, kind: str) -> np.ndarray:
    """Returns the values of quantised blocks."""
    rows = np.frombuffer(raw, np.uint8).reshape(-1, TYPES[kind][2])
    half = lambda at: rows[:, at : at + 2].copy().view(np.float16).astype(np.float32)
    if kind == "q8_0":
        return rows[:, 2:].view(np.int8).astype(np.float32) * half(0)
    low_bits = rows[:, -16:]
    levels = np.concatenate([low_bits & 15, low_bits >> 4], 1).astype(np.float32)
    if kind == "q4_0":
        return (levels - 8) * half(0)
    fifth = rows[:, -20:-16].copy().view("<u4") >> np.arange(32, dtype=np.uint32) & 1
    levels += 16 * fifth.astype(np.float32)
    return (levels - 16) * half(0) if kind == "q5_0" else levels * half(0) + half(2)


def read(path: Path) -> tuple[dict[str, np.ndarray], list[int]]:
    """Reads a model of this recipe's shape: its parameters, and the tokens in use."""
    raw = path.read_bytes()
    magic, vocabulary, _, width, _, encoder, _, _, _, decoder = struct.unpack_from("<10i", raw)
    if (magic, width, encoder, decoder) != (MAGIC, WIDTH, ENCODER_LAYERS, DECODER_LAYERS):
        raise ValueError(f"{path} is no model of this shape")
    bands, bins, at = *struct.unpack_from("<2i", raw, 48), 56
    at += 4 * bands * bins
    (count,), at = struct.unpack_from("<i", raw, at), at + 4
    for _ in range(count):
        at += 4 + struct.unpack_from("<i", raw, at)[0]
    kinds = {number: name for name, (number, _, _) in TYPES.items()}
    parameters = {}
    while at < len(raw):
        dimensions, length, kind = struct.unpack_from("<3i", raw, at)
        shape = struct.unpack_from(f"<{dimensions}i", raw, at + 12)[::-1]
        at += 12 + 4 * dimensions
        name, at = raw[at : at + length].decode(), at + length
        total = math.prod(shape)
        size = total // 32 * TYPES[kinds[kind]][2] if kind in kinds else total * (2 if kind else 4)
        body = raw[at : at + size]
        values = restore(body, kinds[kind]) if kind in kinds else np.frombuffer(body, np.float16 if kind else np.float32)
        parameters[name] = values.astype(np.float32).reshape(shape)
        at += size
    embedding = parameters["decoder.token_embedding.weight"]
    used = [token for token in range(vocabulary) if embedding[token, -1] > UNUSED / 2]
    parameters["decoder.token_embedding.weight"] = embedding[used]
    for name in ("encoder.conv1.bias", "encoder.conv2.bias"):
        parameters[name] = parameters[name].reshape(-1)
    return parameters, used
