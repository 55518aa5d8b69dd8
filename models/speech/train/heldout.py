"""The clips of the evaluation: sentences, pairs and voices that no training has met, in the files messengers send.

Ogg/Opus files are made by ffmpeg, AMR files by sox, turn about, after the same rooms and noises as in training.
"""

import random
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import channel
import synthesis
import texts
from features import RATE
from settings import SEED, WORK
from voices import HELD_OUT_VARIANTS, VARIANTS, Espeak

FOLDER = WORK / "heldout"
LIST = FOLDER / "list.tsv"


@dataclass(frozen=True)
class Clip:
    """One file and what is said in it."""

    file: Path
    group: str
    language: str
    text: str


def clips() -> list[Clip]:
    """Returns the clips, making them at first."""
    if not LIST.exists():
        make()
    rows = [line.split("\t") for line in LIST.read_text("utf-8").splitlines()]
    return [Clip(FOLDER / name, group, language, text) for name, group, language, text in rows]


def wanted() -> list[tuple[str, synthesis.Plan]]:
    """Returns what to make, by group."""
    dice, out = random.Random(SEED + 7), []

    def add(group: str, language: str, said: list[str], lead: float | None = None, pause: float = 0.0, voices=HELD_OUT_VARIANTS) -> None:
        seed = SEED * 1_000_000_000 + 990_000_000 + len(out)
        lead = dice.uniform(0.1, 0.4) if lead is None else lead
        out.append((group, synthesis.Plan(said, language, dice.choice(voices), "clean", seed, lead, pause, dice.uniform(0.1, 0.5))))

    for language, counts in (("zh", (150, 150, 60)), ("en", (60, 60, 30))):
        held = texts.held_out_sentences(language, 200)
        for kind, count in zip(("sentence", "pair", "row"), counts):
            for text in held[kind][:count]:
                add(f"{language} {kind}", language, [text])
        spare = held["sentence"][150:] + held["pair"][150:]
        for number in range(20 + 20 * (language == "zh")):
            add(f"{language} leading silence", language, [dice.choice(spare)], lead=dice.uniform(1.0, 2.5))
            short = [text for text in spare if len(text) < (18 if language == "zh" else 45)]
            add(f"{language} joined", language, dice.sample(short, 2), pause=dice.uniform(0.1, 1.0))
    answers = texts.Source(1).grammars["zh"].words["talk"]["shorts"]
    for text in dice.sample(answers, 40):
        add("zh short answer", "zh", [text])
    for text in texts.held_out_sentences("zh", 200)["sentence"][:50]:
        add("zh sentence, voices of the training", "zh", [text], voices=VARIANTS)
    for _ in range(60):
        add("nobody speaks", "zh", [])
    return out


def make() -> None:
    """Makes all files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    espeak, lines = Espeak(), []
    for number, (group, plan) in enumerate(wanted()):
        samples, _ = synthesis.sound(espeak, plan)
        # Turn about, and by pairs, so that kinds that take turns themselves come in both.
        name = f"{number:04}." + ("ogg" if (number + number // 2) % 2 else "amr")
        save(samples, FOLDER / name, random.Random(number))
        lines.append("\t".join((name, group, plan.language, plan.text.strip())))
    LIST.write_text("\n".join(lines) + "\n", "utf-8")


def save(samples: np.ndarray, path: Path, dice: random.Random) -> None:
    """Writes samples as Ogg/Opus (16–32 kbit/s) or AMR-NB (12.2 kbit/s)."""
    wav = path.with_suffix(".wav")
    with wave.open(str(wav), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(channel.to_16_bit(samples).tobytes())
    if path.suffix == ".ogg":
        bitrate = dice.choice(("16k", "24k", "32k"))
        command = ["ffmpeg", "-y", "-loglevel", "error", "-i", wav, "-c:a", "libopus", "-b:a", bitrate, path]
    else:
        command = ["sox", wav, "-r", "8000", "-C", "7", "-t", "amr-nb", path]
    subprocess.run(command, check=True)
    wav.unlink()


def decoded(path: Path) -> np.ndarray:
    """Returns a file's samples at 16 kHz. ffmpeg does not decode the silence frames that sox's encoder writes."""
    command = ["ffmpeg", "-loglevel", "error", "-i", path, "-f", "s16le", "-ac", "1", "-ar", str(RATE), "-"]
    if path.suffix == ".amr":
        command = ["sox", path, "-t", "raw", "-e", "signed", "-b", "16", "-r", str(RATE), "-"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.int16).astype(np.float32) / 32768


if __name__ == "__main__":
    print(f"{len(clips())} clips in {FOLDER}")
