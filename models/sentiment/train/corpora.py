"""Public corpora of moods: where they come from, and how much each row counts.

No row of them is part of this project. `README.md` has sources and terms; corpora whose terms
forbid commercial use are left out by name.
"""

import collections
from dataclasses import dataclass
from pathlib import Path

from rows import SENTIMENTS

FORBIDDEN = {"airline"}  # CC BY-NC-SA


@dataclass(frozen=True)
class Review:
    """A text of a public corpus with its mood (an index into SENTIMENTS)."""

    text: str
    lang: str
    source: str
    sentiment: int


def read(path: Path) -> list[Review]:
    """Rows `label<TAB>lang<TAB>source<TAB>text`, without the forbidden sources."""
    lines = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return [Review(text, lang, source, SENTIMENTS.index(label)) for label, lang, source, text in lines if source not in FORBIDDEN]


def weights(reviews: list[Review]) -> list[float]:
    """The moods of a source count alike; a source counts by the root of its size.

    Shops with five thousand rows would otherwise drown tweets, and a source of mostly blame
    would teach that its subject is bad news. GoEmotions, whose single-emotion labels are only
    loosely moods, counts a third.
    """
    size = collections.Counter(review.source for review in reviews)
    cell = collections.Counter((review.source, review.sentiment) for review in reviews)
    moods = collections.Counter(source for source, _ in cell)
    raw = [
        size[r.source] ** 0.3 / moods[r.source] / cell[r.source, r.sentiment] * (0.33 if r.source == "goemotions" else 1.0)
        for r in reviews
    ]
    mean = sum(raw) / len(raw)
    return [min(6.0, max(0.1, weight / mean)) for weight in raw]


def by_root(reviews: list[Review]) -> list[float]:
    """Each mood of a source counts by the root of its size: where sources are many and their moods even."""
    cell = collections.Counter((review.source, review.sentiment) for review in reviews)
    raw = [cell[r.source, r.sentiment] ** -0.5 for r in reviews]
    mean = sum(raw) / len(raw)
    return [min(6.0, weight / mean) for weight in raw]
