"""The points of the training curve: error rates of the model as it is, on a third of the held-out clips."""

import functools

import numpy as np
import torch

import heldout
import tokens
from batches import prompt_rows
from features import log_mel
from network import Whisper
from scoring import Tally

BATCH = 24


@functools.cache
def clips() -> list[tuple[heldout.Clip, np.ndarray, float]]:
    """Returns clips with features, the short ones first."""
    third = [clip for number, clip in enumerate(heldout.clips()) if number // 2 % 3 == 0]
    return sorted(((clip, *log_mel(heldout.decoded(clip.file))) for clip in third), key=lambda entry: len(entry[1]))


def scores(model: Whisper, used: list[int], device: str) -> dict[str, float]:
    """Returns the character error rate of every group."""
    rows, tallies = {token: row for row, token in enumerate(used)}, {}
    model.eval()
    for at in range(0, len(clips()), BATCH):
        group = clips()[at : at + BATCH]
        frames = max(len(mel) for _, mel, _ in group) + 16
        frames += frames % 2
        batch = np.stack([np.concatenate([mel.astype(np.float32), np.full((frames - len(mel), 80), floor, np.float32)]) for _, mel, floor in group])
        start = torch.tensor([prompt_rows(rows, clip.language) for clip, _, _ in group], device=device)
        written = model.write(torch.from_numpy(batch).to(device), start, rows[tokens.END])
        for (clip, _, _), row in zip(group, written):
            text = tokens.decode([used[number] for number in row])
            tallies.setdefault(clip.group, Tally()).add(clip.text, text)
    model.train()
    return {name: tally.rate for name, tally in sorted(tallies.items())}
