"""Writes a trained encoder as rust-bert loads it: model.safetensors, config.json, vocab.txt.

Of several weights it is their mean: before and after a go an encoder errs in different places.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

import rows as domain
from encoder import HEADS, INNER, LAYERS, LONGEST, WIDTH, published_name

HERE = Path(__file__).parent


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("weights", nargs="*", default=["net.pt"], help="names of files of weights in the work folder")
    ask.add_argument("--work", type=Path, default=HERE / "work")
    ask.add_argument("--into", type=Path, default=HERE.parent)
    asked = ask.parse_args()
    states = [torch.load(asked.work / name) for name in asked.weights]
    state = {name: sum(each[name].float() for each in states) / len(states) for name in states[0]}
    tensors = {published_name(name): tensor.half().contiguous() for name, tensor in state.items()}
    tensors["bert.embeddings.token_type_embeddings.weight"] = torch.zeros(2, WIDTH, dtype=torch.half)
    save_file(tensors, asked.into / "model.safetensors")
    shutil.copy(asked.work / "vocab.txt", asked.into / "vocab.txt")
    config = {
        "model_type": "bert",
        "architectures": ["BertForSequenceClassification"],
        "attention_probs_dropout_prob": 0.0,
        "hidden_dropout_prob": 0.0,
        "hidden_act": "relu",
        "hidden_size": WIDTH,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "intermediate_size": INNER,
        "max_position_embeddings": LONGEST,
        "type_vocab_size": 2,
        "initializer_range": 0.02,
        "layer_norm_eps": 1e-12,
        "vocab_size": len(tensors["bert.embeddings.word_embeddings.weight"]),
        "id2label": {str(number): label for number, label in enumerate(domain.SENTIMENTS)},
        "heads": {
            "intent": domain.INTENTS,
            "category": domain.CATEGORIES,
            "urgency": domain.URGENCIES,
            "marks": ["outside", "begins", "inside"],
        },
        "label2id": {label: number for number, label in enumerate(domain.SENTIMENTS)},
    }
    (asked.into / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    for name in ("model.safetensors", "config.json", "vocab.txt"):
        print(f"{asked.into / name}: {(asked.into / name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
