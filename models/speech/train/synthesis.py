"""From texts to training data: shards of features, tokens and alignment.

A shard is made whole or not at all, from its own seed, so that a killed run goes on where it was. The synthesiser crashes
now and then, which is why it works in child processes: what a child was at is left out.

    python synthesis.py FIRST STOP STEP     make the shards FIRST, FIRST+STEP, … below STOP
"""

import json
import os
import pickle
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pypinyin import pinyin as readings
from pypinyin import Style
from scipy.signal import resample_poly

import channel
import texts
import tokens
from features import RATE, log_mel
from settings import SEED, SHARD_UTTERANCES, SHARDS, WORK
from voices import VARIANTS, Espeak, Speech

POSITION = 320  # samples a position of the encoder
LONGEST_SECONDS = 15.0
NOT_ALIGNED = -100


@dataclass
class Plan:
    """One utterance to be: texts spoken one after the other by one voice, and the seed of everything else."""

    texts: list[str]
    language: str
    variant: str
    codec: str
    seed: int
    # Seconds of silence: before, between the texts, behind.
    lead: float
    pause: float
    tail: float

    @property
    def text(self) -> str:
        """What the model shall write."""
        return ("，" if self.language == "zh" else ", ").join(self.texts) or tokens.NOTHING


@dataclass
class Utterance:
    """One training example."""

    language: str
    mel: np.ndarray
    floor: float
    tokens: np.ndarray
    spans: np.ndarray  # (tokens + 1, 2) encoder positions, −1 where unknown; the last is the end
    phonemes: np.ndarray  # class per encoder position, NOT_ALIGNED where unknown


def plans(shard: int) -> list[Plan]:
    """Returns what a shard holds."""
    dice, source, out = random.Random(SEED * 1000 + shard), texts.Source(SEED * 1000 + shard), []
    for number in range(SHARD_UTTERANCES):
        language, which = ("zh" if dice.random() < 0.66 else "en"), dice.random()
        count = 0 if which < 0.035 else 1 if which < 0.87 else 2 if which < 0.97 else 3
        said = [source.draw(language).text for _ in range(count)]
        if count == 3:
            said = sorted(said, key=len)[:2] + [source.grammars[language].pick("talk", "shorts")]
        out.append(Plan(
            said, language, dice.choice(VARIANTS), dice.choices(("clean", "amr", "opus"), (26, 37, 37))[0], SEED * 1_000_000_000 + shard * 10_000 + number,
            lead=dice.uniform(0.45, 2.5) if dice.random() < 0.2 else dice.uniform(0.03, 0.45), pause=dice.uniform(0.1, 1.0),
            tail=dice.uniform(0.6, 2.0) if dice.random() < 0.12 else dice.uniform(0.05, 0.6),
        ))
    return out


# ---- sound


def speak(espeak: Espeak, text: str, plan: Plan, dice: random.Random, stretch: float) -> Speech:
    """Speaks one text at 16 kHz, without silence around it."""
    speech = (espeak.mandarin if plan.language == "zh" else espeak.english)(text, plan.variant, dice)
    down = round(espeak.rate / RATE * 320 * stretch)
    samples = resample_poly(speech.samples.astype(np.float32) / 32768, 320, down).astype(np.float32)
    loud = np.nonzero(np.abs(samples) > 0.003)[0]
    if not len(loud):
        raise ValueError(f"nothing heard of {text}")
    first, last = max(0, loud[0] - 400), min(len(samples), loud[-1] + 800)
    place = lambda sample: int(sample * 320 / down) - first
    spans = speech.spans and [span and (place(span[0]), place(span[1])) for span in speech.spans]
    return Speech(samples[first:last], spans, [(place(begin), place(end), name) for begin, end, name in speech.phonemes])


def sound(espeak: Espeak, plan: Plan) -> tuple[np.ndarray, list[tuple[int, Speech]]]:
    """Returns what arrives at the service, and where in it each text begins."""
    dice, normal = random.Random(plan.seed), np.random.default_rng(plan.seed % 2**32)
    if not plan.texts:
        return channel.transmit(nobody(plan, dice, normal), plan.codec, dice), []
    stretch, pieces, spoken, at = dice.uniform(0.92, 1.10), [], [], int(plan.lead * RATE)
    pieces.append(np.zeros(at, np.float32))
    for number, text in enumerate(plan.texts):
        if number:
            pieces.append(np.zeros(int(plan.pause * RATE), np.float32))
            at += len(pieces[-1])
        speech = speak(espeak, text, plan, dice, stretch)
        pieces.append(speech.samples)
        spoken.append((at, speech))
        at += len(speech.samples)
    power = float(np.mean(np.concatenate([speech.samples for _, speech in spoken]) ** 2))
    pieces.append(np.zeros(int(plan.tail * RATE), np.float32))
    heard = channel.environment(np.concatenate(pieces), dice, normal, power)
    return channel.transmit(heard, plan.codec, dice), spoken


def nobody(plan: Plan, dice: random.Random, normal: np.random.Generator) -> np.ndarray:
    """Returns a clip without speech: silence, noise, knocking, tones, chords."""
    count = int(RATE * dice.uniform(0.4, 5))
    at, level, which = np.arange(count) / RATE, 10 ** (dice.uniform(-55, -6) / 20), dice.random()
    if which < 0.25:
        return (normal.standard_normal(count) * 10 ** (dice.uniform(-90, -60) / 20)).astype(np.float32)
    made = channel.noise(count, dice, normal)
    if which > 0.75:
        pitches = dice.sample((131, 165, 196, 220, 262, 330, 392, 440, 523, 659, 880), dice.randint(1, 4))
        swell = np.abs(np.sin(np.pi * at * dice.uniform(0.3, 3)))
        made = made * 0.05 + sum(np.sin(2 * np.pi * pitch * at) for pitch in pitches) * swell
    elif which > 0.6:
        made = made * np.exp(-((np.arange(count) % dice.randint(3_000, 16_000)) / dice.uniform(100, 1_500)))
    return np.clip(made * level / (np.abs(made).max() + 1e-6), -1, 1).astype(np.float32)


# ---- alignment


def phoneme_classes(espeak: Espeak) -> dict[str, int]:
    """Returns the number of every phoneme (with tone), fixed once; 0 is silence."""
    path = WORK / "phonemes.json"
    if path.exists():
        return json.loads(path.read_text())
    names: set[str] = set()
    hanzi = {character for word in texts.salad_words() for character in word}
    syllables = {syllable[:-1] for one in readings(sorted(hanzi), style=Style.TONE3, heteronym=True, neutral_tone_with_five=True) for syllable in one}
    for syllable in sorted(syllables):
        for tone in "12345":
            names |= {name + (tone if name[0] in "aeiouyAEIOUY@iN" else "") for name in espeak.phonemes_of(syllable + tone)}
    source, dice = texts.Source(SEED), random.Random(SEED)
    for _ in range(1_500):
        names |= {name for _, _, name in espeak.english(source.draw("en").text, "", dice).phonemes}
    classes = {name: number for number, name in enumerate(sorted(names), 1)}
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(classes))
    temporary.rename(path)
    return classes


def utterance(espeak: Espeak, plan: Plan, classes: dict[str, int]) -> Utterance:
    """Makes one training example."""
    samples, spoken = sound(espeak, plan)
    mel, floor = log_mel(samples)
    count = (len(mel) + 1) // 2
    place = lambda sample: min(count - 1, max(0, sample // POSITION))
    aligned = all(speech.phonemes for _, speech in spoken)
    phonemes = np.full(count, 0 if aligned else NOT_ALIGNED, np.int16)
    numbers: list[int] = []
    spans: list[tuple[int, int]] = []
    before = 0  # where the text before ended
    for index, (at, speech) in enumerate(spoken):
        for begin, end, name in speech.phonemes if aligned else ():
            phonemes[round((at + begin) / POSITION) : round((at + end) / POSITION)] = classes.get(name, NOT_ALIGNED)
        if index:
            numbers += [token for token, _ in tokens.encode("，" if plan.language == "zh" else ",", "zh")]
            spans += [(place(before), place(at))] * (len(numbers) - len(spans))
        for token, owner in tokens.encode(plan.texts[index], plan.language):
            numbers.append(token)
            known = speech.spans is not None and 0 <= owner < len(speech.spans) and speech.spans[owner] is not None
            if known:
                begin, end = speech.spans[owner]
                spans.append((place(at + begin), min(count - 1, place(at + end) + 1)))
            elif plan.language == "zh" and speech.spans is not None:
                spans.append(_gap(speech.spans, owner, at, place))
            else:
                spans.append((-1, -1))
        before = at + len(speech.samples)
    if not spoken:
        numbers = [token for token, _ in tokens.encode(tokens.NOTHING, "zh")]
        spans = [(-1, -1)]
    spans.append((max(0, place(before) - 2), count - 1) if spoken else (-1, -1))
    return Utterance(plan.language, mel, floor, np.array(numbers, np.int32), np.array(spans, np.int16), phonemes)


def _gap(spans, owner: int, at: int, place) -> tuple[int, int]:
    """Where a comma is: between its neighbours."""
    begin = at + spans[owner - 1][1] if owner > 0 and spans[owner - 1] else at
    end = at + spans[owner + 1][0] if owner + 1 < len(spans) and spans[owner + 1] else max(begin, at)
    return max(0, place(begin) - 2), place(end) + 3


# ---- shards


def make_shard(espeak: Espeak, shard: int, classes: dict[str, int]) -> None:
    """Makes one shard: `NNNN.mel.npy`, `NNNN.pickle`."""
    todo, done, at, started = plans(shard), [], 0, time.time()
    stream = Path(f"/dev/shm/huifang-speech-{os.getpid()}")
    crashes = failures = 0
    while at < len(todo):
        child = os.fork()
        if child == 0:
            with stream.open("wb") as file:
                for number in range(at, len(todo)):
                    try:
                        made = utterance(espeak, todo[number], classes)
                    except Exception as fault:  # one bad utterance among thousands is left out, and counted
                        print(f"shard {shard}: {todo[number].text!r}: {fault!r}", file=sys.stderr, flush=True)
                        made = None
                    pickle.dump((number, made), file)
                    file.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        with stream.open("rb") as file:
            while True:
                try:
                    at, made = pickle.load(file)
                except (EOFError, pickle.UnpicklingError):
                    break
                at += 1
                failures += made is None
                if made is not None and len(made.mel) < LONGEST_SECONDS * 100:
                    done.append(made)
        if status:
            crashes += 1
            at += 1
    stream.unlink()
    lengths = [len(made.mel) for made in done]
    mels = np.concatenate([made.mel for made in done])
    for made in done:
        made.mel = None
    SHARDS.mkdir(parents=True, exist_ok=True)
    np.save(SHARDS / f"{shard:04}.mel.npy", mels)
    temporary = SHARDS / f"{shard:04}.part"
    temporary.write_bytes(pickle.dumps((lengths, [vars(made) for made in done])))
    temporary.rename(SHARDS / f"{shard:04}.pickle")
    print(f"shard {shard}: {len(done)} utterances, {sum(lengths) / 360_000:.2f} h, {crashes} crashes, {failures} failures, {time.time() - started:.0f} s", flush=True)


def main() -> None:
    first, stop, step = (int(argument) for argument in sys.argv[1:4])
    espeak = Espeak()
    texts.token_list()
    classes = phoneme_classes(espeak)
    for shard in range(first, stop, step):
        if not (SHARDS / f"{shard:04}.pickle").exists():
            make_shard(espeak, shard, classes)


if __name__ == "__main__":
    main()
