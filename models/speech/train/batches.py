"""Training batches from the shards: grouped by length, disguised anew every time they are drawn."""

import pickle
import random
from dataclasses import dataclass
from typing import Iterator

import numpy as np
import torch
from torch import Tensor

import tokens
from settings import AUDIO_POSITIONS, SHARDS

IGNORED = -100
CORRUPTED_TOKENS = 0.08


@dataclass
class Example:
    """One utterance, its features still on disk."""

    mel: np.ndarray
    language: str
    floor: float
    tokens: np.ndarray
    spans: np.ndarray
    phonemes: np.ndarray


@dataclass
class Batch:
    """What one step needs."""

    mel: Tensor  # (batch, frames, 80)
    phonemes: Tensor  # (batch, positions)
    written: Tensor  # (batch, length): what the decoder has written so far
    targets: Tensor  # the same, one later; IGNORED where nothing is asked
    spans: Tensor  # (batch, length, 2): where each target is heard; −1 unknown

    def to(self, device: str) -> "Batch":
        return Batch(*(value.to(device) for value in vars(self).values()))


def shards() -> list[str]:
    """Returns the names of the shards that are complete."""
    return sorted(path.stem for path in SHARDS.glob("*.pickle"))


def load(name: str, rows: dict[int, int]) -> list[Example]:
    """Opens a shard; `rows` says which row of the embedding a token has."""
    mel = np.load(SHARDS / f"{name}.mel.npy", mmap_mode="r")
    lengths, examples = pickle.loads((SHARDS / f"{name}.pickle").read_bytes())
    out, at = [], 0
    for length, example in zip(lengths, examples):
        if all(token in rows for token in example["tokens"].tolist()):
            numbers = np.array([rows[token] for token in example["tokens"].tolist()])
            out.append(Example(mel[at : at + length], example["language"], example["floor"], numbers, example["spans"], example["phonemes"]))
        at += length
    return out


class Batches:
    """Endless batches for one of several workers. All workers draw the same order, so they need no talk."""

    def __init__(self, used: list[int], frames: int, worker: int, workers: int, seed: int):
        self.rows = {token: row for row, token in enumerate(used)}
        self.frames, self.worker, self.workers = frames, worker, workers
        self.order = random.Random(seed)  # the same for all workers
        self.dice = random.Random(seed * 100 + worker + 1)
        self.normal = np.random.default_rng(seed * 100 + worker + 1)
        self.examples: list[Example] = []
        self.loaded: list[str] = []

    def add(self, names: list[str]) -> None:
        """Opens the shards that are not open yet."""
        for name in names:
            if name not in self.loaded:
                self.examples += load(name, self.rows)
                self.loaded.append(name)

    def epoch(self) -> Iterator[Batch]:
        """Goes once through everything that is open."""
        lengths = [len(example.mel) for example in self.examples]
        by_length = sorted(range(len(lengths)), key=lambda number: lengths[number] + self.order.uniform(0, 30))
        groups, group, longest = [], [], 0
        for number in by_length:
            longest = max(longest, lengths[number] + 40)
            if group and longest * (len(group) + 1) > self.frames:
                groups.append(group)
                group, longest = [], lengths[number] + 40
            group.append(number)
        groups.append(group)
        # Workers get neighbours, so that none waits for another.
        steps = [groups[at : at + self.workers] for at in range(0, len(groups) - self.workers + 1, self.workers)]
        self.order.shuffle(steps)
        for step in steps:
            group, whole = step[self.worker], self.order.random() < 0.015
            if whole:
                group = group[: max(1, self.frames // (2 * AUDIO_POSITIONS))]
            yield self.batch([self.examples[number] for number in group], whole)

    def batch(self, examples: list[Example], whole_window: bool = False) -> Batch:
        """Puts utterances together: shifted, masked, louder or softer, with some wrong tokens among those written."""
        dice, count = self.dice, len(examples)
        leads = [2 * dice.randint(0, 12) if dice.random() < 0.5 else 0 for _ in examples]
        frames = max(len(example.mel) + lead for example, lead in zip(examples, leads)) + dice.choice((4, 16, 16, 18, 24, 40))
        frames = min(2 * AUDIO_POSITIONS, 2 * AUDIO_POSITIONS if whole_window else frames + frames % 2)
        length = max(len(example.tokens) for example in examples) + 4
        mel = np.empty((count, frames, 80), np.float32)
        phonemes = np.full((count, frames // 2), IGNORED, np.int64)
        written = np.full((count, length), self.rows[tokens.END], np.int64)
        targets = np.full((count, length), IGNORED, np.int64)
        spans = np.full((count, length, 2), -1, np.int64)
        for at, (example, lead) in enumerate(zip(examples, leads)):
            mel[at] = self._disguised(example, lead, frames)
            if example.phonemes[0] != IGNORED:
                phonemes[at] = 0
                kept = example.phonemes[: frames // 2 - lead // 2]
                phonemes[at, lead // 2 : lead // 2 + len(kept)] = kept
            prompt = prompt_rows(self.rows, example.language)
            sequence = [*prompt, *example.tokens.tolist(), self.rows[tokens.END]]
            written[at, : len(sequence) - 1] = sequence[:-1]
            targets[at, : len(sequence) - 1] = sequence[1:]
            targets[at, 1:3] = IGNORED  # the rest of the prompt is given
            spans[at, 3 : 3 + len(example.spans)] = np.where(example.spans >= 0, example.spans + lead // 2, -1)
        wrong = self.normal.random(written.shape) < CORRUPTED_TOKENS
        wrong[:, :4] = False
        written = np.where(wrong, self.normal.integers(0, len(self.rows), written.shape), written)
        return Batch(*(torch.from_numpy(array) for array in (mel, phonemes, written, targets, spans)))

    def _disguised(self, example: Example, lead: int, frames: int) -> np.ndarray:
        dice, floor = self.dice, example.floor
        mel = np.full((frames, 80), floor, np.float32)
        mel[lead : lead + len(example.mel)] = example.mel[: frames - lead]
        for _ in range(dice.randint(0, 2)):
            width = dice.randint(1, 12)
            band = dice.randint(0, 80 - width)
            mel[:, band : band + width] = floor
        for _ in range(dice.randint(0, 2)):
            begin = dice.randrange(frames)
            mel[begin : begin + dice.randint(2, 12)] = floor
        if dice.random() < 0.3:
            mel = np.maximum(mel + self.normal.standard_normal(mel.shape, np.float32) * dice.uniform(0, 0.08), floor)
        return mel + dice.uniform(-0.2, 0.2)


def prompt_rows(rows: dict[int, int], language: str) -> list[int]:
    """Returns the prompt Whisper's decoder starts with, as rows of the embedding."""
    return [rows[token] for token in (tokens.START, tokens.LANGUAGE[language], tokens.TRANSCRIBE, tokens.NO_TIMESTAMPS)]
