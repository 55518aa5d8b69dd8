"""Trains the marker of keywords and adds it to `ngrams.safetensors`.

A token-wise logistic regression (outside, begins, inside) over the tokens around, what the lexicon
marked there, and the mood and intent of the whole; the best sequence is found by Viterbi in
`src/tagging/marks.rs`, which makes the same features. Rows, marked by hand: `rows/keywords/marks.tsv`, and
`rows/whole/*.jsonl`, which count three times: their authors marked as the development half does.
"""

import argparse
import json
import subprocess
import zlib
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from safetensors import safe_open
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression

import linear
import rows as domain
from fold import fold
from linear import quantised
from ngrams import MOST_TOKENS, TOKEN

HERE = Path(__file__).parent
BUCKETS = 2**17
CROSSED = 4
# How far the order of labels counts, and what speaks against marking: in messages as they come there is less to mark
# than in the rows. Chosen on the development half and totals over the twelfth and thirteenth fixture.
PULL, SPARING = 1.4, 0.4
OUT, BEGINS, INSIDE = range(3)
MOODS = ["negative", "neutral", "positive"]


def tokens(folded: str) -> list[tuple[int, int, str]]:
    """First and one-past-last folded character of each token, and its form."""
    found = [(m.start(), m.end(), m.group()) for m in TOKEN.finditer(folded)][:MOST_TOKENS]
    return [(a, b, "#" if t.isascii() and t.isdigit() and len(t) > 2 else t) for a, b, t in found]


def features(words: list[str], lexicon: list[str], mood: str, intent: str) -> list[list[str]]:
    """What is known of each token: its neighbours, the lexicon's marks, the mood of the whole."""
    padded = ["\x03"] * 4 + words + ["\x04"] * 4
    marked = ["-"] + lexicon + ["-"]
    made = []
    for at in range(len(words)):
        here = at + 4
        found = [f"1{o}|{padded[here + o]}" for o in range(-4, 5)]
        found += [f"2{o}|{padded[here + o]}\x01{padded[here + o + 1]}" for o in range(-3, 3)]
        found += ["3%d|%s" % (o, "\x01".join(padded[here + o : here + o + 3])) for o in range(-2, 1)]
        found += ["4%d|%s" % (o, "\x01".join(padded[here + o : here + o + 4])) for o in range(-3, 1)]
        found += [f"L|{marked[at]}{marked[at + 1]}{marked[at + 2]}", f"l|{marked[at + 1]}|{mood}", f"l|{marked[at + 1]}|{words[at]}"]
        found += [f"M|{mood}", f"M|{mood}|{words[at]}", f"N|{min(len(words), 12)}"]
        found += [f"I|{mood}|{intent}", f"I|{mood}|{intent}|{marked[at + 1]}"]
        made.append(found)
    return made


def lexicon_of(words: list[tuple[int, int, str]], folded_at: list[int], keywords: list[dict]) -> list[str]:
    """What the lexicon says of each token: `-`, or the mood it marked, capital where the mark begins."""
    said = ["-"] * len(words)
    for keyword in keywords:
        begun = False
        for place, (start, end, _) in enumerate(words):
            if folded_at[start] >= keyword["start"] and folded_at[end - 1] < keyword["end"]:
                letter = keyword["polarity"][2]  # neGative, neUtral, poSitive
                said[place] = letter if begun else letter.upper()
                begun = True
    return said


def stretches(text: str, spans: list[str]) -> list[tuple[int, int]]:
    """Where marked words stand, each after the one before if it is found there."""
    found, at = [], 0
    for span in spans:
        start = text.find(span, at)
        start = text.find(span) if start < 0 else start
        if start >= 0:
            at = start + len(span)
            found.append((start, at))
    return found


def labels_of(words: list[tuple[int, int, str]], folded: str, spans: list[str]) -> list[int]:
    """Which tokens a person marked."""
    labels = [OUT] * len(words)
    for start, end in stretches(folded, [fold(span) for span in spans]):
        begun = False
        for place, (a, b, _) in enumerate(words):
            if a >= start and b <= end:
                labels[place] = INSIDE if begun else BEGINS
                begun = True
    return labels


def examples(also: list[Path]) -> tuple[list[tuple[str, list[str]]], list[tuple[str, list[str]]]]:
    """Texts with the stretches a person marked: those of `marks.tsv` and plain reports, in which nothing is marked;
    and those whose authors marked as the development half does, with those of other files."""
    lines = (HERE / "rows" / "keywords" / "marks.tsv").read_text(encoding="utf-8").splitlines()
    first = [(text, [span for span in spans_.split("|") if span]) for text, spans_ in (line.split("\t") for line in lines)]
    found = [row for path in [*domain.whole(HERE / "rows"), *also] for row in domain.jsonl(path)]
    more = [(row["text"], row["emotion_keywords"]) for row in found if "emotion_keywords" in row]
    known = {text for text, _ in first + more}
    plain = [row.text for row in domain.read(HERE / "rows") if row.sentiment == 1 and row.text not in known]
    return first + [(text, []) for text in plain if zlib.crc32(text.encode()) % 3 == 1], more


def explained(texts: list[str], program: list[str], *options: str) -> list[dict]:
    """What the program says of each text: the lexicon's marks, and its verdict."""
    asked = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    ran = subprocess.run([*program, "analyze", "--why", *options], input=asked, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def original(text: str) -> list[int]:
    """For each folded character its place in the text as given."""
    return [place for place, c in enumerate(text) if fold(c)]


def prepare(text: str, said: dict, mood: str, intent: str) -> tuple[list[tuple[int, int, str]], str, list[list[str]]]:
    """Tokens, folded text and features of one text."""
    folded = fold(text)
    words = tokens(folded)
    lexicon = lexicon_of(words, original(text), said["why"]["marks"])
    return words, folded, features([word for _, _, word in words], lexicon, mood, intent)


def verdicts(texts: list[str]) -> list[tuple[str, str]]:
    """Mood and intent of each text, by models that were trained without it.

    The verdicts of the program would be too good on rows that its models have learnt, and the
    marker would trust them too far.
    """
    rows = [row for row in domain.read(HERE / "rows") if row.intent != domain.UNKNOWN]
    rows += [row for path in domain.whole(HERE / "rows") for row in domain.fixtures(path)]
    made = []
    for question, labels in (("sentiment", MOODS), ("intent", domain.INTENTS)):
        answer = [0] * len(texts)
        for part in range(CROSSED):
            others = [row for row in rows if zlib.crc32(row.text.encode()) // 12 % CROSSED != part]
            x = linear.matrix([row.text for row in others], *linear.SIZES["intent"])
            model = linear.fit(x, [getattr(row, question) for row in others], [1.0] * len(others))
            mine = [place for place, text in enumerate(texts) if zlib.crc32(text.encode()) // 12 % CROSSED == part]
            judged = linear.likely(*model, linear.matrix([texts[place] for place in mine], *linear.SIZES["intent"])).argmax(1)
            for place, label in zip(mine, judged):
                answer[place] = int(label)
        made.append([labels[label] for label in answer])
    return list(zip(*made))


def matrix(rows: list[list[list[str]]]) -> sp.csr_matrix:
    """One row a token."""
    places, ends, known = [], [0], {}
    for row in rows:
        for token in row:
            for feature in token:
                bucket = known.get(feature)
                if bucket is None:
                    bucket = known[feature] = zlib.crc32(feature.encode()) % BUCKETS
                places.append(bucket)
            ends.append(len(places))
    x = sp.csr_matrix((np.ones(len(places)), np.array(places, np.int32), np.array(ends)), shape=(len(ends) - 1, BUCKETS))
    x.sum_duplicates()
    return x


def best_sequence(scores: np.ndarray, step: np.ndarray) -> list[int]:
    """The likeliest labels: Viterbi over log-probabilities and transitions."""
    total, back = scores[0] + step[OUT], []
    for row in scores[1:]:
        ways = total[:, None] + step
        back.append(ways.argmax(0))
        total = ways.max(0) + row
    path = [int(total.argmax())]
    for came in reversed(back):
        path.append(int(came[path[-1]]))
    return path[::-1]


def spans(words: list[tuple[int, int, str]], labels: list[int]) -> list[tuple[int, int]]:
    """Marked stretches of the folded text."""
    found: list[tuple[int, int]] = []
    for (start, end, _), label in zip(words, labels):
        if label == BEGINS or (label == INSIDE and not found):
            found.append((start, end))
        elif label == INSIDE:
            found[-1] = (found[-1][0], end)
    return found


def agreement(pairs: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]]) -> float:
    """F1 of marks: one counts as found when it overlaps a wanted one by half of that one's characters."""
    hit = lambda span, others: any(min(span[1], b) - max(span[0], a) >= 0.5 * (span[1] - span[0]) for a, b in others)  # noqa: E731
    back = lambda span, others: any(min(span[1], b) - max(span[0], a) >= 0.5 * (b - a) for a, b in others)  # noqa: E731
    found = sum(hit(w, made) for made, wanted in pairs for w in wanted)
    right = sum(back(m, wanted) for made, wanted in pairs for m in made)
    recall = found / max(1, sum(len(wanted) for _, wanted in pairs))
    precision = right / max(1, sum(len(made) for made, _ in pairs))
    return 2 * recall * precision / max(1e-9, recall + precision)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--program", nargs="+", default=["huifang"])
    ask.add_argument("--test", type=Path, nargs="*", default=[], help="JSONL with emotion_keywords to measure on")
    ask.add_argument("--also", type=Path, nargs="*", default=[], help="JSONL with emotion_keywords to learn from too")
    ask.add_argument("--into", type=Path, default=HERE.parent / "ngrams.safetensors")
    ask.add_argument("--strength", type=float, default=0.3)
    asked = ask.parse_args()
    first, more = examples(asked.also)
    texts, wanted = zip(*(first + more * 3))
    said = explained(texts, asked.program, "--lexicon-only")
    ready = [prepare(text, one, *whole) for text, one, whole in zip(texts, said, verdicts(texts))]
    labels = [labels_of(words, folded, spans_) for (words, folded, _), spans_ in zip(ready, wanted)]
    train = [place for place, text in enumerate(texts) if not domain.held_out(text)]
    held = [place for place, text in enumerate(texts) if domain.held_out(text)]
    x = matrix([ready[place][2] for place in train])
    y = np.array([label for place in train for label in labels[place]])
    model = LogisticRegression(C=asked.strength, max_iter=200, tol=1e-3).fit(x, y)
    table, step = quantised(model.coef_)
    weights = table.astype(np.float64) * step
    pairs = np.ones((3, 3))
    pairs[OUT, INSIDE] = 1e-6
    for place in train:
        for a, b in zip([OUT, *labels[place]], labels[place]):
            pairs[a, b] += 1
    moves = np.log(pairs / pairs.sum(1, keepdims=True))
    prior = np.log(np.bincount(y, minlength=3) / len(y))

    def judged(rows: list) -> list[list[tuple[int, int]]]:
        made = []
        for words, _, found in rows:
            if not words:
                made.append([])
                continue
            raw = np.asarray(matrix([found]) @ weights + model.intercept_)
            raw -= np.log(np.exp(raw - raw.max(1, keepdims=True)).sum(1, keepdims=True)) + raw.max(1, keepdims=True)
            made.append(spans(words, best_sequence(raw - PULL * prior, PULL * moves)))
        return made

    want = [spans(ready[place][0], labels[place]) for place in held]
    found = judged([ready[place] for place in held])
    print(f"{x.shape[0]} tokens of {len(train)} texts; held out {len(held)}: F1 {agreement(list(zip(found, want))):.3f}", flush=True)
    for path in asked.test:
        test = domain.jsonl(path)
        found = explained([row["text"] for row in test], asked.program)
        rows = [prepare(row["text"], one, one["sentiment"], one["intent"]) for row, one in zip(test, found)]
        want = [spans(words, labels_of(words, folded, row["emotion_keywords"])) for (words, folded, _), row in zip(rows, test)]
        print(f"{path.name}: F1 {agreement(list(zip(judged(rows), want))):.3f}", flush=True)
    # The program adds what stands here, and need know neither prior nor pull.
    bias = model.intercept_ - PULL * prior + np.array([SPARING, 0, 0])
    tensors = {"marks.weight": table, "marks.step": step, "marks.bias": bias.astype(np.float32), "marks.moves": (PULL * moves).astype(np.float32)}
    with safe_open(asked.into, "numpy") as before:
        note = before.metadata()
        tensors |= {name: before.get_tensor(name) for name in before.keys() if not name.startswith("marks.")}
    save_file(tensors, asked.into, metadata=note)
    print(f"{asked.into}: {asked.into.stat().st_size} bytes")


if __name__ == "__main__":
    main()
