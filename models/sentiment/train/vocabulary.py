"""The vocabulary of the encoder and its tokenizer.

English word pieces, Chinese characters, and the most telling runs of two to four characters: a
message is a quarter shorter in them, and 不满意 is one thing. A stock BERT tokenizer reads the
file; `src/tagging/bert/model.rs` joins single characters to runs, the longest first, as `Tokenizer` does.
"""

import collections
import itertools
import math
import re
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer as Pieces
from tokenizers import models, normalizers, pre_tokenizers, trainers

from fold import simplified

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)
SIZE, WORD_PIECES, RUNS = 16_000, 5_200, 6_500
HAN = "\u3400-\u9fff"


def prepared(text: str) -> str:
    """What the tokenizer is shown: traditional characters simplified, all else as typed."""
    return "".join(map(simplified, text))


def _pieces(model: models.Model) -> Pieces:
    pieces = Pieces(model)
    pieces.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=True)
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return pieces


def build(texts: list[str], path: Path) -> None:
    """Chooses the vocabulary and writes it, one entry a line."""
    trainer = trainers.WordPieceTrainer(
        vocab_size=WORD_PIECES, special_tokens=SPECIAL, show_progress=False, limit_alphabet=600, min_frequency=3
    )
    english = _pieces(models.WordPiece(unk_token="[UNK]"))
    english.train_from_iterator((re.sub(f"[{HAN}]", " ", text) for text in texts), trainer)
    entries = sorted(english.get_vocab(), key=english.get_vocab().get)
    counts = collections.Counter(c for text in texts for c in text if "\u3400" <= c <= "\u9fff")
    known = set(entries)
    wanted = [c for c, n in counts.most_common() if n >= 3 and c not in known]
    entries += wanted[: SIZE - RUNS - len(entries)]
    entries += _runs(texts, counts, set(entries))[: SIZE - len(entries)]
    # In one step: what is half written would be taken for whole by the next run.
    new = path.with_suffix(".new")
    new.write_text("\n".join(entries) + "\n", encoding="utf-8")
    new.replace(path)


def _runs(texts: list[str], counts: collections.Counter, known: set[str]) -> list[str]:
    """Runs that are frequent and more than their characters by chance, the best first."""
    runs = collections.Counter()
    for text in texts:
        for run in re.findall(f"[{HAN}]+", text):
            for n in (2, 3, 4):
                runs.update(run[i : i + n] for i in range(len(run) - n + 1))
        if len(runs) > 6_000_000:
            runs = collections.Counter({run: n for run, n in runs.items() if n > 2})
    total = sum(counts.values())

    def worth(run: str) -> float:
        chance = sum(math.log(counts[c] / total) for c in run)
        return runs[run] ** 0.75 * min(4.0, max(0.1, (math.log(runs[run] / total) - chance) / len(run)))

    fit = (run for run, n in runs.items() if n >= 12 and all(c in known for c in run))
    return sorted(fit, key=worth, reverse=True)


class Tokenizer:
    """Text to ids: word pieces, then single characters joined to known runs."""

    def __init__(self, path: Path) -> None:
        self.entries = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        self.ids = {entry: number for number, entry in enumerate(self.entries)}
        self._pieces = _pieces(models.WordPiece(self.ids, unk_token="[UNK]", max_input_chars_per_word=100))

    def encode(self, text: str, longest: int) -> list[int]:
        """Ids with [CLS] and [SEP], at most `longest`."""
        return [CLS, *(number for number, _, _ in self.placed(text, longest)), SEP]

    def placed(self, text: str, longest: int) -> list[tuple[int, int, int]]:
        """Ids with the first and one-past-last character each stands for: of a long text its head and its tail."""
        found = self._pieces.encode(prepared(text), add_special_tokens=False)
        ids = list(self._joined(found.tokens, found.ids, found.offsets))
        room = longest - 2
        return ids if len(ids) <= room else ids[: room // 2] + ids[len(ids) - (room - room // 2) :]

    def _joined(self, tokens: list[str], ids: list[int], places: list[tuple[int, int]]) -> Iterable[tuple[int, int, int]]:
        at = 0
        while at < len(tokens):
            han = len(list(itertools.takewhile(lambda t: len(t) == 1 and "\u3400" <= t <= "\u9fff", tokens[at : at + 4])))
            length = next((n for n in range(han, 1, -1) if "".join(tokens[at : at + n]) in self.ids), 1)
            number = ids[at] if length == 1 else self.ids["".join(tokens[at : at + length])]
            yield number, places[at][0], places[at + length - 1][1]
            at += length
