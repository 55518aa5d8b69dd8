"""The training: a wall-clock budget, two processes of one thread each (or one GPU), resumable.

    python train.py [--minutes M] [--start FILE]

The learning rate is laid out over the budget, so that a slow machine ends as properly as a fast one, with less training.
The time used so far is part of the checkpoint. `--start` begins with the weights of a checkpoint or of a ggml file.
"""

import argparse
import math
import os
import time
from pathlib import Path

import torch
import torch.distributed as distributed
import torch.multiprocessing as multiprocessing
import torch.nn.functional as F

import batches
import development
import ggml
import texts
from batches import IGNORED, Batch, Batches
from network import Whisper
from settings import SEED, WORK
from synthesis import Espeak, phoneme_classes

CHECKPOINT = WORK / "checkpoint.pt"
CURVE = WORK / "curve.tsv"
CHECKPOINT_MINUTES, EVALUATION_MINUTES = 3.0, 6.0
RATE, WARM_UP = 1.8e-3, 100
RATE_FROM_WEIGHTS = 1.2e-3
FRAMES = {"cpu": 9_600, "cuda": 96_000}
SMOOTHING = 0.05


def losses(model: Whisper, batch: Batch, progress: float) -> tuple[torch.Tensor, dict[str, float]]:
    """Returns what to minimise: the text, and as scaffolding the phonemes heard and the places attended to."""
    heard = model.encoder(batch.mel)
    logits, attention = model.decoder(batch.written, heard)
    logits = logits.float()
    text = F.cross_entropy(logits.flatten(0, 1), batch.targets.flatten(), ignore_index=IGNORED, label_smoothing=SMOOTHING)
    phonemes = F.cross_entropy(model.phonemes(heard).float().flatten(0, 1), batch.phonemes.flatten(), ignore_index=IGNORED, reduction="sum")
    phonemes = phonemes / (batch.phonemes != IGNORED).sum().clamp(min=1)
    place = torch.arange(heard.shape[1], device=heard.device)
    inside = ((place >= batch.spans[..., :1]) & (place <= batch.spans[..., 1:])).float()
    known = (batch.spans[..., 0] >= 0).float()
    looking = sum(
        -(((weights[:, :2] * inside[:, None]).sum(-1) + 1e-4).log() * known[:, None]).sum() / (2 * known.sum() + 1e-6) for weights in attention
    ) / len(attention)
    asked = batch.targets[:, 3:] != IGNORED
    right = (logits[:, 3:].argmax(-1) == batch.targets[:, 3:])[asked].float().mean()
    total = text + (0.1 + 0.6 * (1 - progress)) * phonemes + (0.05 + 0.5 * (1 - progress)) * looking
    return total, {"text": text.item(), "phonemes": phonemes.item(), "attention": looking.item(), "right": right.item()}


def optimiser(model: Whisper) -> torch.optim.Optimizer:
    """AdamW; only matrices decay."""
    matrices = [p for name, p in model.named_parameters() if p.dim() > 1 and "embedding" not in name]
    others = [p for name, p in model.named_parameters() if p.dim() == 1 or "embedding" in name]
    return torch.optim.AdamW([{"params": matrices, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}], lr=RATE, betas=(0.9, 0.98))


def begin(model: Whisper, path: Path, used: list[int]) -> None:
    """Takes over the weights of a checkpoint or a ggml file; tokens it does not know stay as they are."""
    if path.suffix == ".bin":
        parameters, known = ggml.read(path)
        weights = {name: torch.tensor(values) for name, values in parameters.items()}
    else:
        saved = torch.load(path, map_location="cpu")
        weights, known = saved["model"], saved["used"]
    table = "decoder.token_embedding.weight"
    rows = {token: row for row, token in enumerate(known)}
    mixed = model.state_dict()[table].clone()
    for row, token in enumerate(used):
        if token in rows:
            mixed[row] = weights[table][rows[token]]
    weights[table] = mixed
    model.load_state_dict({name: values for name, values in weights.items() if not name.startswith("phonemes") or path.suffix != ".bin"}, strict=False)


def save(path: Path, **state) -> None:
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").rename(path)


def worker(rank: int, count: int, options: argparse.Namespace) -> None:
    """Trains; every worker holds the whole model and a share of every step."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(1 if device == "cpu" else 4)
    if count > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(options.port))
        distributed.init_process_group("gloo", rank=rank, world_size=count)
    torch.manual_seed(SEED)
    used, classes = texts.token_list(), phoneme_classes(Espeak())
    model = Whisper(len(used), len(classes) + 1).to(device)
    optimise, step, spent, epoch, warm = optimiser(model), 0, 0.0, 0, False
    if CHECKPOINT.exists():
        saved = torch.load(CHECKPOINT, map_location=device)
        model.load_state_dict(saved["model"])
        optimise.load_state_dict(saved["optimiser"])
        step, spent, epoch, warm = saved["step"], saved["spent"], saved["epoch"] + 1, saved["warm"]
    elif options.start:
        begin(model, options.start, used)
        warm = True
    peak, budget = options.rate or (RATE_FROM_WEIGHTS if warm else RATE), options.minutes * 60
    source = Batches(used, FRAMES[device], rank, count, SEED + epoch)
    parameters = list(model.parameters())
    say = print if rank == 0 else (lambda *_, **__: None)
    say(f"{device}, {count} worker(s), {len(used)} tokens, {sum(p.numel() for p in parameters):,} parameters, step {step}, {spent / 60:.1f} of {options.minutes:.0f} min spent", flush=True)
    since = {"save": spent, "evaluate": spent, "frames": 0, "time": time.time()}
    sums: dict[str, float] = {}

    def checkpoint() -> None:
        save(CHECKPOINT, model=model.state_dict(), optimiser=optimise.state_dict(), used=used, step=step, spent=spent, epoch=epoch, warm=warm)

    while spent < budget:
        names = [batches.shards()]
        if count > 1:
            distributed.broadcast_object_list(names)
        source.add(names[0])
        say(f"epoch {epoch}: {len(source.examples)} utterances, {sum(len(e.mel) for e in source.examples) / 360_000:.1f} h", flush=True)
        for batch in source.epoch():
            started, progress = time.time(), min(1.0, spent / budget)
            rate = peak * min(1, (step + 1) / WARM_UP) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))
            for group in optimise.param_groups:
                group["lr"] = rate
            with torch.autocast(device, dtype=torch.bfloat16):
                loss, parts = losses(model, batch.to(device), progress)
            optimise.zero_grad(set_to_none=False)
            loss.backward()
            # Gradients, and worker 0's clock, so that all workers keep to one schedule.
            flat = torch.cat([(p.grad if p.grad is not None else torch.zeros_like(p)).flatten() for p in parameters])
            if count > 1:
                distributed.all_reduce(flat)
                flat /= count
            at = 0
            for p in parameters:
                p.grad = flat[at : at + p.numel()].view_as(p)
                at += p.numel()
            if torch.isfinite(torch.nn.utils.clip_grad_norm_(parameters, 1.0)):
                optimise.step()
            step += 1
            clock = torch.tensor([time.time() - started], dtype=torch.float64)
            if count > 1:
                distributed.broadcast(clock, 0)
            spent += clock.item()
            for name, value in parts.items():
                sums[name] = sums.get(name, 0.0) + value
            since["frames"] += batch.mel.shape[0] * batch.mel.shape[1] * count
            if rank == 0 and step % 50 == 0:
                means = " ".join(f"{name} {value / 50:.3f}" for name, value in sums.items())
                pace = since["frames"] / 100 / (time.time() - since["time"])
                say(f"step {step} {spent / 60:.1f} min {means} rate {rate:.1e} pace {pace:.0f} x", flush=True)
                sums.clear()
                since.update(frames=0, time=time.time())
            if rank == 0 and spent - since["save"] > CHECKPOINT_MINUTES * 60:
                checkpoint()
                since["save"] = spent
            if spent - since["evaluate"] > EVALUATION_MINUTES * 60:
                if rank == 0:
                    report(model, used, device, step, spent)
                if count > 1:
                    distributed.barrier()
                since.update(evaluate=spent, frames=0, time=time.time())
            if spent >= budget:
                break
        epoch += 1
    if rank == 0:
        checkpoint()
        report(model, used, device, step, spent)


def report(model: Whisper, used: list[int], device: str, step: int, spent: float) -> None:
    """Prints and keeps one point of the curve."""
    scores = development.scores(model, used, device)
    line = f"{step}\t{spent / 60:.1f}\t" + "\t".join(f"{name} {rate:.4f}" for name, rate in scores.items())
    print("CER " + line, flush=True)
    with CURVE.open("a") as file:
        file.write(line + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=140)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--port", type=int, default=29_517)
    options = parser.parse_args()
    count = 1 if torch.cuda.is_available() else min(2, os.cpu_count() or 1)
    if count == 1:
        worker(0, 1, options)
    else:
        multiprocessing.spawn(worker, (count, options), count)


if __name__ == "__main__":
    main()
