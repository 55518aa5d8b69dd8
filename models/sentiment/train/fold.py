"""One spelling of every character, as `src/tagging/text.rs` folds it.

Simplified, lower case, half width, invisible characters left out. What is learnt here is only
right where the program folds the same way: change both or none.
"""

import functools
import unicodedata

import opencc

_TO_SIMPLIFIED = opencc.OpenCC("t2s")
_MARKS = {"‘": "'", "’": "'", "`": "'", "“": '"', "”": '"', "。": ".", "\u3000": " ", "\t": " ", "\r": " ", "\xa0": " "}
_INVISIBLE = [(0xAD, 0xAD), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF), (0xFE00, 0xFE0F)]
MOST_CHARS = 4000


@functools.lru_cache(maxsize=65536)
def simplified(c: str) -> str:
    """The simplified form of one character, the character itself where there is none."""
    return _TO_SIMPLIFIED.convert(c)[:1] if "\u4e00" <= c <= "\u9fff" else c


@functools.lru_cache(maxsize=65536)
def _folded(c: str) -> str:
    code = ord(c)
    if any(low <= code <= high for low, high in _INVISIBLE):
        return ""
    if unicodedata.category(c) == "Cc" and c not in "\n\t\r":
        return ""
    if 0xFF01 <= code <= 0xFF5E:
        c = chr(code - 0xFEE0)
    c = _MARKS.get(c, c)
    simple = simplified(c)
    return simple if simple != c else c.lower()[:1]


def fold(text: str) -> str:
    """The folded text, at most its first `MOST_CHARS` characters."""
    return "".join(map(_folded, text))[:MOST_CHARS]
