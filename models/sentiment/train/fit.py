"""Fits how far each judge is trusted, and prints the constants of `src/tagging/merge.rs`.

Reads what `huifang analyze --why` says of rows that no model was trained on, with their labels, and
finds the powers under which the labels are likeliest together: three numbers a question, so that a
few hundred rows suffice.
"""

import argparse
import json
import subprocess
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

import rows as domain

FLOOR = 1e-4
# As `is_mortal` in `src/tagging/merge.rs`.
MORTAL = {"gas", "co", "electric", "lift", "structure"}


def explained(rows: list[dict], program: list[str]) -> list[dict]:
    """The rows with what each judge said of them."""
    asked = "".join(json.dumps({"text": row["text"]}, ensure_ascii=False) + "\n" for row in rows)
    ran = subprocess.run([*program, "analyze", "--why"], input=asked, capture_output=True, text=True, check=True)
    return [row | {"said": json.loads(line)} for row, line in zip(rows, ran.stdout.splitlines(), strict=True)]


def read(path: Path, program: list[str]) -> list[dict]:
    """JSONL of this domain, or a public corpus (label, lang, source, text)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if path.suffix == ".jsonl":
        return explained([json.loads(line) for line in lines], program)
    cells = (line.split("\t") for line in lines)
    return explained([{"sentiment": label, "lang": lang, "source": source, "text": text} for label, lang, source, text in cells], program)


def log(likely: list[float]) -> np.ndarray:
    """Logarithms of probabilities, none of them of nothing."""
    return np.log(np.maximum(FLOOR, np.array(likely)))


def mood_of_rules(said: dict) -> np.ndarray:
    """What the rules' verdict is worth, as `Voices::mood` reads it."""
    mood = said["why"]["mood"]
    sure = min(0.97, max(0.34, mood["confidence"]))
    return np.log([sure if label == mood["sentiment"] else (1 - sure) / 2 for label in domain.SENTIMENTS])


QUESTIONS = {
    "MOOD": ("sentiment", domain.SENTIMENTS, mood_of_rules),
    "REVIEW": ("sentiment", domain.SENTIMENTS, mood_of_rules),
    "INTENT": ("intent", domain.INTENTS, lambda said: np.clip(said["why"]["rules"]["intent"], 0, 5)),
    "TRADE": ("category", domain.CATEGORIES, lambda said: np.clip(said["why"]["rules"]["trade"], 0, 4)),
}


def asked(row: dict, question: str) -> bool:
    """Whether a row answers a question: public rows are reviews, the others are not."""
    key = QUESTIONS[question][0]
    if key != "sentiment":
        return key in row
    if "source" in row or question == "REVIEW":
        return "source" in row and question == "REVIEW"
    return key in row and not stated(row)


def evidence(rows: list[dict], question: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows × judges × labels, and the labels given."""
    key, labels, of_rules = QUESTIONS[question]
    use = [row for row in rows if asked(row, question)]
    ngrams = lambda why: why["ngrams"]["review"] if question == "REVIEW" else why["ngrams"]  # noqa: E731
    found = [[of_rules(row["said"]), log(ngrams(row["said"]["why"])[key]), log(row["said"]["why"]["model"][key])] for row in use]
    return np.array(found), np.array([labels.index(row[key] or "none") for row in use])


def stated(row: dict) -> bool:
    """Whether a mark was stated, which decides the mood alone."""
    return any(row["said"].get(key) is not None for key in ("score", "score10", "nps")) or bool(row["said"].get("dims"))


def together(found: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """Scores of the labels under three powers and, after them, what speaks for each label before anything is said."""
    return np.tensordot(found, powers[:3], axes=([1], [0])) + powers[3:]


def fit(found: np.ndarray, labels: np.ndarray, weight: np.ndarray, leans: bool) -> np.ndarray:
    """The powers that make the labels likeliest; none is negative."""
    many = found.shape[2]

    def loss(powers: np.ndarray) -> float:
        scores = together(found, powers)
        scores -= scores.max(1, keepdims=True)
        return float((weight * (np.log(np.exp(scores).sum(1)) - scores[np.arange(len(labels)), labels])).sum() / weight.sum()) + 0.002 * float(powers @ powers)

    free = [(-2, 2) if leans else (0, 0)] * many
    return minimize(loss, np.concatenate([np.full(3, 0.5), np.zeros(many)]), bounds=[(0, 3)] * 3 + free).x


def danger(rows: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Words of danger, whether of a mortal kind, words against it, odds of both models; and whether it was one."""
    odds = lambda likely: np.log(np.clip(likely[-1], 1e-4, 1 - 1e-4) / (1 - np.clip(likely[-1], 1e-4, 1 - 1e-4)))  # noqa: E731
    use = [row for row in rows if "urgency" in row]
    found = [
        [1.0, row["said"]["why"]["rules"]["is_open_danger"], row["said"]["why"]["rules"]["hazard"] in MORTAL, row["said"]["why"]["rules"]["is_guarded_danger"],
         odds(row["said"]["why"]["ngrams"]["urgency"]), odds(row["said"]["why"]["model"]["urgency"])]
        for row in use
    ]  # fmt: skip
    return np.array(found, float), np.array([row["urgency"] == "emergency" for row in use])


def fit_danger(found: np.ndarray, is_one: np.ndarray, missed: float) -> np.ndarray:
    """Logistic regression in which an emergency that is missed weighs `missed` times a false alarm."""
    weight = np.where(is_one, missed, 1.0)

    def loss(powers: np.ndarray) -> float:
        margin = np.where(is_one, 1, -1) * (found @ powers)
        return float((weight * np.logaddexp(0, -margin)).sum() / weight.sum()) + 0.003 * float(powers[1:] @ powers[1:])

    return minimize(loss, np.zeros(6), bounds=[(-8, 8), (0, 6), (0, 6), (-3, 1), (0, 3), (0, 3)]).x


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--program", nargs="+", default=["huifang"])
    ask.add_argument("--fit", type=Path, nargs="+", required=True)
    ask.add_argument("--test", type=Path, nargs="*", default=[])
    ask.add_argument("--missed", type=float, default=3.0)
    given = ask.parse_args()
    groups = [read(path, given.program) for path in given.fit]
    tests = {path.name: read(path, given.program) for path in [*given.fit, *given.test]}
    rows = [row for group in groups for row in group]
    for name in QUESTIONS:
        found, labels = evidence(rows, name)
        if not len(labels):
            continue
        # Public rows are many; all groups count alike.
        sizes = [sum(asked(row, name) for row in group) for group in groups]
        weight = np.concatenate([np.full(n, 1 / n) for n in sizes if n])
        is_mood = QUESTIONS[name][0] == "sentiment"
        powers = fit(found, labels, weight, leans=is_mood)
        print(f"{name}: rules {powers[0]:.2f}, ngrams {powers[1]:.2f}, model {powers[2]:.2f}" + (f", leans {np.round(powers[3:] - powers[5], 2)}" if is_mood else ""))
        for path, test in tests.items():
            found, labels = evidence(test, name)
            if len(labels) < 2:
                continue
            each = " ".join(f"{(found[:, judge].argmax(1) == labels).mean():.3f}" for judge in range(3))
            judged = together(found, powers).argmax(1)
            recall = " ".join(f"{(judged[labels == label] == label).mean():.3f}" for label in np.unique(labels)) if is_mood else ""
            print(f"  {path}: rules, ngrams, model {each}; together {(judged == labels).mean():.3f} of {len(labels)} {recall}")
    found, is_one = danger(rows)
    powers = fit_danger(found, is_one, given.missed)
    print("DANGER: base {:.2f}, open {:.2f}, mortal {:.2f}, guarded {:.2f}, ngrams {:.2f}, model {:.2f}".format(*powers))
    for path, test in tests.items():
        found, is_one = danger(test)
        if is_one.any():
            alarm = found @ powers > 0
            print(f"  {path}: recall {alarm[is_one].mean():.3f} of {is_one.sum()}, false alarms {alarm[~is_one].mean():.3f} of {(~is_one).sum()}")


if __name__ == "__main__":
    main()
