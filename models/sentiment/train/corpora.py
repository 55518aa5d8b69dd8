"""Public corpora of moods: where they come from, how much each row counts, and what a teacher says of them.

No row of them is part of this project. `README.md` has sources and terms; corpora whose terms
forbid commercial use are left out by name.
"""

import collections
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rows import SENTIMENTS

FORBIDDEN = {"airline"}  # CC BY-NC-SA
UNLABELLED = "-"
# How far the teacher is believed beside a label; a text without one has its word alone and counts less.
BELIEVED, UNLABELLED_WEIGHT = 0.5, 0.5


@dataclass(frozen=True)
class Review:
    """A text of a public corpus with its mood (an index into SENTIMENTS), and how likely each is to be learnt."""

    text: str
    lang: str
    source: str
    sentiment: int
    aim: tuple[float, ...]
    weight: float = 1.0


def _cells(path: Path) -> list[list[str]]:
    """Rows `label<TAB>lang<TAB>source<TAB>text`, without the forbidden sources."""
    lines = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return [cells for cells in lines if cells[2] not in FORBIDDEN]


def read(path: Path) -> list[Review]:
    """The rows that have a label."""
    moods = ((SENTIMENTS.index(label), rest) for label, *rest in _cells(path) if label != UNLABELLED)
    return [Review(text, lang, source, mood, tuple(float(mood == m) for m in range(3))) for mood, (lang, source, text) in moods]


def texts(paths: list[Path], lang: str) -> list[str]:
    """Every text of a language, labelled or not: what a teacher is to judge."""
    return [text for path in paths for _, spoken, _, text in _cells(path) if spoken == lang]


def keep_taught(path: Path, judged: dict[str, np.ndarray]) -> None:
    """Writes what a teacher finds likely of each text."""
    lines = ("\t".join([*(f"{p:.3f}" for p in likely), text]) for text, likely in judged.items())
    new = path.with_suffix(".new")
    new.write_text("\n".join(lines) + "\n", encoding="utf-8")
    new.replace(path)


def taught(paths: list[Path], judged: Path) -> list[Review]:
    """The rows of all corpora, aimed at what the teacher finds likely where it was asked; unlabelled ones where it was."""
    likely = {}
    for line in judged.read_text(encoding="utf-8").splitlines() if judged.exists() else ():
        *three, text = line.split("\t")
        likely[text] = np.array(three, float) / sum(map(float, three))
    found = []
    for review in (review for path in paths for review in read(path)):
        said = likely.get(review.text)
        aim = review.aim if said is None else tuple(BELIEVED * said + (1 - BELIEVED) * np.array(review.aim))
        found.append(replace(review, aim=aim))
    for label, lang, source, text in (cells for path in paths for cells in _cells(path)):
        if label == UNLABELLED and text in likely:
            aim = likely[text]
            found.append(Review(text, lang, source, int(aim.argmax()), tuple(aim), UNLABELLED_WEIGHT))
    return found


def weights(reviews: list[Review]) -> list[float]:
    """The moods of a source count alike; a source counts by the root of its size.

    Shops with five thousand rows would otherwise drown tweets, and a source of mostly blame
    would teach that its subject is bad news. What only a teacher judged counts half.
    """
    size = collections.Counter(review.source for review in reviews)
    cell = collections.Counter((review.source, review.sentiment) for review in reviews)
    moods = collections.Counter(source for source, _ in cell)
    raw = [size[r.source] ** 0.3 / moods[r.source] / cell[r.source, r.sentiment] * r.weight for r in reviews]
    mean = sum(raw) / len(raw)
    return [min(6.0, max(0.1, weight / mean)) for weight in raw]


def by_root(reviews: list[Review]) -> list[float]:
    """Each mood of a source counts by the root of its size: where sources are many and their moods even."""
    cell = collections.Counter((review.source, review.sentiment) for review in reviews)
    raw = [cell[r.source, r.sentiment] ** -0.5 for r in reviews]
    mean = sum(raw) / len(raw)
    return [min(6.0, weight / mean) for weight in raw]
