"""The training: a budget of processor time, two processes of one thread each (or one GPU), resumable.

    python train.py [--minutes M] [--start FILE]

The learning rate rises, stays, and falls over the last quarter of the budget. The budget counts processor time, so that a
machine with other work makes the same model, later. Who cannot wait creates the file `finish` in the work folder: the
fall begins at once and takes a third of the time used so far. `--start` begins with the weights of a checkpoint or of a
ggml file.
"""

import argparse
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
FINISH = WORK / "finish"
CHECKPOINT_MINUTES, EVALUATION_MINUTES = 3.0, 6.0
RATE, WARM_UP = 1.8e-3, 100
RATE_FROM_WEIGHTS = 1.2e-3
FRAMES = {"cpu": 9_600, "cuda": 96_000}
SMOOTHING = 0.05
FALL = 0.25  # of the budget


class CrossEntropy(torch.autograd.Function):
    """Mean cross-entropy with label smoothing, in fewer passes over the vocabulary than torch's own takes."""

    @staticmethod
    def forward(context, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        probabilities = logits.softmax(-1)
        context.save_for_backward(probabilities, targets)
        right = logits.gather(1, targets[:, None])[:, 0]
        whole = right - probabilities.gather(1, targets[:, None])[:, 0].clamp(min=1e-30).log()
        return (whole - (1 - SMOOTHING) * right - SMOOTHING * logits.mean(-1)).mean()

    @staticmethod
    def backward(context, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        slope, targets = context.saved_tensors
        slope -= SMOOTHING / slope.shape[1]
        slope.scatter_add_(1, targets[:, None], torch.full_like(slope[:, :1], SMOOTHING - 1))
        return slope.mul_(gradient / len(targets)), None


def losses(model: Whisper, batch: Batch, progress: float) -> tuple[torch.Tensor, dict[str, float]]:
    """Returns what to minimise: the text, and as scaffolding the phonemes heard and the places attended to."""
    heard = model.encoder(batch.mel)
    asked = batch.targets != IGNORED
    logits, attention = model.decoder(batch.written, heard, asked)
    targets = batch.targets[asked]
    text = CrossEntropy.apply(logits.float(), targets)
    phonemes = F.cross_entropy(model.phonemes(heard).float().flatten(0, 1), batch.phonemes.flatten(), ignore_index=IGNORED, reduction="sum")
    phonemes = phonemes / (batch.phonemes != IGNORED).sum().clamp(min=1)
    place = torch.arange(heard.shape[1], device=heard.device)
    inside = ((place >= batch.spans[..., :1]) & (place <= batch.spans[..., 1:])).float()
    known = (batch.spans[..., 0] >= 0).float()
    looking = sum(
        -(((weights[:, :2] * inside[:, None]).sum(-1) + 1e-4).log() * known[:, None]).sum() / (2 * known.sum() + 1e-6) for weights in attention
    ) / len(attention)
    right = (logits.detach().argmax(-1) == targets).float().mean()
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
    clock = time.process_time if device == "cpu" else time.time
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
            started, progress = clock(), min(1.0, spent / budget)
            rate = peak * min(1, (step + 1) / WARM_UP, (1.01 - progress) / FALL)
            for group in optimise.param_groups:
                group["lr"] = rate
            with torch.autocast(device, dtype=torch.bfloat16):
                loss, parts = losses(model, batch.to(device), progress)
            optimise.zero_grad(set_to_none=False)
            loss.backward()
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
            # Worker 0's clock and word count for all.
            news = torch.tensor([clock() - started, FINISH.exists()], dtype=torch.float64)
            if count > 1:
                distributed.broadcast(news, 0)
            spent += news[0].item()
            if news[1]:
                budget = min(budget, spent / (1 - FALL)) if budget == options.minutes * 60 else budget
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
    parser.add_argument("--minutes", type=float, default=95)
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
