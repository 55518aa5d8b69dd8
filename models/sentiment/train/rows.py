"""The rows of this domain, written by hand for this project.

`rows/*.tsv` has six columns: language, sentiment, intent, category, urgency, text. A row with `-` for the intent is
labelled for its mood only. One row in twelve is held out, chosen by its text alone, so that it stays
held out when rows are added. `rows/whole/*.jsonl` has keywords and ratings besides, and none is held out.
"""

import json
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
UNKNOWN = -1
_SHORT = {"neg": "negative", "neu": "neutral", "pos": "positive", "-": "none"}


@dataclass(frozen=True)
class Row:
    """An utterance with its labels, each an index into the lists above, or UNKNOWN."""

    text: str
    lang: str
    sentiment: int
    intent: int
    category: int
    urgency: int


def held_out(text: str) -> bool:
    """Whether a row is kept from training."""
    return zlib.crc32(text.encode()) % 12 == 0


def jsonl(path: Path) -> list[dict]:
    """The objects of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def whole(folder: Path) -> list[Path]:
    """The files of rows that have every label."""
    return sorted((folder / "whole").glob("*.jsonl"))


def fixtures(path: Path) -> list[Row]:
    """Utterances with labels in the form of `tests/fixtures/understanding`, those that have all."""
    rows = []
    for row in jsonl(path):
        if {"sentiment", "intent", "category", "urgency"} <= row.keys():
            category = CATEGORIES.index(row["category"] or "none")
            labels = SENTIMENTS.index(row["sentiment"]), INTENTS.index(row["intent"]), category
            rows.append(Row(row["text"], row["lang"], *labels, URGENCIES.index(row["urgency"])))
    return rows


def learnt(folder: Path, rows: list[Row], also: list[Path]) -> list[Row]:
    """What is trained on: of `rows` all that are not held out, those in `whole`, and other labelled files."""
    return [row for row in rows if not held_out(row.text)] + [row for path in [*whole(folder), *also] for row in fixtures(path)]


def read(folder: Path) -> list[Row]:
    """Every row; a faulty one is named with file and line."""
    rows = []
    for path in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                lang, sentiment, intent, category, urgency, text = line.split("\t")
                mood = SENTIMENTS.index(_SHORT[sentiment])
                if intent == "-":
                    rows.append(Row(text, lang, mood, UNKNOWN, UNKNOWN, UNKNOWN))
                    continue
                labels = (
                    mood,
                    INTENTS.index(intent),
                    CATEGORIES.index(_SHORT.get(category, category)),
                    URGENCIES.index(urgency),
                )
            except (ValueError, KeyError) as fault:
                raise SystemExit(f"{path}:{number}: {fault}") from None
            rows.append(Row(text, lang, *labels))
    return rows
