"""The chooser of ratings: which of the numbers in a message is the mark, or whether there is none.

    python ratings.py --program huifang [--also rows.jsonl …] [--test rows.jsonl …] [--into ngrams.safetensors]

The program lists every reading of a message with its signs (`huifang analyze --why`,
`src/tagging/score/readings.rs`); here each sign gets a weight, so that the right reading is the
likeliest (a conditional logit). Every row is learnt as a message of its own accord and as the
answer to a question on its scale.
"""

import argparse
import json
import subprocess
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from safetensors import safe_open
from safetensors.numpy import save_file
from scipy.optimize import minimize

import rows as domain

HERE = Path(__file__).parent
RIDGE, RAREST, LEAST = 1.5, 2, 0.03  # penalty of squared weights; signs met less often, and weights below, are left out
# To read a mark where none was given costs more than to ask once more.
NONE_COUNTS = 1.2
# What is awaited, and which scales a reading then has to be right on.
SCALES = {"none": ("score", "nps"), "score_1_5": ("score",), "nps_0_10": ("nps",), "score_1_10": ("score10",)}
# A row of these intents states no mark, whatever numbers it has.
UNRATED = ("repair_report", "progress_query", "human_agent", "suggestion", "smalltalk")


def own_rows() -> list[dict]:
    """Returns the rows of this folder: text, mark out of five, mark out of ten; `-` where there is none."""
    out = []
    for file in sorted((HERE / "rows" / "ratings").glob("*.tsv")):
        for line in file.read_text("utf-8").splitlines():
            text, score, nps = line.split("\t")
            out.append({"text": text, "score": None if score == "-" else float(score), "nps": None if nps == "-" else int(nps)})
    return out


def unrated_rows() -> list[dict]:
    """Returns one in five of the other rows that rate nothing."""
    texts = []
    for file in sorted((HERE / "rows").glob("*.tsv")):
        columns = (line.split("\t") for line in file.read_text("utf-8").splitlines())
        texts += [row[5] for row in columns if len(row) == 6 and row[2] in UNRATED]
    return [{"text": text, "score": None, "nps": None} for text in texts if zlib.crc32(text.encode()) % 5 == 1]


def marked(path: Path) -> list[dict]:
    """Returns the rows of a file that say what is rated."""
    return [row for row in domain.jsonl(path) if "score" in row and "nps" in row]


def asked(row: dict) -> list[dict]:
    """Returns the row as said of its own accord and as an answer, each with what is then right."""
    score, nps, text = row["score"], row["nps"], row["text"]
    awaiting = row.get("awaiting") or "none"
    out = [{"text": text, "awaiting": awaiting, "right": {"score": score, "nps": nps}}] if awaiting in SCALES else []
    if awaiting != "none" or (score is not None and nps is not None):
        return out
    if nps is None:
        out.append({"text": text, "awaiting": "score_1_5", "right": {"score": score}})
    if score is None:
        out.append({"text": text, "awaiting": "nps_0_10", "right": {"nps": nps}})
    if nps is not None and nps >= 1:
        out.append({"text": text, "awaiting": "score_1_10", "right": {"score10": nps}})
    return out


def read(rows: list[dict], program: list[str]) -> list[dict]:
    """Returns what is asked of the rows, with the program's readings and which of them are right."""
    questions = [question for row in rows for question in asked(row)]
    lines = "".join(json.dumps({"text": q["text"], "awaiting": q["awaiting"]}, ensure_ascii=False) + "\n" for q in questions)
    ran = subprocess.run([*program, "analyze", "--why", "--lexicon-only"], input=lines, capture_output=True, text=True, check=True)
    for question, line in zip(questions, ran.stdout.splitlines(), strict=True):
        readings, scales = json.loads(line)["why"]["ratings"], SCALES[question["awaiting"]]
        right = question["right"]
        question["signs"] = [reading["signs"] for reading in readings]
        question["hits"] = [all(reading[scale] == right.get(scale) for scale in scales) for reading in readings]
        question["stated"] = [tuple(reading[scale] for scale in ("score", "score10", "nps")) for reading in readings]
        question["none"] = all(value is None for value in right.values())
    return questions


def fit(questions: list[dict]) -> dict[int, float]:
    """Returns the weight of each sign. Where no reading is right, the right answer is to read nothing."""
    met = Counter(sign for question in questions for signs in question["signs"] for sign in set(signs))
    places = {sign: place for place, sign in enumerate(sorted(sign for sign, count in met.items() if count >= RAREST))}
    columns, ends, hits, firsts, counts = [], [0], [], [], []
    for question in questions:
        if len(question["signs"]) < 2:
            continue
        firsts.append(len(hits))
        counts.append(NONE_COUNTS if question["none"] else 1.0)
        hits += question["hits"] if any(question["hits"]) else [False] * (len(question["hits"]) - 1) + [True]
        for signs in question["signs"]:
            columns += [places[sign] for sign in signs if sign in places]
            ends.append(len(columns))
    table = sp.csr_matrix((np.ones(len(columns)), columns, ends), (len(hits), len(places)))
    turned, right, firsts, counts = table.T.tocsr(), np.array(hits, float), np.array(firsts), np.array(counts)
    group = np.repeat(np.arange(len(firsts)), np.diff(np.append(firsts, len(hits))))

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = table @ weights
        powers = np.exp(scores - np.maximum.reduceat(scores, firsts)[group])
        all_of, right_of = np.add.reduceat(powers, firsts), np.add.reduceat(powers * right, firsts)
        slope = (powers / all_of[group] - powers * right / right_of[group]) * counts[group]
        return (np.log(all_of / right_of) * counts).sum() + RIDGE / 2 * weights @ weights, turned @ slope + RIDGE * weights

    found = minimize(loss, np.zeros(len(places)), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    return {sign: found[place] for sign, place in places.items() if abs(found[place]) >= LEAST}


def chosen_right(question: dict, weights: dict[int, float]) -> bool:
    """Whether the reading that is chosen is right; readings that come to the same speak for each other."""
    if not question["signs"]:
        return question["none"]
    powers = np.exp([sum(weights.get(sign, 0.0) for sign in signs) for signs in question["signs"]])
    sums: dict[tuple, float] = {}
    for stated, power in zip(question["stated"], powers):
        sums[stated] = sums.get(stated, 0.0) + power
    return question["hits"][question["stated"].index(max(sums, key=sums.get))]


def report(name: str, questions: list[dict], weights: dict[int, float]) -> None:
    """Prints the share of marks found, and of messages without one in which none is read."""
    for awaited in (False, True):
        shares = []
        for none in (False, True):
            some = [q for q in questions if (q["awaiting"] != "none") == awaited and q["none"] == none]
            hits = sum(chosen_right(q, weights) for q in some)
            shares.append(f"{hits}/{len(some)} = {hits / max(1, len(some)):.3f}")
        print(f"{name}{', awaited' if awaited else ''}: stated {shares[0]}, absent {shares[1]}", flush=True)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--program", nargs="+", default=["huifang"])
    ask.add_argument("--also", type=Path, nargs="*", default=[], help="JSONL with score and nps to learn from too")
    ask.add_argument("--test", type=Path, nargs="*", default=[], help="JSONL with score and nps to measure on")
    ask.add_argument("--cross", type=int, default=0, help="measure on each of so many parts of the rows, learnt from the others")
    ask.add_argument("--into", type=Path, default=HERE.parent / "ngrams.safetensors")
    given = ask.parse_args()
    own = read(own_rows(), given.program)
    also = [row for path in [*domain.whole(HERE / "rows"), *given.also] for row in marked(path)]
    others = read(unrated_rows() + also, given.program)
    if given.cross:
        texts = list(dict.fromkeys(question["text"] for question in own))  # in the order of their authors
        part = {text: place * given.cross // len(texts) for place, text in enumerate(texts)}
        for number in range(given.cross):
            weights = fit([q for q in own if part[q["text"]] != number] + others)
            report(f"part {number}", [q for q in own if part[q["text"]] == number], weights)
    weights = fit(own + others)
    step = np.float32(np.quantile(np.abs(list(weights.values())), 0.999) / 127)
    signs = np.array(sorted(weights), np.uint32)
    table = np.clip([round(weights[int(sign)] / step) for sign in signs], -127, 127).astype(np.int8)
    print(f"{len(own) + len(others)} questions, {len(signs)} signs")
    for path in given.test:
        report(path.name, read(marked(path), given.program), {int(sign): weight * step for sign, weight in zip(signs, table)})
    with safe_open(given.into, "numpy") as before:
        note = before.metadata()
        tensors = {name: before.get_tensor(name) for name in before.keys() if not name.startswith("ratings.")}
    tensors |= {"ratings.sign": signs, "ratings.weight": table, "ratings.step": np.array([step], np.float32)}
    save_file(tensors, given.into, metadata=note)
    print(f"{given.into}: {given.into.stat().st_size} bytes")


if __name__ == "__main__":
    main()
