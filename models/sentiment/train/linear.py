"""Trains the linear model over n-grams and writes `ngrams.safetensors`.

Four heads on the rows of this domain: sentiment, intent, category and urgency. Two more for the
moods of public reviews and tweets, one in Chinese and one in other languages; and one that tells
a message to a service from a review or tweet, so that each is judged by the heads that know its
kind: in one head the two pull against each other. Logistic regression; what a feature tells is
folded into the weights, and the length of a text into 1/sqrt(features).
"""

import argparse
import collections
import json
import random
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from safetensors import safe_open
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression

import corpora
import rows as domain
from ngrams import matrix

HERE = Path(__file__).parent
# Buckets and longest run of tokens of each head.
SIZES = {
    "sentiment": (2**18, 4),
    "reviews_zh": (2**20, 4),
    "reviews_en": (2**19, 4),
    "kind": (2**18, 4),
    "intent": (2**16, 3),
    "category": (2**16, 3),
    "urgency": (2**16, 3),
}
KINDS = ["service", "review"]
# The moods of reviews that have a column; what speaks for neutral is subtracted from both, which changes no
# probability and spares a third of the bytes.
BESIDE_NEUTRAL = ["negative", "positive"]
# Inverse of the regularisation, on rows of this domain and on public ones.
STRENGTH, PUBLIC_STRENGTH = 20.0, 10.0
# What a row of `english_moods.tsv` counts beside the public ones, and beside those of the domain.
ENGLISH_WEIGHT, ENGLISH_BESIDE = 3.0, 0.5
# What a labelled file that is given besides counts: these authors knew nothing of the rows, which are seven times as many.
LABELLED_WEIGHT = 2.0
# Public rows of each source that are shown to the head of kinds, how strongly it learns, and what all of them count
# beside all rows of the domain. With more of them and longer runs the gate takes 98 % of the reviews for reviews.
KIND_ROWS, KIND_STRENGTH, KIND_WEIGHT = 3000, 100.0, 1.5


def fit(x: sp.csr_matrix, y: list[int], weight: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Weights (classes × buckets) and biases for rows of ones scaled by 1/sqrt(features)."""
    telling = rarity(x)
    model = LogisticRegression(C=STRENGTH, max_iter=100, tol=1e-3)
    model.fit(scaled(x) @ sp.diags(telling), y, sample_weight=weight)
    return model.coef_ * telling, model.intercept_


def rarity(x: sp.csr_matrix) -> np.ndarray:
    """What a feature tells by being rare; nothing where it stands once."""
    seen = np.asarray((x > 0).sum(0)).ravel()
    return (np.log((1 + x.shape[0]) / (1 + seen)) + 1) * (seen >= 2) / 6.0


def spread(x: sp.csr_matrix, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """What a feature tells by how unevenly the moods use it: the root of the spread of their log-odds."""
    often = np.array([x[y == c].T @ weight[y == c] for c in range(3)])
    odds = np.log((often + 1) / (np.array([[weight[y == c].sum()] for c in range(3)]) + 2))
    return (odds - odds.mean(0)).std(0) ** 0.5 * (np.asarray((x > 0).sum(0)).ravel() >= 2)


def fit_public(x: sp.csr_matrix, y: np.ndarray, weight: np.ndarray, telling: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `fit`, for many rows: one class against the others."""
    used = np.flatnonzero(telling)
    ready = (scaled(x) @ sp.diags(telling)).tocsr()[:, used]
    weights, biases = np.zeros((3, x.shape[1])), np.zeros(3)
    for c in range(3):
        model = LogisticRegression(C=PUBLIC_STRENGTH, solver="liblinear", dual=True, max_iter=60, tol=1e-2, random_state=1)
        model.fit(ready, y == c, sample_weight=weight)
        weights[c, used], biases[c] = model.coef_[0] * telling[used], model.intercept_[0]
    return weights, biases


def fit_kind(ours: list[str], theirs: list[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias for "a review": texts of this domain against texts of sources, each of which counts by its root."""
    size = collections.Counter(source for source, _ in theirs)
    weight = np.array([1.0] * len(ours) + [size[source] ** -0.5 for source, _ in theirs])
    weight[len(ours) :] *= KIND_WEIGHT * len(ours) / weight[len(ours) :].sum()
    x = matrix(ours + [text for _, text in theirs], *SIZES["kind"])
    telling = rarity(x)
    model = LogisticRegression(C=KIND_STRENGTH, solver="liblinear", dual=True, max_iter=60, tol=1e-2, random_state=1)
    model.fit(scaled(x) @ sp.diags(telling), np.arange(len(weight)) >= len(ours), sample_weight=weight)
    return model.coef_ * telling, model.intercept_


def scaled(x: sp.csr_matrix) -> sp.csr_matrix:
    """Each row by 1/sqrt of its number of buckets."""
    many = np.maximum(1, np.asarray((x > 0).sum(1)).ravel())
    return (sp.diags(1 / np.sqrt(many)) @ x).tocsr()


def likely(weights: np.ndarray, biases: np.ndarray, x: sp.csr_matrix) -> np.ndarray:
    """Probabilities, one row a text."""
    raw = np.asarray(scaled(x) @ weights.T + biases)
    raw = np.exp(raw - raw.max(1, keepdims=True))
    return raw / raw.sum(1, keepdims=True)


def quantised(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bytes (buckets × classes) and the step of each class; outliers are clipped."""
    step = np.maximum(1e-9, np.quantile(np.abs(weights), 0.99999, axis=1)) / 127
    table = np.clip(np.round(weights.T / step), -127, 127).astype(np.int8)
    # The file takes the bytes as they lie.
    return np.ascontiguousarray(table), step.astype(np.float32)


def beside_neutral(weights: np.ndarray, biases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What speaks for blame and for praise more than for neutral."""
    return weights[[0, 2]] - weights[1], biases[[0, 2]] - biases[1]


def with_neutral(weights: np.ndarray, biases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The way back: nothing speaks for neutral."""
    return np.vstack([weights[0], np.zeros_like(weights[0]), weights[1]]), np.array([biases[0], 0.0, biases[1]])


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("corpus", type=Path, nargs="+", help="public corpora (label, lang, source, text)")
    ask.add_argument("--dev", type=Path, help="a public corpus to measure on")
    ask.add_argument("--also", type=Path, nargs="*", default=[], help="labelled JSONL of this domain to learn from too")
    ask.add_argument("--public", type=Path, help="a file made before, to take the heads of public reviews from")
    ask.add_argument("--out", type=Path, default=HERE / "work" / "ngrams.safetensors")
    asked = ask.parse_args()
    reviews = [review for path in asked.corpus for review in corpora.read(path)]
    rows = domain.read(HERE / "rows")
    train = domain.learnt(HERE / "rows", rows, asked.also)
    held = [row for row in rows if domain.held_out(row.text)]
    of_domain = [row for row in train if row.intent != domain.UNKNOWN]
    english = [row for row in rows if row.intent == domain.UNKNOWN]
    labelled = {row.text for path in asked.also for row in domain.fixtures(path)}
    tensors, note = {}, {}

    def keep(name: str, labels: list[str], weights: np.ndarray, biases: np.ndarray, tests: dict[str, list[tuple[str, int]]]) -> None:
        table, step = quantised(weights)
        tensors.update({f"{name}.weight": table, f"{name}.step": step, f"{name}.bias": biases.astype(np.float32)})
        note[name] = {"labels": labels, "longest": SIZES[name][1]}
        kept = table.T * step[:, None].astype(np.float64), biases
        for what, asked in tests.items():
            report(f"{name}, {what}", with_neutral(*kept) if labels == BESIDE_NEUTRAL else kept, asked, *SIZES[name])

    for name, labels in (("sentiment", domain.SENTIMENTS), ("intent", domain.INTENTS), ("category", domain.CATEGORIES), ("urgency", domain.URGENCIES)):
        known = [row for row in train if getattr(row, name) != domain.UNKNOWN]
        y = [getattr(row, name) for row in known]
        share = np.bincount(y, minlength=len(labels)) / len(y)
        # Moods that are rarer in the rows than in the world count more.
        even = [1.0 if name != "sentiment" else (1 / 3 / share[label]) ** 0.5 for label in y]
        counts = lambda row: ENGLISH_BESIDE if row.intent == domain.UNKNOWN else LABELLED_WEIGHT if row.text in labelled else 1.0  # noqa: E731
        weight = [e * counts(row) for e, row in zip(even, known)]
        model = fit(matrix([row.text for row in known], *SIZES[name]), y, weight)
        keep(name, labels, *model, {"rows held out": [(r.text, getattr(r, name)) for r in held if r.intent != domain.UNKNOWN]})

    shown, seen = [], collections.Counter()
    for review in random.Random(1).sample(reviews, len(reviews)):
        if seen[review.source] < KIND_ROWS:
            seen[review.source] += 1
            shown.append((review.source, review.text))
    shown += [("english_moods", row.text) for row in english if row.text.startswith("@user")]
    tests = {"rows held out": [(r.text, 0) for r in held if r.intent != domain.UNKNOWN]}
    if asked.dev:
        tests["public"] = [(r.text, 1) for r in corpora.read(asked.dev)]
    one = fit_kind([row.text for row in of_domain], shown)
    keep("kind", KINDS, np.vstack([np.zeros_like(one[0]), one[0]]), np.array([0.0, one[1][0]]), tests)

    if asked.public:
        with safe_open(asked.public, "numpy") as before:
            known = json.loads(before.metadata()["huifang"])
            note |= {name: known[name] for name in known if name.startswith("reviews_")}
            tensors |= {name: before.get_tensor(name) for name in before.keys() if name.startswith("reviews_")}
    for lang in () if asked.public else ("zh", "en"):
        name = f"reviews_{lang}"
        known = [review for review in reviews if review.lang == lang]
        more = [row for row in english if lang == "en"]
        began = time.time()
        x = matrix([r.text for r in known] + [r.text for r in more], *SIZES[name])
        y = np.array([r.sentiment for r in known] + [r.sentiment for r in more])
        # Measured: rarity is better in Chinese, where rows are many, the spread in English.
        if lang == "zh":
            weight = np.array(corpora.by_root(known))
            model = fit_public(x, y, weight, rarity(x))
        else:
            weight = np.array(corpora.weights(known) + [ENGLISH_WEIGHT] * len(more))
            model = fit_public(x, y, weight, spread(x, y, weight))
        print(f"{name}: {x.shape[0]} texts, {time.time() - began:.0f} s", flush=True)
        dev = [(r.text, r.sentiment) for r in corpora.read(asked.dev) if r.lang == lang] if asked.dev else []
        keep(name, BESIDE_NEUTRAL, *beside_neutral(*model), {"public": dev})
    asked.out.parent.mkdir(exist_ok=True, parents=True)
    # In one step: what is half written would be taken for whole by the next run.
    new = asked.out.with_suffix(".new")
    save_file(tensors, new, metadata={"huifang": json.dumps(note)})
    new.replace(asked.out)
    print(f"{asked.out}: {asked.out.stat().st_size} bytes", flush=True)


def report(what: str, model: tuple[np.ndarray, np.ndarray], asked: list[tuple[str, int]], buckets: int, longest: int) -> None:
    """Prints how many texts are judged as labelled."""
    judged = likely(*model, matrix([text for text, _ in asked], buckets, longest)).argmax(1)
    right = sum(int(j == label) for j, (_, label) in zip(judged, asked))
    print(f"{what}: {right / max(1, len(asked)):.3f} of {len(asked)}", flush=True)


if __name__ == "__main__":
    random.seed(1)
    main()
