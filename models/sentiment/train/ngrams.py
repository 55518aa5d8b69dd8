"""Features of the linear model: the same as `src/tagging/ngrams.rs` makes, hashed by CRC-32."""

import re
import zlib

import numpy as np
import scipy.sparse as sp

from fold import fold

MOST_TOKENS = 400
TOKEN = re.compile(r"[\u3400-\u9fff]|[a-z]+(?:'[a-z]+)?|[0-9]+|\S")


def tokens(text: str) -> list[str]:
    """A Chinese character, a word, a number (long ones are all alike) or a mark each."""
    found = TOKEN.findall(fold(text))[:MOST_TOKENS]
    return ["#" if t.isascii() and t.isdigit() and len(t) > 2 else t for t in found]


def features(text: str, longest: int) -> set[str]:
    """Runs of up to `longest` tokens, and pieces of 3 to 5 letters of longer words."""
    words = tokens(text)
    made = set()
    for at, word in enumerate(words):
        for n in range(1, longest + 1):
            if at + n <= len(words):
                made.add("\x01".join(words[at : at + n]))
        if word.isascii() and len(word) >= 4:
            marked = f"<{word}>"
            made.update("\x02" + marked[i : i + n] for n in (3, 4, 5) for i in range(len(marked) - n + 1))
    return made


def matrix(texts: list[str], buckets: int, longest: int) -> sp.csr_matrix:
    """One row a text, a one in each bucket that a feature falls into."""
    places, ends, known = [], [0], {}
    for text in texts:
        row = set()
        for feature in features(text, longest):
            bucket = known.get(feature)
            if bucket is None:
                bucket = known[feature] = zlib.crc32(feature.encode()) % buckets
            row.add(bucket)
        places.extend(row)
        ends.append(len(places))
    ones = np.ones(len(places), np.float64)
    return sp.csr_matrix((ones, np.array(places, np.int32), np.array(ends, np.int64)), shape=(len(texts), buckets))
