"""Whisper's architecture, small, for training.

Parameters carry the names whisper.cpp expects. The embedding has rows only for the tokens in use; `ggml.py` spreads them
over Whisper's whole vocabulary. To keep the unused rows from ever being chosen, the last dimension of what the decoder
hands to the output is 1, always: used rows learn a bias there, unused ones get −30.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from settings import AUDIO_POSITIONS, DECODER_LAYERS, ENCODER_LAYERS, HEADS, TEXT_POSITIONS, WIDTH


def gelu(x: Tensor) -> Tensor:
    """GELU in single precision: in bfloat16 torch 1.13 computes wrong gradients on some processors."""
    return F.gelu(x.float().contiguous())


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.key = nn.Linear(WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor, source: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Returns the result, and the weights (batch, heads, queries, keys)."""
        batch, length, width = x.shape
        head = width // HEADS
        split = lambda y: y.view(batch, -1, HEADS, head).transpose(1, 2).reshape(batch * HEADS, -1, head)
        query, key, value = split(self.query(x) * head**-0.5), split(self.key(source)), split(self.value(source))
        weights = torch.bmm(query, key.transpose(1, 2))
        if mask is not None:
            weights = weights + mask[:length, :length]
        weights = weights.float().softmax(-1)
        seen = torch.bmm(weights.to(value.dtype), value)
        seen = seen.view(batch, HEADS, length, head).transpose(1, 2).reshape(batch, length, width)
        return self.out(seen), weights.view(batch, HEADS, length, -1)


class Block(nn.Module):
    def __init__(self, crosses: bool) -> None:
        super().__init__()
        self.attn, self.attn_ln = Attention(), nn.LayerNorm(WIDTH)
        if crosses:
            self.cross_attn, self.cross_attn_ln = Attention(), nn.LayerNorm(WIDTH)
        # Index 1 is the activation, as in the names of Whisper's parameters.
        self.mlp = nn.ModuleList([nn.Linear(WIDTH, 4 * WIDTH), nn.Identity(), nn.Linear(4 * WIDTH, WIDTH)])
        self.mlp_ln = nn.LayerNorm(WIDTH)

    def forward(self, x: Tensor, heard: Tensor | None = None, mask: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        normal, weights = self.attn_ln(x), None
        x = x + self.attn(normal, normal, mask)[0]
        if heard is not None:
            seen, weights = self.cross_attn(self.cross_attn_ln(x), heard)
            x = x + seen
        return x + self.mlp[2](gelu(self.mlp[0](self.mlp_ln(x)))), weights


def sinusoids() -> Tensor:
    """Whisper's positions of the encoder."""
    step = math.log(10_000) / (WIDTH // 2 - 1)
    angles = torch.arange(AUDIO_POSITIONS)[:, None] * torch.exp(-step * torch.arange(WIDTH // 2))[None]
    return torch.cat([angles.sin(), angles.cos()], 1)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(80, WIDTH, 3, padding=1), nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
        self.register_buffer("positional_embedding", sinusoids())
        self.blocks = nn.ModuleList(Block(crosses=False) for _ in range(ENCODER_LAYERS))
        self.ln_post = nn.LayerNorm(WIDTH)

    def forward(self, mel: Tensor) -> Tensor:
        """`mel` is (batch, frames, 80) with an even number of frames."""
        x = gelu(_convolve(self.conv1, mel, 1))
        x = gelu(_convolve(self.conv2, x, 2))
        x = x + self.positional_embedding[: x.shape[1]]
        for block in self.blocks:
            x, _ = block(x)
        return self.ln_post(x)


def _convolve(convolution: nn.Conv1d, x: Tensor, stride: int) -> Tensor:
    """A convolution of width 3 as one matrix product, which is the faster way on a processor."""
    padded = F.pad(x, (0, 0, 1, 1))
    count = x.shape[1]
    windows = torch.cat([padded[:, at : at + count : stride] for at in range(3)], 2)
    return F.linear(windows, convolution.weight.transpose(1, 2).flatten(1), convolution.bias)


class Decoder(nn.Module):
    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(vocabulary, WIDTH)
        nn.init.normal_(self.token_embedding.weight, std=0.05)
        self.token_embedding.weight.data[:, -1] = 0
        self.positional_embedding = nn.Parameter(torch.randn(TEXT_POSITIONS, WIDTH) * 0.01)
        self.blocks = nn.ModuleList(Block(crosses=True) for _ in range(DECODER_LAYERS))
        self.ln = nn.LayerNorm(WIDTH)
        self.register_buffer("mask", torch.full((TEXT_POSITIONS, TEXT_POSITIONS), -1e9).triu_(1), persistent=False)
        free = torch.ones(WIDTH)
        free[-1] = 0
        self.register_buffer("free", free, persistent=False)

    def forward(self, tokens: Tensor, heard: Tensor, asked: Tensor | None = None) -> tuple[Tensor, list[Tensor]]:
        """Returns logits, and each layer's attention to what was heard. With `asked` (a mask like `tokens`) only those
        places get logits: the vocabulary is the widest layer of all."""
        x = self.token_embedding(tokens) + self.positional_embedding[: tokens.shape[1]]
        attention = []
        for block in self.blocks:
            x, weights = block(x, heard, self.mask)
            attention.append(weights)
        x = F.layer_norm(x.float(), (WIDTH,), self.ln.weight * self.free, self.ln.bias * self.free + (1 - self.free))
        return F.linear(x if asked is None else x[asked], self.token_embedding.weight), attention


class Whisper(nn.Module):
    """The model, and beside it a classifier of phonemes that only the training uses."""

    def __init__(self, vocabulary: int, phonemes: int) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder(vocabulary)
        self.phonemes = nn.Linear(WIDTH, phonemes)

    @torch.no_grad()
    def write(self, mel: Tensor, start: Tensor, end: int, longest: int = 64) -> list[list[int]]:
        """Writes greedily, without whisper.cpp's rules; `start` is (batch, prompt)."""
        heard, written = self.encoder(mel), start
        done = torch.zeros(len(start), dtype=torch.bool, device=start.device)
        for _ in range(longest):
            logits, _ = self.decoder(written, heard)
            token = logits[:, -1].argmax(-1).masked_fill(done, end)
            done |= token == end
            written = torch.cat([written, token[:, None]], 1)
            if done.all():
                break
        return [[token for token in row if token != end] for row in written[:, start.shape[1] :].tolist()]
