"""Trains the encoder with its heads for a given number of rounds, and keeps what it can resume from.

The public corpora teach the mood of sentences, the rows of this domain teach what a repair report
is: they are mixed in every batch. Word vectors start from the words' company (positive pointwise
mutual information, factorised), which spares the first hour; with `--guess` the encoder learns the
language of these texts first, by guessing words that are hidden from it.
"""

import argparse
import math
import os
import pickle
import random
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import scipy.sparse as sp
import torch
from sklearn.utils.extmath import randomized_svd
from torch import nn
from torch.nn import functional as F

import corpora
import marks
import rows as domain
import vocabulary
from encoder import LONGEST, WIDTH, Classifier, Norm, quicker

HERE = Path(__file__).parent
HEADS = {
    "sentiment": len(domain.SENTIMENTS),
    "intent": len(domain.INTENTS),
    "category": len(domain.CATEGORIES),
    "urgency": len(domain.URGENCIES),
    # Of every token: outside a mark, at its beginning, inside it.
    "marks": 3,
}
QUESTIONS = [head for head in HEADS if head != "marks"]
TOKENS, HIDDEN_TOKENS, SMOOTHED = 8192, 0.15, 0.08
# How far the weights a go begins from are believed about a review, beside its label, where they are asked.
OWN = 0.6
# What marks count beside the other questions: with three times as much they are found better and nothing else worse.
MARKED = 3.0
# What marks count that were made before their authors had seen how the development half is marked.
FIRST_MARKS = 0.5
# A token about whose mark nothing is asked.
UNASKED = -100


def encoded(asked: argparse.Namespace, work: Path) -> dict:
    """Ids, labels and weights of all texts; kept, since it takes a minute."""
    kept = work / "encoded-taught.pickle"
    if kept.exists():
        return pickle.loads(kept.read_bytes())
    reviews = corpora.taught(asked.corpus, work / "taught.tsv")
    rows = domain.read(HERE / "rows")
    train = domain.learnt(HERE / "rows", rows, asked.also)
    path = work / "vocab.txt"
    if not path.exists():
        texts = [vocabulary.prepared(t) for t in [r.text for r in reviews] + [r.text for r in train] * 4]
        vocabulary.build(texts, path)
    tokenizer = vocabulary.Tokenizer(path)
    ids = lambda text: tokenizer.encode(text, LONGEST)  # noqa: E731
    known = lambda row: QUESTIONS if row.intent != domain.UNKNOWN else QUESTIONS[:1]  # noqa: E731
    labels = lambda row: tuple(getattr(row, question) for question in known(row))  # noqa: E731
    first, more = marks.examples(asked.marked)
    marked = {text: (spans, FIRST_MARKS) for text, spans in first} | {text: (spans, 1.0) for text, spans in more}
    signs = lambda row: signed(row.text, tokenizer, *marked[row.text]) if row.text in marked else None  # noqa: E731
    found = {
        "reviews": [(ids(r.text), (smoothed(r.aim),), w) for r, w in zip(reviews, corpora.weights(reviews))],
        "rows": [(ids(r.text), (smoothed(np.eye(3)[r.sentiment]), *labels(r)[1:]), 1.0, signs(r)) for r in train],
        "held": [(ids(r.text), labels(r), 1.0, signs(r)) for r in rows if domain.held_out(r.text) and r.intent != domain.UNKNOWN],
        "dev": [(ids(r.text), (r.sentiment,), r.lang) for r in corpora.read(asked.dev)],
        "vocabulary": len(tokenizer.entries),
    }
    new = kept.with_suffix(".new")
    new.write_bytes(pickle.dumps(found))
    new.replace(kept)
    return found


def smoothed(aim: Sequence[float]) -> tuple[float, ...]:
    """An aim that leaves something to every mood."""
    return tuple((1 - SMOOTHED) * likely + SMOOTHED / 3 for likely in aim)


def signed(text: str, tokenizer: vocabulary.Tokenizer, spans: list[str], weight: float) -> tuple[list[int], float]:
    """For each id whether it is outside what a person marked, begins it or goes on with it; and what that counts."""
    found, places, before = [UNASKED], marks.stretches(text, spans), None
    for _, start, end in tokenizer.placed(text, LONGEST):
        within = next((place for place in places if 2 * (min(place[1], end) - max(place[0], start)) >= end - start > 0), None)
        found.append(marks.OUT if within is None else marks.INSIDE if within == before else marks.BEGINS)
        before = within
    return [*found, UNASKED], weight


def company(texts: list[list[int]], size: int) -> np.ndarray:
    """Vectors of the words by the company they keep, within five tokens."""
    total = sp.coo_matrix((size, size), dtype=np.float32).tocsr()
    for begin in range(0, len(texts), 20_000):
        left, right = [], []
        for ids in texts[begin : begin + 20_000]:
            for near in range(1, 6):
                left += ids[:-near]
                right += ids[near:]
        ones = np.ones(len(left), np.float32)
        total += sp.coo_matrix((ones, (left, right)), shape=(size, size)).tocsr()
    total = (total + total.T).tocoo()
    often = np.asarray(total.sum(1)).ravel() + 1.0
    smooth = often**0.75 / (often**0.75).sum()
    pmi = np.log(np.maximum(1e-9, total.data / often[total.row] / smooth[total.col]))
    keep = pmi > 0
    matrix = sp.csr_matrix((pmi[keep], (total.row[keep], total.col[keep])), shape=(size, size))
    u, s, _ = randomized_svd(matrix, WIDTH, n_iter=3, random_state=1)
    vectors = u * np.sqrt(s)
    return vectors / (vectors.std() + 1e-9) * 0.04


def batches(data: dict, repeats: int, chance: random.Random) -> list[list[tuple]]:
    """One round through everything, our own rows so many times, texts of like length together, in random order."""
    pool = data["reviews"] + data["rows"] * repeats
    chance.shuffle(pool)
    made = []
    for begin in range(0, len(pool), 8192):
        part = sorted(pool[begin : begin + 8192], key=lambda text: len(text[0]))
        batch = []
        for text in part:
            if batch and len(batch) >= TOKENS // padded(len(text[0])):
                made.append(batch)
                batch = []
            batch.append(text)
        made.append(batch)
    chance.shuffle(made)
    return made


def padded(length: int) -> int:
    """Lengths are padded to multiples of 8, so that few kernels have to be made."""
    return -(-length // 8) * 8


def together(batch: list[tuple]) -> torch.Tensor:
    """The ids of a batch, padded."""
    ids = torch.zeros(len(batch), padded(max(len(text[0]) for text in batch)), dtype=torch.long)
    for place, text in zip(ids, batch):
        place[: len(text[0])] = torch.tensor(text[0])
    return ids


class Guesser(nn.Module):
    """Says which token is hidden, by the vectors of the words; needed while learning alone."""

    def __init__(self) -> None:
        super().__init__()
        self.bend, self.norm = nn.Linear(WIDTH, WIDTH), Norm(WIDTH, eps=1e-12)

    def loss_of(self, net: Classifier, batch: list[tuple]) -> torch.Tensor:
        """Cross-entropy of the hidden tokens."""
        ids = together(batch)
        hide = hidden(ids)
        seen = net.encoded(ids.masked_fill(hide, vocabulary.MASK))[hide].float()
        seen = self.norm(F.gelu(self.bend(seen))).to(quicker())
        return F.cross_entropy(F.linear(seen, net.words.weight.to(seen.dtype)).float(), ids[hide])


def hidden(ids: torch.Tensor) -> torch.Tensor:
    """Which tokens are not shown this time."""
    return (torch.rand(ids.shape) < HIDDEN_TOKENS) & (ids > vocabulary.MASK)


def loss_of(net: Classifier, batch: list[tuple], before: Classifier | None) -> torch.Tensor:
    """Cross-entropy of the moods, and of the other questions where a row answers them."""
    ids = together(batch)
    tokens = net.encoded(ids.masked_fill(hidden(ids), vocabulary.MASK))
    seen = net.pooled(tokens)
    moods = torch.tensor([text[1][0] for text in batch], dtype=torch.float)
    if before is not None:
        reviews = [place for place, text in enumerate(batch) if len(text[1]) == 1]
        with torch.no_grad():
            own = before.heads["sentiment"](before(ids[reviews])).float().softmax(-1)
        moods[reviews] = moods[reviews].lerp(own, OWN)
    weight = torch.tensor([text[2] for text in batch])
    each = F.cross_entropy(net.heads["sentiment"](seen).float(), moods, reduction="none")
    loss = (each * weight).mean()
    ours = [place for place, text in enumerate(batch) if len(text[1]) > 1]
    for at, question in enumerate(QUESTIONS[1:], 1) if ours else ():
        labels = torch.tensor([batch[place][1][at] for place in ours])
        answer = net.heads[question](seen[ours]).float()
        loss = loss + 0.7 * F.cross_entropy(answer, labels, label_smoothing=0.03) * len(ours) / len(batch)
    signs = [(place, *batch[place][3]) for place in ours if batch[place][3]]
    if signs:
        wanted = torch.full((len(signs), ids.shape[1]), UNASKED)
        for row, (_, labels, _) in zip(wanted, signs):
            row[: len(labels)] = torch.tensor(labels)
        said = net.heads["marks"](tokens[[place for place, _, _ in signs]]).float()
        each = F.cross_entropy(said.transpose(1, 2), wanted, reduction="none", ignore_index=UNASKED, label_smoothing=0.03)
        counts = (wanted != UNASKED) * torch.tensor([weight for _, _, weight in signs])[:, None]
        loss = loss + MARKED * (each * counts).sum() / counts.sum() * len(signs) / len(batch)
    return loss


@torch.no_grad()
def right(net: Classifier, texts: list[tuple], question: str, at: int) -> list[bool]:
    """Which texts the net judges as they are labelled."""
    net.eval()
    judged = []
    for begin in range(0, len(texts), 64):
        part = texts[begin : begin + 64]
        best = net.heads[question](net(together(part))).float().argmax(-1)
        judged += [int(b) == text[1][at] for b, text in zip(best, part)]
    net.train()
    return judged


@torch.no_grad()
def marking(net: Classifier, texts: list[tuple]) -> float:
    """F1 of the tokens inside marks."""
    net.eval()
    both = said = wanted = 0
    texts = [text for text in texts if text[3]]
    for begin in range(0, len(texts), 64):
        part = texts[begin : begin + 64]
        best = net.heads["marks"](net.encoded(together(part))).float().argmax(-1) != marks.OUT
        for row, text in zip(best, part):
            labels = torch.tensor(text[3][0][1:-1])
            inside, found = labels != marks.OUT, row[1 : len(labels) + 1]
            both, said, wanted = both + int((inside & found).sum()), said + int(found.sum()), wanted + int(inside.sum())
    net.train()
    return 2 * both / max(1, said + wanted)


def report(net: Classifier, data: dict, tag: str) -> None:
    """Prints one line of the curve."""
    dev = right(net, data["dev"], "sentiment", 0)
    share = lambda lang: np.mean([ok for ok, text in zip(dev, data["dev"]) if text[2] == lang])  # noqa: E731
    held = " ".join(f"{q} {np.mean(right(net, data['held'], q, at)):.3f}" for at, q in enumerate(QUESTIONS))
    held += f" marks {marking(net, data['held']):.3f}"
    print(f"{tag} | public {np.mean(dev):.4f} zh {share('zh'):.4f} en {share('en'):.4f} | held out {held}", flush=True)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("corpus", type=Path, nargs="+")
    ask.add_argument("--dev", type=Path, required=True)
    ask.add_argument("--also", type=Path, nargs="*", default=[], help="labelled JSONL of this domain to learn from too")
    ask.add_argument("--marked", type=Path, nargs="*", default=[], help="of these the marks are learnt as well")
    ask.add_argument("--work", type=Path, default=HERE / "work")
    ask.add_argument("--rounds", type=float, default=1.5, help="how often every text is seen")
    ask.add_argument("--repeats", type=int, default=3, help="how often a round shows the rows of this domain")
    ask.add_argument("--rate", type=float, default=1e-3)
    ask.add_argument("--begin", type=Path, help="weights to go on from, instead of from nothing")
    ask.add_argument("--guess", action="store_true", help="learn to guess hidden tokens, and nothing else")
    ask.add_argument("--own", action="store_true", help="aim reviews at what the weights of --begin say, beside the labels")
    ask.add_argument("--out", default="net.pt", help="name of the file of weights in the work folder")
    asked = ask.parse_args()
    if asked.own and not asked.begin:
        ask.error("--own needs --begin: there is nobody to ask yet")
    asked.work.mkdir(exist_ok=True, parents=True)
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(1)
    chance = random.Random(1)
    data = encoded(asked, asked.work)
    net = Classifier(data["vocabulary"], HEADS)
    kept = (asked.work / asked.out).with_suffix(".state")
    before = None
    if asked.own:
        before = Classifier(data["vocabulary"], HEADS).eval().requires_grad_(False)
        before.load_state_dict(torch.load(asked.begin))
    guesser = Guesser() if asked.guess else None
    spent, steps, mean = 0.0, 0, None
    matrices = [p for p in net.parameters() if p.dim() > 1]
    vectors = [p for p in net.parameters() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    if guesser:
        groups.append({"params": list(guesser.parameters()), "weight_decay": 0.0})
    optimiser = torch.optim.AdamW(groups, lr=asked.rate, betas=(0.9, 0.98), eps=1e-6, foreach=True)
    if kept.exists():
        state = torch.load(kept)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        spent, steps, mean = state["spent"], state["steps"], state["mean"]
        if guesser:
            guesser.load_state_dict(state["guesser"])
        chance.seed(steps)
        print(f"goes on at step {steps}, {spent:.0f} s", flush=True)
    elif asked.begin:
        net.load_state_dict(torch.load(asked.begin))
    else:
        vectors = company([text[0] for text in data["reviews"] + data["rows"]], data["vocabulary"])
        net.words.weight.data[5:] = torch.tensor(vectors[5:], dtype=torch.float32)
    print(f"{len(data['reviews'])} reviews, {len(data['rows'])} rows, {sum(p.numel() for p in net.parameters())} parameters", flush=True)
    # Rounds and not minutes, so that a quicker machine is sooner done and does not see the texts too often.
    last = round(asked.rounds * len(batches(data, asked.repeats, random.Random(1))))
    # Who only guesses has answered no question yet.
    tell = (lambda tag: print(tag, flush=True)) if guesser else (lambda tag: report(net, data, tag))
    clock, total, many = time.monotonic, 0.0, 0
    begun, said = clock() - spent, clock()
    while steps < last:
        for batch in batches(data, asked.repeats, chance):
            done = steps / last
            if done >= 1:
                break
            for group in optimiser.param_groups:
                group["lr"] = asked.rate * min(1.0, (steps + 1) / 100) * (0.01 + 0.495 * (1 + math.cos(math.pi * done)))
            loss = guesser.loss_of(net, batch) if guesser else loss_of(net, batch, before)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            steps, total, many = steps + 1, total + float(loss), many + 1
            # A running mean of the weights over the last third judges better than the last step.
            if done > 0.66 and steps % 4 == 0:
                now = {name: tensor.detach().clone() for name, tensor in net.state_dict().items()}
                mean = now if mean is None else {name: mean[name].lerp(now[name], 0.03) for name in now}
            if clock() - said > 180:
                said = clock()
                tell(f"{said - begun:5.0f} s, step {steps} of {last}, loss {total / many:.3f}")
                total, many = 0.0, 0
                state = {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "mean": mean}
                state |= {"guesser": guesser.state_dict()} if guesser else {}
                torch.save(state | {"spent": said - begun, "steps": steps}, kept.with_suffix(".new"))
                kept.with_suffix(".new").replace(kept)
    tell("last step")
    if mean is not None:
        net.load_state_dict(mean)
        tell("mean of the last third")
    torch.save(net.state_dict(), kept.with_suffix(".new"))
    kept.with_suffix(".new").replace(asked.work / asked.out)


if __name__ == "__main__":
    main()
