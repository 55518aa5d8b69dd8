#!/usr/bin/env python3
"""Makes the voice clips that the demo offers to send, and clips.toml beside them.

    apt-get install espeak-ng ffmpeg && pip install pypinyin jieba
    python3 assets/demo/make_voices.py

Every voice is synthetic (espeak-ng). Mandarin is spoken from pinyin with tone numbers, because
espeak-ng reads Chinese characters poorly. Each clip was chosen so that the embedded speech model
writes it down word for word; `cargo test --test speech` holds that.
"""
import pathlib
import re
import subprocess
import tempfile

import jieba
from pypinyin import Style, lazy_pinyin

HERE = pathlib.Path(__file__).resolve().parent / "voices"

# file, what it is for, words (a full stop is a pause of 0.8 s), variant, words a minute, pitch
CLIPS = [
    ("leak", "a leak", "主卧卫生间天花板漏水", "f2", 200, 50),
    ("aircon", "a noisy air conditioner", "客厅空调噪音很大", "m3", 200, 50),
    ("dissatisfied", "a low score with reasons", "我打两分，师傅敷衍了事。希望改进", "f3", 200, 50),
    ("praise", "praise", "师傅很专业，我很满意", "m1", 200, 50),
    ("person", "a request for a person", "人工客服", "f1", 180, 50),
    ("four", "a bare score", "四分", "m3", 200, 50),
]


def pinyin(sentence):
    """Tone-numbered pinyin, words kept together as espeak-ng wants them."""
    spoken = []
    for phrase in re.split("(，)", sentence):
        if phrase == "，":
            spoken[-1] += ","
            continue
        syllables = lazy_pinyin(phrase, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True)
        for word in jieba.cut(phrase):
            spoken.append("".join(syllables[: len(word)]))
            syllables = syllables[len(word) :]
    return " ".join(spoken)


def make(path, words, variant, rate, pitch):
    """One OGG/Opus file, as a phone would record it: mono, 24 kbit/s, a breath before and after."""
    with tempfile.TemporaryDirectory() as scratch:
        parts = []
        for number, sentence in enumerate(words.split("。")):
            wav = f"{scratch}/{number}.wav"
            voice = "cmn-latn-pinyin" + (f"+{variant}" if variant else "")
            subprocess.run(
                ["espeak-ng", "-v", voice, "-s", str(rate), "-p", str(pitch), "-w", wav, pinyin(sentence)],
                check=True,
            )
            parts.append(wav)
        trimmed = "silenceremove=1:0:-50dB,areverse,silenceremove=1:0:-50dB,areverse"
        chains = "".join(
            f"[{n}:a]{trimmed},adelay={200 if n == 0 else 0},apad=pad_dur={0.8 if n + 1 < len(parts) else 0.3}[p{n}];"
            for n in range(len(parts))
        )
        joined = "".join(f"[p{n}]" for n in range(len(parts)))
        subprocess.run(
            ["ffmpeg", "-v", "error", "-y", "-bitexact"]
            + [argument for part in parts for argument in ("-i", part)]
            + ["-filter_complex", f"{chains}{joined}concat=n={len(parts)}:v=0:a=1,aresample=16000[out]"]
            + ["-map", "[out]", "-ac", "1", "-c:a", "libopus", "-b:a", "24k", "-application", "voip", "-bitexact"]
            + [str(path)],
            check=True,
        )


def main():
    HERE.mkdir(exist_ok=True)
    entries = ["# Made by assets/demo/make_voices.py: synthetic voices, and the exact words they say.\n"]
    for name, purpose, words, variant, rate, pitch in CLIPS:
        make(HERE / f"{name}.ogg", words, variant, rate, pitch)
        text = words.replace("。", "，")
        entries.append(f'[[clip]]\nfile = "{name}.ogg"\npurpose = "{purpose}"\ntext = "{text}"\nlanguage = "zh-CN"\n')
    (HERE / "clips.toml").write_text("\n".join(entries), encoding="utf-8")


if __name__ == "__main__":
    main()
