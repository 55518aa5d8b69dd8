"""Trains the linear model over n-grams and writes `ngrams.safetensors`.

Four heads: sentiment on the public corpora and the rows of this domain; intent, category and
urgency on the rows of this domain. Multinomial logistic regression; the inverse document
frequency is folded into the weights, and the length of a text into 1/sqrt(features).
"""

import argparse
import json
import random
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression

import corpora
import rows as domain
from ngrams import matrix

HERE = Path(__file__).parent
SENTIMENT_BUCKETS, SENTIMENT_LONGEST = 2**19, 4
DOMAIN_BUCKETS, DOMAIN_LONGEST = 2**16, 3
DOMAIN_WEIGHT = 0.7
STRENGTH = {"sentiment": 8.0, "intent": 10.0, "category": 10.0, "urgency": 10.0}


def fit(x: sp.csr_matrix, y: list[int], weight: list[float], strength: float, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights (classes × buckets) and biases for rows of ones scaled by 1/sqrt(features)."""
    seen = np.asarray((x > 0).sum(0)).ravel()
    telling = (np.log((1 + x.shape[0]) / (1 + seen)) + 1) * (seen >= 2) / 6.0
    model = LogisticRegression(C=strength, max_iter=rounds, tol=1e-4)
    model.fit(scaled(x) @ sp.diags(telling), y, sample_weight=weight)
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
    step = np.quantile(np.abs(weights), 0.99999, axis=1) / 127
    return np.clip(np.round(weights.T / step), -127, 127).astype(np.int8), step.astype(np.float32)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("corpus", type=Path, nargs="+", help="public corpora (label, lang, source, text)")
    ask.add_argument("--dev", type=Path, help="a public corpus to measure on")
    ask.add_argument("--out", type=Path, default=HERE / "work" / "ngrams.safetensors")
    asked = ask.parse_args()
    reviews = [review for path in asked.corpus for review in corpora.read(path)]
    rows = domain.read(HERE / "rows")
    train = [row for row in rows if not domain.held_out(row.text)]
    held = [row for row in rows if domain.held_out(row.text)]
    tensors, note = {}, {"ngrams": {}}

    def keep(name: str, labels: list[str], longest: int, weights: np.ndarray, biases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        table, step = quantised(weights)
        tensors.update({f"{name}.weight": table, f"{name}.step": step, f"{name}.bias": biases.astype(np.float32)})
        note["ngrams"][name] = {"labels": labels, "longest": longest}
        return table.T * step[:, None].astype(np.float64), biases

    began = time.time()
    x = matrix([r.text for r in reviews] + [r.text for r in train], SENTIMENT_BUCKETS, SENTIMENT_LONGEST)
    y = [r.sentiment for r in reviews] + [r.sentiment for r in train]
    weight = corpora.weights(reviews) + [DOMAIN_WEIGHT] * len(train)
    print(f"{len(reviews)} reviews, {len(train)} rows of the domain, {time.time() - began:.0f} s for features", flush=True)
    model = keep("sentiment", domain.SENTIMENTS, SENTIMENT_LONGEST, *fit(x, y, weight, STRENGTH["sentiment"], 150))
    print(f"sentiment trained after {time.time() - began:.0f} s", flush=True)
    report("sentiment, rows held out", model, [(r.text, r.sentiment) for r in held], SENTIMENT_BUCKETS, SENTIMENT_LONGEST)
    if asked.dev:
        for lang in ("zh", "en"):
            dev = [(r.text, r.sentiment) for r in corpora.read(asked.dev) if r.lang == lang]
            report(f"sentiment, public {lang}", model, dev, SENTIMENT_BUCKETS, SENTIMENT_LONGEST)
    x = matrix([r.text for r in train], DOMAIN_BUCKETS, DOMAIN_LONGEST)
    for name, labels in (("intent", domain.INTENTS), ("category", domain.CATEGORIES), ("urgency", domain.URGENCIES)):
        y = [getattr(r, name) for r in train]
        model = keep(name, labels, DOMAIN_LONGEST, *fit(x, y, [1.0] * len(y), STRENGTH[name], 80))
        report(f"{name}, rows held out", model, [(r.text, getattr(r, name)) for r in held], DOMAIN_BUCKETS, DOMAIN_LONGEST)
    asked.out.parent.mkdir(exist_ok=True, parents=True)
    save_file(tensors, asked.out, metadata={"huifang": json.dumps(note["ngrams"])})
    print(f"{asked.out}: {asked.out.stat().st_size} bytes", flush=True)


def report(what: str, model: tuple[np.ndarray, np.ndarray], asked: list[tuple[str, int]], buckets: int, longest: int) -> None:
    """Prints how many texts are judged as labelled."""
    judged = likely(*model, matrix([text for text, _ in asked], buckets, longest)).argmax(1)
    right = sum(int(j == label) for j, (_, label) in zip(judged, asked))
    print(f"{what}: {right / max(1, len(asked)):.3f} of {len(asked)}", flush=True)


if __name__ == "__main__":
    random.seed(1)
    main()
