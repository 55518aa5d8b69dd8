"""Whisper's vocabulary: text to token numbers and back.

The table comes with the PyPI package `openai-whisper` (MIT). Hanzi are encoded one by one, never merged into the few
words that happen to be in the table, so that the model learns one way to write each.
"""

import base64
import importlib.util
from pathlib import Path

import regex

END, START, ENGLISH, CHINESE, TRANSCRIBE, NO_TIMESTAMPS = 50257, 50258, 50259, 50260, 50359, 50363
VOCABULARY_SIZE = 51865
LANGUAGE = {"zh": CHINESE, "en": ENGLISH}
# What the model writes when nobody speaks: whisper.cpp does not let a text be empty (it forbids the end as first
# token), but a line break is nothing once it is trimmed.
NOTHING = "\n"

PIECES = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+")


def assets() -> Path:
    """Returns the folder with Whisper's vocabulary, without importing the package."""
    package = importlib.util.find_spec("whisper")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("openai-whisper is not installed: see requirements.txt")
    return Path(package.submodule_search_locations[0]) / "assets"


def table() -> list[bytes]:
    """Returns the bytes of every ordinary token, by number."""
    lines = (assets() / "multilingual.tiktoken").read_bytes().split(b"\n")
    pairs = [line.split() for line in lines if line]
    by_number = {int(number): base64.b64decode(token) for token, number in pairs}
    return [by_number[number] for number in range(len(by_number))]


BYTES = table()
NUMBERS = {token: number for number, token in enumerate(BYTES)}
_known: dict[bytes, list[int]] = {}


def encode(text: str, language: str) -> list[tuple[int, int]]:
    """Returns tokens, each with the number of the character (zh) or word (en) it belongs to; −1 is neither."""
    if language == "zh" or text == NOTHING:
        return [(token, at) for at, character in enumerate(text) for token in _merge(character.encode())]
    out, word = [], -1
    for piece in PIECES.findall(" " + text):
        is_word = any(character.isalpha() for character in piece)
        word += is_word and not piece.startswith("'")
        out += [(token, word if is_word else -1) for token in _merge(piece.encode())]
    return out


def decode(tokens: list[int]) -> str:
    """Returns the text of the ordinary tokens."""
    return b"".join(BYTES[token] for token in tokens if token < len(BYTES)).decode("utf-8", "replace").strip()


def _merge(raw: bytes) -> list[int]:
    """Byte-pair encoding of one piece."""
    if raw in _known:
        return _known[raw]
    parts = [bytes([byte]) for byte in raw]
    while raw not in NUMBERS or len(parts) > 1:
        ranked = [(NUMBERS.get(a + b, len(BYTES)), at) for at, (a, b) in enumerate(zip(parts, parts[1:]))]
        best, at = min(ranked, default=(len(BYTES), 0))
        if best == len(BYTES):
            break
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    _known[raw] = [NUMBERS[part] for part in parts]
    return _known[raw]
