"""The training loop: fresh data, Muon and AdamW, checkpoints, logs; ends by the clock."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from types import FrameType

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from foreframe_models.training import model as models
from foreframe_models.training.batches import Batch, Stream
from foreframe_models.training.config import TrainConfig, TrainingError
from foreframe_models.training.curve import plot
from foreframe_models.training.documents import Document
from foreframe_models.training.measure import exactness, heldout, read_programs
from foreframe_models.training.muon import Muon
from foreframe_models.vocabulary import Vocabulary


class Run:
    """One run's state: model, optimisers, what was seen, and the folder it is kept in."""

    def __init__(self, config: TrainConfig) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.config = config = config.fitted(self.device.type)
        config.out.mkdir(parents=True, exist_ok=True)
        self.checkpoint = config.out / "checkpoint"
        self.state_path = config.out / "optimizer.pt"
        self.log_path = config.out / "log.jsonl"
        torch.set_num_threads(config.threads)
        torch.set_float32_matmul_precision("high")  # of consequence on GPUs only
        torch.manual_seed(config.seed)
        start = self.checkpoint if config.resume and self.checkpoint.exists() else config.start_from
        if start is not None:
            try:
                self.model, self.vocabulary = models.load(start)
            except (OSError, ValueError, KeyError, RuntimeError) as error:
                raise TrainingError(f"{start} is no checkpoint to go on from: {error}") from error
        else:
            assert config.model is not None
            self.vocabulary = Vocabulary.standard()
            self.model = models.build(config.model, self.vocabulary)
        self.model.to(self.device)
        self.body = self.model.model
        if config.compile:
            self.body = torch.compile(self.model.model, dynamic=True)
        self.optimizers = self.make_optimizers(self.model)
        self.step = 0
        self.tokens = 0  # without padding
        self.seconds = 0.0  # of training, over all runs
        if config.resume and self.state_path.exists():
            self.restore()
        self.warm_from = self.step
        self.stopped = False

    def make_optimizers(self, model: LlamaForCausalLM) -> tuple[Muon, torch.optim.AdamW]:
        """Muon for the layers' matrices, AdamW for embeddings and norms."""
        config = self.config
        matrices: list[Tensor] = []
        others: list[Tensor] = []
        for name, weight in model.named_parameters():
            inside = weight.ndim == 2 and "embed" not in name and "lm_head" not in name
            (matrices if inside else others).append(weight)
        return (
            Muon(matrices, lr=config.rate, decay=config.weight_decay),
            torch.optim.AdamW(
                others, lr=config.embedding_rate, betas=(0.9, 0.95), weight_decay=0.0
            ),
        )

    def restore(self) -> None:
        """Counters, full-precision weights and optimisers of a run that ended early."""
        state = torch.load(self.state_path, map_location=self.device, weights_only=True)
        self.step, self.tokens, self.seconds = state["step"], state["tokens"], state["seconds"]
        self.model.load_state_dict(state["model"])
        if not self.config.reset_optimizer:
            for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(saved)

    def save(self) -> None:
        """The checkpoint for everyone, and beside it what only a continued run needs."""
        models.save(self.model, self.vocabulary, self.checkpoint)
        state = {
            "step": self.step,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }
        partial = self.state_path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.state_path)

    def log(self, entry: dict[str, object]) -> None:
        """One line of the log, on the screen too."""
        entry = {"step": self.step, "tokens": self.tokens, **entry}
        with self.log_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        print(json.dumps(entry), flush=True)

    def set_rate(self, share: float) -> None:
        """Scales both optimisers' rates."""
        rates = (self.config.rate, self.config.embedding_rate)
        for optimizer, rate in zip(self.optimizers, rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * share

    def train_on(self, batch: Batch) -> tuple[float, int, int]:
        """One step. Returns the summed loss, the tokens that count, and how many were right."""
        ids = torch.from_numpy(batch.ids).to(self.device)
        labels = torch.from_numpy(batch.labels).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bool(self.config.bf16)):
            loss, right = models.loss_of(self.model, self.body, ids, labels)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += batch.tokens
        return float(loss.detach()) * right.numel(), right.numel(), int(right.sum())


def rate_share(config: TrainConfig, run: Run, done: float) -> float:
    """Warm-up by steps, then held, then down to zero. `done`: the part of the run that is over."""
    warm = min(1.0, (run.step - run.warm_from + 1) / max(1, config.warmup_steps))
    left = max(0.0, 1 - done)
    return warm * (min(1.0, left / config.decay) if config.decay else 1.0)


def train(config: TrainConfig) -> Path:
    """Trains until the run is over or a first SIGTERM or SIGINT; returns the checkpoint's folder.

    Continues what lies in `config.out` (with `resume`). Everything is logged to `log.jsonl`.
    """
    run = Run(config)
    config = run.config
    assert config.batch_tokens is not None
    assert config.workers is not None

    def on_signal(signum: int, frame: FrameType | None) -> None:
        run.stopped = True

    before = {s: signal.signal(s, on_signal) for s in (signal.SIGTERM, signal.SIGINT)}
    context = int(run.model.config.max_position_embeddings)
    stream = Stream(
        seed=config.seed * 100_003 + run.step,
        size=config.batch_tokens,
        context=context,
        workers=config.workers,
        data=config.data,
        parts=config.parts,
    )
    generated = heldout(config.heldout, run.vocabulary, context, parts=config.parts)
    given: list[Document] = []
    if config.programs:
        given += read_programs(config.programs, run.vocabulary, context, parts=config.parts)
    parameters = sum(p.numel() for p in run.model.parameters())
    run.log({"start": config.as_json(), "parameters": parameters, "device": str(run.device)})

    def evaluate() -> None:
        run.model.eval()
        entry = exactness(run.model, generated, run.vocabulary).as_json("generated")
        if given:
            entry |= exactness(run.model, given, run.vocabulary).as_json("programs")
        run.log(entry)
        run.model.train()

    started = evaluated = saved = shown = time.monotonic()
    loss = 0.0
    counted = right = seen = 0
    known = run.tokens
    run.model.train()
    torch.set_flush_denormal(True)  # of this thread: much faster, and wrong for all else
    try:
        while not run.stopped:
            now = time.monotonic()
            if config.tokens is None:
                done = (now - started) / 60 / config.minutes
            else:
                done = (run.tokens - known) / config.tokens
            if done >= 1:
                break
            stream.level.value = min(1.0, run.tokens / max(1.0, config.curriculum_tokens))
            run.set_rate(rate_share(config, run, done))
            batch = next(stream)
            step_loss, step_count, step_right = run.train_on(batch)
            loss, counted, right = loss + step_loss, counted + step_count, right + step_right
            seen += batch.tokens
            run.seconds += time.monotonic() - now
            if now - shown > 30:
                entry: dict[str, object] = {
                    "loss": round(loss / counted, 4),
                    "tokens_right": round(right / counted, 4),
                    "tokens_per_second": round(seen / (now - shown)),
                    "waited_for_data": round(stream.waited, 2),
                    "minutes": round(run.seconds / 60, 2),
                }
                run.log(entry)
                loss, counted, right, seen, shown = 0.0, 0, 0, 0, now
                stream.waited = 0.0
            if now - saved > config.save_minutes * 60:
                run.save()
                saved = now
            if now - evaluated > config.evaluate_minutes * 60:
                evaluate()
                plot(run.log_path, config.out / "curve.png")
                evaluated = time.monotonic()
    finally:
        torch.set_flush_denormal(False)
        stream.close()
        for number, handler in before.items():
            signal.signal(number, handler)
    run.save()
    if not run.stopped:
        evaluate()
    plot(run.log_path, config.out / "curve.png")
    return run.checkpoint
