"""The rows of this domain: written by hand for this project, `rows/*.tsv`.

Six columns: language, sentiment, intent, category, urgency, text. One row in twelve is held out,
chosen by its text alone, so that it stays held out when rows are added.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path

SENTIMENTS = ["negative", "neutral", "positive"]
INTENTS = [
    "repair_report",
    "survey_answer",
    "progress_query",
    "complaint",
    "praise",
    "suggestion",
    "human_agent",
    "smalltalk",
]
CATEGORIES = [
    "leak",
    "crack",
    "electrical",
    "hvac",
    "heating",
    "plumbing_drain",
    "door_window",
    "floor_tile",
    "elevator",
    "fire_safety",
    "noise",
    "other",
    "none",
]
URGENCIES = ["low", "normal", "high", "emergency"]
_SHORT = {"neg": "negative", "neu": "neutral", "pos": "positive", "-": "none"}


@dataclass(frozen=True)
class Row:
    """An utterance with its labels, each an index into the lists above."""

    text: str
    lang: str
    sentiment: int
    intent: int
    category: int
    urgency: int


def held_out(text: str) -> bool:
    """Whether a row is kept from training."""
    return zlib.crc32(text.encode()) % 12 == 0


def read(folder: Path) -> list[Row]:
    """Every row; a faulty one is named with file and line."""
    rows = []
    for path in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                lang, sentiment, intent, category, urgency, text = line.split("\t")
                labels = (
                    SENTIMENTS.index(_SHORT[sentiment]),
                    INTENTS.index(intent),
                    CATEGORIES.index(_SHORT.get(category, category)),
                    URGENCIES.index(urgency),
                )
            except (ValueError, KeyError) as fault:
                raise SystemExit(f"{path}:{number}: {fault}") from None
            rows.append(Row(text, lang, *labels))
    return rows
