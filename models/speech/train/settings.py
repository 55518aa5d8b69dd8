"""Where things lie, and the numbers that make a training what it is."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
# Everything large and rebuildable.
WORK = Path(os.environ.get("HUIFANG_SPEECH_WORK", HERE / "work"))
# Sentences of the domain written by hand (lang, sentiment, intent, category, urgency, text).
ROWS = Path(os.environ.get("HUIFANG_ROWS", PROJECT / "models/sentiment/train/rows"))
SHARDS = WORK / "shards"
SEED = 20_261
SHARD_UTTERANCES = 1_000

# The model's shape. Rows of 192 make whole blocks of 32, which ggml's quantisation asks for.
WIDTH, HEADS, ENCODER_LAYERS, DECODER_LAYERS = 192, 4, 4, 2
AUDIO_POSITIONS, TEXT_POSITIONS = 1500, 448
QUANTISATION = "q5_0"
