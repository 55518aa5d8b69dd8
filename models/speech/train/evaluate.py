"""Measures a model file with whisper.cpp itself, on the held-out clips.

    python evaluate.py [MODEL.bin …]        the shipped file of this recipe by default

Greedy, one thread, language given, no timestamps, the encoder's window fitted to the clip: as the service listens, but
without its voice gate and its cutting at pauses. Prints a table per model and writes `MODEL.json`.
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path

import _pywhispercpp as whispercpp
import numpy as np

import export
import heldout
from features import RATE
from scoring import Tally, bare

BEYOND_CLIP = 8  # positions of the encoder, 160 ms
BARS = {"zh sentence": 0.03, "zh pair": 0.06, "en sentence": 0.07, "en pair": 0.07, "zh leading silence": 0.06, "zh joined": 0.06,
        "en leading silence": 0.06, "en joined": 0.06}


class Recogniser:
    """A model file in whisper.cpp."""

    def __init__(self, path: Path) -> None:
        params = whispercpp.whisper_context_default_params()
        # With it whisper.cpp attends to what a longer clip before left behind a shorter window.
        params.flash_attn = False
        self.context = whispercpp.whisper_init_from_file_with_params(str(path), params)

    def text(self, samples: np.ndarray, language: str) -> str:
        """Recognises one clip."""
        params = whispercpp.whisper_full_default_params(whispercpp.WHISPER_SAMPLING_GREEDY)
        params.n_threads = 1
        params.language = language
        params.no_context = params.single_segment = params.no_timestamps = True
        params.print_progress = params.print_realtime = params.print_timestamps = params.print_special = False
        params.temperature_inc = 0.0
        params.max_tokens = 8 * len(samples) // RATE + 24
        params.audio_ctx = min(1500, max(16, -(-len(samples) // 320) + BEYOND_CLIP))
        whispercpp.whisper_full(self.context, params, samples, len(samples))
        count = whispercpp.whisper_full_n_segments(self.context)
        raw = b"".join(whispercpp.whisper_full_get_segment_text(self.context, number) for number in range(count))
        return raw.decode("utf-8", "ignore").strip()


def measure(path: Path) -> dict:
    """Returns the figures of one model."""
    recogniser, tallies, times, seconds, wrong = Recogniser(path), {}, [], 0.0, []
    for clip in heldout.clips():
        samples = heldout.decoded(clip.file)
        started = time.process_time()
        heard = recogniser.text(samples, clip.language)
        times.append(time.process_time() - started)
        seconds += len(samples) / RATE
        codec = "AMR-NB" if clip.file.suffix == ".amr" else "Opus"
        for group in (clip.group, f"{clip.group} / {codec}"):
            tallies.setdefault(group, Tally()).add(clip.text, heard)
        if bare(heard) != bare(clip.text):
            wrong.append((clip.group, clip.text, heard))
    groups = {
        name: {"clips": t.clips, "exact": round(t.exact / t.clips, 4), "cer": round(t.rate, 4), "bar": BARS.get(name)} for name, t in sorted(tallies.items())
    }
    return {
        "model": path.name, "bytes": path.stat().st_size, "groups": groups,
        "cpu_ms_median": round(1000 * statistics.median(times), 1), "real_time_factor": round(sum(times) / seconds, 4), "wrong": wrong,
    }


def table(figures: dict) -> str:
    """Returns the figures as Markdown."""
    lines = [f"`{figures['model']}`, {figures['bytes']:,} bytes, {figures['cpu_ms_median']} ms of one core a clip (median), {figures['real_time_factor']} × the clip's length", "",
             "| group | clips | exact | CER | bar |", "|---|---|---|---|---|"]
    for name, group in figures["groups"].items():
        bar = f"{group['bar']:.0%}" if group["bar"] else ""
        cer = f"{group['cer']:.2f} characters a clip" if name.startswith("nobody") else f"{group['cer']:.2%}"
        lines.append(f"| {name} | {group['clips']} | {group['exact']:.1%} | {cer} | {bar} |")
    return "\n".join(lines)


def main() -> None:
    for name in sys.argv[1:] or [str(export.SHIPPED)]:
        path = Path(name)
        figures = measure(path)
        report = export.WORK / f"{path.stem}.evaluation"
        report.with_suffix(".json").write_text(json.dumps(figures, ensure_ascii=False, indent=1), "utf-8")
        report.with_suffix(".md").write_text(table(figures) + "\n", "utf-8")
        print(table(figures), flush=True)


if __name__ == "__main__":
    # whisper.cpp writes its loading to standard error.
    os.environ.setdefault("GGML_LOG_LEVEL", "error")
    main()
