"""A small BERT and its heads, in plain PyTorch, with the parameter names of the published ones.

Three layers of 256; ReLU instead of GELU, which costs a fifth of the time on a processor. Linear
layers run in bfloat16 while training where the processor is quicker at it (ten times on some, half
as fast on others), the rest in float32.
"""

import functools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

WIDTH, HEADS, LAYERS, INNER, LONGEST = 256, 4, 3, 1024, 96
DROPPED = 0.1


@dataclass(frozen=True)
class Shape:
    """How large an encoder is, and what bends between its linear layers."""

    width: int
    heads: int
    layers: int
    inner: int
    longest: int
    bend: Callable[[torch.Tensor], torch.Tensor]


OURS = Shape(WIDTH, HEADS, LAYERS, INNER, LONGEST, F.relu)


@functools.cache
def quicker() -> torch.dtype:
    """The type in which this processor multiplies matrices sooner."""
    took = {}
    for kind in (torch.float32, torch.bfloat16):
        left, right = torch.randn(2048, WIDTH).to(kind), torch.randn(WIDTH, INNER).to(kind)
        left @ right  # The first makes its kernel.
        began = time.perf_counter()
        for _ in range(20):
            left @ right
        took[kind] = time.perf_counter() - began
    return min(took, key=took.get)


class Linear(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight.to(x.dtype), self.bias.to(x.dtype))


class Norm(nn.LayerNorm):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.layer_norm(x.float(), self.normalized_shape, self.weight, self.bias, self.eps).to(x.dtype)


class Layer(nn.Module):
    """Attention and a feed-forward block, each added to its input and normalised."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape, width = shape, shape.width
        self.query, self.key, self.value = Linear(width, width), Linear(width, width), Linear(width, width)
        self.attended, self.norm1 = Linear(width, width), Norm(width, eps=1e-12)
        self.inner, self.outer, self.norm2 = Linear(width, shape.inner), Linear(shape.inner, width), Norm(width, eps=1e-12)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        rows, length, width = x.shape
        each = width // self.shape.heads
        split = lambda y: y.view(rows, length, self.shape.heads, each).transpose(1, 2)  # noqa: E731
        query, key, value = split(self.query(x)), split(self.key(x)), split(self.value(x))
        weights = ((query @ key.transpose(2, 3)).float() / math.sqrt(each) + mask).softmax(-1)
        mixed = (weights.to(x.dtype) @ value).transpose(1, 2).reshape(rows, length, width)
        x = self.norm1(x + self.attended(mixed))
        return self.norm2(x + self.outer(self.shape.bend(self.inner(x))))


class Encoder(nn.Module):
    """Tokens to vectors that know their neighbours."""

    def __init__(self, vocabulary: int, shape: Shape) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(vocabulary, shape.width, padding_idx=0), nn.Embedding(shape.longest, shape.width)
        self.norm = Norm(shape.width, eps=1e-12)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))

    def encoded(self, ids: torch.Tensor) -> torch.Tensor:
        """One vector a token, after the last layer."""
        mask = (ids == 0)[:, None, None, :].float() * -1e4
        x = self.norm(self.words(ids) + self.places.weight[None, : ids.shape[1]])
        x = F.dropout(x, DROPPED, self.training).to(quicker())
        for layer in self.layers:
            x = layer(x, mask)
        return x


class Classifier(Encoder):
    """Encoder, pooler and one head a question."""

    def __init__(self, vocabulary: int, heads: dict[str, int]) -> None:
        super().__init__(vocabulary, OURS)
        self.pooler = Linear(WIDTH, WIDTH)
        self.heads = nn.ModuleDict({name: Linear(WIDTH, labels) for name, labels in heads.items()})
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """What the heads about a whole text look at."""
        return self.pooled(self.encoded(ids))

    def pooled(self, tokens: torch.Tensor) -> torch.Tensor:
        """The first token after the last layer, through the pooler."""
        return F.dropout(torch.tanh(self.pooler(tokens[:, 0]).float()), DROPPED, self.training)


NAMES = {
    "words.weight": "bert.embeddings.word_embeddings.weight",
    "places.weight": "bert.embeddings.position_embeddings.weight",
    "norm": "bert.embeddings.LayerNorm",
    "pooler": "bert.pooler.dense",
    "heads.sentiment": "classifier",
}
PARTS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attended": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "norm2": "output.LayerNorm",
}


def published_name(name: str) -> str:
    """The name of a parameter in a BertForSequenceClassification; other heads keep theirs."""
    if name.startswith("layers."):
        _, number, part, kind = name.split(".")
        return f"bert.encoder.layer.{number}.{PARTS[part]}.{kind}"
    for ours, theirs in NAMES.items():
        if name == ours or name.startswith(ours + "."):
            return theirs + name[len(ours) :]
    return name
