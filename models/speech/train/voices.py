"""Synthetic voices with exact timing: libespeak-ng for Mandarin and English, flite for English.

libespeak-ng reports where in the sound every phoneme and word begins, which gives the training its alignment for
nothing. Mandarin is handed over as numbered pinyin (voice `cmn-latn-pinyin`), so the pronunciation is pypinyin's.
"""

import ctypes
import logging
import random
import re
import subprocess
import tempfile
import wave
from dataclasses import dataclass, field

import jieba
import numpy as np
from pypinyin import Style, lazy_pinyin

jieba.setLogLevel(logging.ERROR)

# Variants of the synthesiser's voice, and those kept for the evaluation.
VARIANTS = (
    " m1 m2 m3 m4 m5 m7 m8 f1 f2 f3 f5 m1 m3 f1 f2 f3 f5 Alex Alicia Andrea Andy adam anika antonio aunty belinda benjamin boris caleb david ed "
    "edward gustave iven john kaukovalta klatt klatt2 klatt3 klatt4 linda marcelo max michel miguel norbert pablo paul pedro quincy robert "
    "sandro shelby steph steph2 travis zac Diogo Gene Hugo Jacky Lee Marco Mario Michael Denis Henrique Storm"
).split(" ")
HELD_OUT_VARIANTS = "f4 m6 Annie steph3 victor Mike iven2 edward2".split()
FLITE_VOICES = ("slt", "rms", "awb", "kal16", "slt", "rms")
ENGLISH_VOICES = ("en-us", "en-us", "en", "en-gb-x-rp")
PINYIN = "cmn-latn-pinyin"


@dataclass
class Speech:
    """Samples, and where things are in them: (begin, end) per character (zh) or word (en), and phonemes."""

    samples: np.ndarray
    spans: list[tuple[int, int] | None] | None = None
    phonemes: list[tuple[int, int, str]] = field(default_factory=list)


class _Identity(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("unique", ctypes.c_uint), ("text_position", ctypes.c_int), ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int), ("sample", ctypes.c_int), ("user_data", ctypes.c_void_p), ("id", _Identity),
    ]


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
_WORD, _PHONEME = 1, 7


class Espeak:
    """The synthesiser; one per process."""

    def __init__(self) -> None:
        self.lib = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = self.lib.espeak_Initialize(2, 200, None, 1)  # synchronous, phoneme events
        self.callback = _CALLBACK(self._collect)
        self.lib.espeak_SetSynthCallback(self.callback)
        self.voice = None
        self.isolated: dict[str, list[str]] = {}

    def _collect(self, sound, count: int, events) -> int:
        if sound and count > 0:
            self.sound.append(np.ctypeslib.as_array(sound, (count,)).copy())
        at = 0
        while events[at].type:
            event = events[at]
            if event.type == _PHONEME:
                self.heard.append((event.sample, event.id.string.decode("utf-8", "replace")))
            elif event.type == _WORD:
                self.words.setdefault(event.text_position, event.sample)
            at += 1
        return 0

    def speak(self, text: str, voice: str, speed: int, pitch: int, span: int) -> np.ndarray:
        """Speaks; the phonemes are in `heard`, the beginnings of words in `words`."""
        if voice != self.voice:
            if self.lib.espeak_SetVoiceByName(voice.encode()) != 0:
                raise ValueError(f"no voice {voice}")
            self.voice = voice
        for parameter, value in ((1, speed), (3, pitch), (4, span)):
            self.lib.espeak_SetParameter(parameter, value, 0)
        self.sound, self.heard, self.words = [], [], {}
        raw = text.encode()
        self.lib.espeak_Synth(raw, len(raw) + 1, 0, 1, 0, 1, None, None)
        self.lib.espeak_Synchronize()
        return np.concatenate(self.sound) if self.sound else np.zeros(0, np.int16)

    def phonemes_of(self, syllable: str) -> list[str]:
        """Returns the phonemes of one syllable spoken alone."""
        if syllable not in self.isolated:
            self.speak(syllable, PINYIN, 170, 50, 50)
            self.isolated[syllable] = [name for _, name in self.heard if not name.startswith("_")]
        return self.isolated[syllable]

    def mandarin(self, text: str, variant: str, dice: random.Random) -> Speech:
        """Speaks Mandarin (hanzi and ，)."""
        syllables = pinyin(text)
        words = jieba.cut(text) if dice.random() < 0.8 else text
        spelled, at = "", 0
        for word in words:
            if word == "，":
                spelled = spelled.rstrip() + ", "
            else:
                spelled += "".join(syllables[at : at + len(word)]) + " "
            at += len(word)
        for syllable in syllables:
            if syllable != ",":
                self.phonemes_of(syllable)
        voice = f"{PINYIN}+{variant}" if variant else PINYIN
        sound = self.speak(spelled.strip(), voice, dice.randint(160, 310), dice.randint(15, 85), dice.randint(30, 85))
        spans, phonemes = self._match(syllables, len(sound))
        return Speech(sound, spans, phonemes)

    def _match(self, syllables: list[str], end: int):
        """Finds every syllable's phonemes in what was heard; (None, []) if they differ from those spoken alone."""
        heard = [(sample, name) for sample, name in self.heard if not name.startswith("_")]
        begins = {sample: following for (sample, _), (following, _) in zip(self.heard, self.heard[1:])}
        spans, phonemes, at = [], [], 0
        for syllable in syllables:
            expected = [] if syllable == "," else self.phonemes_of(syllable)
            found = heard[at : at + len(expected)]
            if [name for _, name in found] != expected:
                return None, []
            for sample, name in found:
                tone = syllable[-1] if name[0] in "aeiouyAEIOUY@iN" else ""
                phonemes.append((sample, begins.get(sample, end), name + tone))
            spans.append((found[0][0], phonemes[-1][1]) if found else None)
            at += len(expected)
        return (spans, phonemes) if at == len(heard) else (None, [])

    def english(self, text: str, variant: str, dice: random.Random) -> Speech:
        """Speaks English, three in ten by flite (which tells no timing)."""
        if variant not in HELD_OUT_VARIANTS and dice.random() < 0.3:
            return Speech(self._flite(text, dice))
        voice = dice.choice(ENGLISH_VOICES) + (f"+{variant}" if variant else "")
        sound = self.speak(text, voice, dice.randint(130, 215), dice.randint(15, 85), dice.randint(30, 85))
        phonemes = [
            (sample, following, "E" + name)
            for (sample, name), (following, _) in zip(self.heard, [*self.heard[1:], (len(sound), "_")])
            if not name.startswith("_")
        ]
        begins = [self.words.get(match.start() + 1) for match in re.finditer(r"[A-Za-z']+", text)]
        spans = []
        for at, begin in enumerate(begins):
            later = [other for other in begins[at + 1 :] if other is not None]
            spans.append(None if begin is None else (begin, later[0] if later else len(sound)))
        return Speech(sound, spans, phonemes)

    def _flite(self, text: str, dice: random.Random) -> np.ndarray:
        with tempfile.NamedTemporaryFile(suffix=".wav", dir="/dev/shm") as file:
            stretch = f"duration_stretch={dice.uniform(0.75, 1.15):.2f}"
            subprocess.run(["flite", "-voice", dice.choice(FLITE_VOICES), "--setf", stretch, "-t", text, "-o", file.name],
                           check=True, stdout=subprocess.DEVNULL)
            with wave.open(file.name) as sound:
                rate, samples = sound.getframerate(), np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
        at = np.arange(int(len(samples) * self.rate / rate)) * rate / self.rate
        return np.interp(at, np.arange(len(samples)), samples).astype(np.int16)


def pinyin(text: str) -> list[str]:
    """Returns a numbered syllable for every character, "," for ，."""
    out = []
    for clause in re.split("(，)", text):
        if clause == "，":
            out.append(",")
        elif clause:
            out += lazy_pinyin(clause, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True)
    if len(out) != len(text):
        raise ValueError(f"not pronounceable: {text}")
    return out
