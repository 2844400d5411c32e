"""The small model: a Llama decoder in the layout that Hugging Face, vLLM and the exporter read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from foreframe_models.training.config import ModelConfig
from foreframe_models.vocabulary import Vocabulary

SHARD_BYTES = 15_000_000


def build(config: ModelConfig, vocabulary: Vocabulary) -> LlamaForCausalLM:
    """A model with fresh weights."""
    settings = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=config.hidden,
        intermediate_size=config.inner,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.heads,
        max_position_embeddings=config.context,
        rope_theta=10_000.0,
        tie_word_embeddings=True,
        bos_token_id=vocabulary.special["<bos>"],
        eos_token_id=vocabulary.special["<end>"],
        pad_token_id=vocabulary.special["<pad>"],
        attn_implementation="sdpa",
        use_cache=False,
    )
    return LlamaForCausalLM(settings)


def loss_of(
    model: LlamaForCausalLM, body: Callable[..., Any], ids: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    """(mean cross-entropy over labels that are not -100, which of them the model gets right).

    `body` is `model.model`, or that compiled.
    """
    hidden = body(input_ids=ids).last_hidden_state
    scored = labels != -100
    logits = model.lm_head(hidden[scored]).float()
    wanted = labels[scored]
    return functional.cross_entropy(logits, wanted), logits.argmax(-1) == wanted


def save(model: LlamaForCausalLM, vocabulary: Vocabulary, folder: Path) -> None:
    """Writes config, bfloat16 weights in shards under 16 MB, tokenizer and vocabulary."""
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config.to_dict()
    config |= {"use_cache": True, "dtype": "bfloat16", "architectures": ["LlamaForCausalLM"]}
    config["torch_dtype"] = "bfloat16"
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, weight in model.state_dict().items():
        if name == "lm_head.weight":
            continue  # tied
        kept = weight.detach().to("cpu", torch.bfloat16).contiguous()
        if size + kept.nbytes > SHARD_BYTES and shards[-1]:
            shards.append({})
            size = 0
        shards[-1][name] = kept
        size += kept.nbytes
    for old in folder.glob("model*.safetensors*"):
        old.unlink()
    if len(shards) == 1:
        save_file(shards[0], folder / "model.safetensors", metadata={"format": "pt"})
    else:
        index: dict[str, str] = {}
        for number, shard in enumerate(shards, 1):
            file = f"model-{number:05}-of-{len(shards):05}.safetensors"
            save_file(shard, folder / file, metadata={"format": "pt"})
            index |= dict.fromkeys(shard, file)
        body = {"metadata": {}, "weight_map": index}
        (folder / "model.safetensors.index.json").write_text(json.dumps(body, indent=1) + "\n")
    vocabulary.save(folder / "vocabulary.json")
    vocabulary.save_tokenizer(folder)


def load(folder: Path) -> tuple[LlamaForCausalLM, Vocabulary]:
    """What `save` wrote, as float32. Spare tokens are what they have become since, untrained."""
    vocabulary = saved = Vocabulary.load(folder / "vocabulary.json")
    if (standard := Vocabulary.standard()).continues(vocabulary.tokens):
        vocabulary = standard
    config = LlamaConfig.from_pretrained(folder)
    config.use_cache = False
    config._attn_implementation = "sdpa"
    model = LlamaForCausalLM(config).float()
    weights: dict[str, Tensor] = {}
    for file in sorted(folder.glob("model*.safetensors")):
        weights |= load_file(file)
    used = [n for n in range(len(saved)) if saved.tokens[n] != vocabulary.tokens[n]]
    if used:
        renew(weights["model.embed_tokens.weight"], vocabulary, used)
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    model.load_state_dict({name: weight.float() for name, weight in weights.items()})
    return model, vocabulary


def renew(embeddings: Tensor, vocabulary: Vocabulary, tokens: list[int]) -> None:
    """Lets tokens that training never showed begin like those that open a frame, each apart.

    With tied weights, a token that never comes is pushed where nothing looks like it.
    """
    opening = [vocabulary.special[text] for text in ("<line>", "<call>", "<it>")]
    middle = embeddings[opening].float().mean(0) / 2
    fresh = middle + 0.02 * torch.randn(len(tokens), len(middle))
    embeddings[tokens] = fresh.to(embeddings.dtype)
