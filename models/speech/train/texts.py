"""What is said: grammar and hand-written rows, and which of it is kept for the evaluation.

Held out by a hash, so that every part of the recipe agrees without a list: a tenth of the pairs of part and fault, a
twenty-fifth of the other longer sentences, a twentieth of the rows. A held-out pair is in no training sentence.
"""

import functools
import hashlib
import json
import os
import random
import re

import jieba

import numerals
import tokens
from grammar_en import English
from grammar_zh import Mandarin, Sentence
from settings import PROJECT, ROWS, SEED, WORK

LONGEST = {"zh": 40, "en": 90}
# Wording of other varieties of Chinese, which a Mandarin voice would read as nobody does.
NOT_MANDARIN = set("唔咗嘅冇係哋嗰啲嚟喺瞓搵睇佢畀俾咁乜嘢噉噚勿侬伐忒垃佬瓜娃嘞嚯晒攰嬲揸𨋢")
SAME_SOUND = str.maketrans("她妳您", "他你您")


def bucket(text: str, count: int) -> int:
    """Sorts a text into one of `count` buckets, for ever."""
    return int(hashlib.md5(text.encode()).hexdigest(), 16) % count


@functools.cache
def held_out_pairs() -> dict[str, tuple[str, ...]]:
    """Returns the held-out faults of every part, both languages."""
    held = {}
    for grammar in (Mandarin(0, []), English(0)):
        for part, _ in grammar.parts:
            held[part] = tuple(fault for fault in set(grammar.faults) if bucket(f"{part}|{fault}", 10) == 0)
    return held


def has_held_out_pair(sentence: Sentence) -> bool:
    """Whether a pair in the sentence is kept for the evaluation."""
    if any(bucket("|".join(pair), 10) == 0 for pair in sentence.pairs):
        return True
    text, joint = sentence.text, "" if sentence.language == "zh" else " "
    for part, faults in held_out_pairs().items():
        at = text.find(part)
        while at >= 0:
            if text.startswith(tuple(joint + fault for fault in faults), at + len(part)):
                return True
            at = text.find(part, at + 1)
    return False


def is_held_out(sentence: Sentence) -> bool:
    """Whether the sentence is kept for the evaluation; short answers are a closed set and never are."""
    if sentence.kind == "row":
        return False  # rows are split before they are cut into sentences
    if has_held_out_pair(sentence):
        return True
    if sentence.text in fixed_phrases():
        return False
    shortest = 6 if sentence.language == "zh" else 26
    return len(sentence.text) > shortest and bucket(sentence.text, 25) == 0


@functools.cache
def fixed_phrases() -> frozenset[str]:
    """Returns what the vocabulary files hold as a whole: nothing to recombine, so nothing to hold out."""
    phrases = set()
    for words in (Mandarin(0, []).words, English(0).words):
        for value in words.values():
            phrases |= {phrase for group in value.values() for phrase in group} if isinstance(value, dict) else set(value)
    return frozenset(phrases)


# ---- rows


def rows(held_out: bool) -> list[Sentence]:
    """Returns the hand-written rows as sentences a voice can read."""
    out = []
    for file in sorted(ROWS.glob("*.tsv")):
        for line in file.read_text("utf-8").splitlines():
            columns = line.split("\t")
            if len(columns) != 6 or columns[0] not in LONGEST or (bucket(columns[5], 20) == 0) != held_out:
                continue
            cut = mandarin_clauses(columns[5]) if columns[0] == "zh" else english_clauses(columns[5])
            out += [Sentence(text, columns[0], "row") for text in pack(cut, columns[0])]
    return out if held_out else [sentence for sentence in out if not has_held_out_pair(sentence)]


def mandarin_clauses(text: str) -> list[str]:
    """Cuts a text at its punctuation and leaves out what a Mandarin voice cannot read."""
    try:
        re.sub(r"[^\u4e00-\u9fff]", "", text).encode("gb2312")
    except UnicodeEncodeError:
        return []
    if NOT_MANDARIN & set(text):
        return []
    clauses = re.split(r"[，。！？；：、,!?;…~～—\s“”\"'‘’（）()【】《》]+", numerals.spell_chinese(text))
    clauses = [re.sub(r"[^\u4e00-\u9fffA-Za-z]", "", clause).translate(SAME_SOUND) for clause in clauses]
    return [clause for clause in clauses if clause and not re.search("[A-Za-z]", clause)]


def english_clauses(text: str) -> list[str]:
    """Cuts a text at its punctuation and leaves out everything that is not a word."""
    text = numerals.spell_english(text.replace("’", "'").replace("&", " and ")).replace("-", " ")
    clauses = re.split(r"[,.!?;:…()\"\n]+", text)
    clauses = [" ".join(re.findall(r"[A-Za-z]+(?:'[a-z]+)?", clause)) for clause in clauses]
    return [clause for clause in clauses if clause]


def pack(clauses: list[str], language: str) -> list[str]:
    """Joins consecutive clauses into sentences of bounded length."""
    joint, out = "，" if language == "zh" else ", ", []
    for clause in clauses:
        if len(clause) > LONGEST[language]:
            continue
        if out and len(out[-1]) + len(clause) < LONGEST[language]:
            out[-1] += joint + clause
        else:
            out.append(clause)
    return out


# ---- drawing


@functools.cache
def salad_words() -> list[str]:
    """Returns frequent words whose hanzi the domain uses, the frequent ones first."""
    domain = set((PROJECT / "models/speech/train/vocabulary_zh.toml").read_text("utf-8"))
    for file in [*(PROJECT / "prompts").rglob("*.toml"), *(PROJECT / "prompts").rglob("*.zh-CN.txt")]:
        domain |= set(file.read_text("utf-8"))
    domain |= {hanzi for sentence in rows(False) for hanzi in sentence.text}
    domain = {hanzi for hanzi in domain if "\u4e00" <= hanzi <= "\u9fff" and hanzi not in NOT_MANDARIN}
    domain = {hanzi for hanzi in domain if encodable(hanzi)}
    jieba.initialize()
    words = [(count, word) for word, count in jieba.dt.FREQ.items() if count > 300 and 1 < len(word) < 5 and set(word) <= domain]
    return [word for _, word in sorted(words, reverse=True)[:7000]] + sorted(domain)


def encodable(hanzi: str) -> bool:
    """Whether the character is simplified, everyday Chinese."""
    try:
        hanzi.encode("gb2312")
        return True
    except UnicodeEncodeError:
        return False


class Source:
    """Draws training sentences, the same ones for the same seed."""

    def __init__(self, seed: int):
        self.dice = random.Random(seed)
        self.grammars = {"zh": Mandarin(seed, salad_words()), "en": English(seed)}
        every = rows(held_out=False)
        self.rows = {language: [row for row in every if row.language == language] for language in LONGEST}

    def draw(self, language: str) -> Sentence:
        """Draws one sentence."""
        while True:
            from_rows = self.rows[language] and self.dice.random() < 0.08
            sentence = self.dice.choice(self.rows[language]) if from_rows else self.grammars[language].sentence()
            if len(sentence.text) <= LONGEST[language] and not is_held_out(sentence):
                return sentence


def held_out_sentences(language: str, count: int) -> dict[str, list[str]]:
    """Returns sentences for the evaluation: `pair`, `sentence` and `row`, `count` of each."""
    grammar = Mandarin(SEED, salad_words()) if language == "zh" else English(SEED)
    out = {"pair": [], "sentence": [], "row": [row.text for row in rows(held_out=True) if row.language == language]}
    random.Random(SEED).shuffle(out["row"])
    while min(len(out["pair"]), len(out["sentence"])) < count:
        sentence = grammar.sentence()
        plausible = sentence.kind not in ("salad", "short") and len(sentence.text) <= LONGEST[language]
        group = out["pair" if has_held_out_pair(sentence) else "sentence"]
        if plausible and is_held_out(sentence) and sentence.text not in group:
            group.append(sentence.text)
    return {kind: texts[:count] for kind, texts in out.items()}


def token_list() -> list[int]:
    """Returns the tokens the model can write, fixed once: those of the vocabulary, the rows and a large draw."""
    path = WORK / "tokens.json"
    if path.exists():
        return json.loads(path.read_text())
    used = {tokens.END, tokens.START, tokens.ENGLISH, tokens.CHINESE, tokens.TRANSCRIBE, tokens.NO_TIMESTAMPS}
    texts = [("zh", "".join(salad_words()) + "，" + tokens.NOTHING)]
    texts += [(row.language, row.text) for held_out in (True, False) for row in rows(held_out)]
    source = Source(SEED)
    texts += [(language, source.draw(language).text) for language in LONGEST for _ in range(15_000)]
    texts += [(language, text) for language in LONGEST for group in held_out_sentences(language, 300).values() for text in group]
    for file in (PROJECT / "prompts").rglob("*.en.t*"):
        texts += [("en", word.lower()) for word in re.findall("[A-Za-z]{2,}", file.read_text("utf-8"))]
    for language, text in texts:
        used |= {token for token, _ in tokens.encode(text, language)}
    used |= {token for letter in "abcdefghijklmnopqrstuvwxyz" for token, _ in tokens.encode(letter, "en")}
    path.parent.mkdir(parents=True, exist_ok=True)
    # In one step: what is half written would be taken for whole, and two may write it at once.
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(sorted(used)))
    new.replace(path)
    return sorted(used)
