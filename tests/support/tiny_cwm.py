"""Makes a tiny, randomly initialised checkpoint of CWM's architecture, for a real vLLM to serve.

    python tests/support/tiny_cwm.py FOLDER [--brief]

With random weights it writes values without an end; a brief one closes them at once.

Its byte-level BPE tokenizer is trained on the standard library here and has CWM's special tokens,
at other ids than CWM's. The same seed and libraries give the same checkpoint.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import CwmConfig, CwmForCausalLM, GenerationConfig, PreTrainedTokenizerFast

from foreframe_protocol.trace_pieces import SEPARATORS, Separator

VOCABULARY = 2048
CONTEXT = 4096
OTHERS = ("<|pad|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>")
# How Llama 3 splits text, which CWM's tokenizer descends from
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def tokenizer() -> Tokenizer:
    """A tokenizer that, like CWM's, starts every text with begin_of_text unless told not to."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[:60]
    specials = [*OTHERS, *(separator.text for separator in SEPARATORS)]
    made.train(
        [str(file) for file in files],
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=specials,
            show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    begin = Separator.BEGIN_OF_TEXT.text
    made.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single=f"{begin} $A", special_tokens=[(begin, made.token_to_id(begin))]
            ),
        ]
    )
    return made


def make(folder: Path, *, brief: bool = False) -> None:
    """Writes the checkpoint: 4 layers, one of full attention and three with a window of 64."""
    made = tokenizer()
    begin, end, pad = (
        made.token_to_id(text)
        for text in (Separator.BEGIN_OF_TEXT.text, Separator.END_OF_TEXT.text, "<|pad|>")
    )
    torch.manual_seed(0)
    config = CwmConfig(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=192,
        num_hidden_layers=4,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        max_position_embeddings=CONTEXT,
        sliding_window=64,
        bos_token_id=begin,
        eos_token_id=end,
        pad_token_id=pad,
        initializer_range=0.1,
        dtype="float32",
    )
    model = CwmForCausalLM(config).to(torch.float32)
    if brief:
        close_quotes(model, [i for text, i in made.get_vocab().items() if text.startswith('"')])
    model.generation_config = GenerationConfig(
        bos_token_id=begin, eos_token_id=end, pad_token_id=pad
    )
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token=Separator.BEGIN_OF_TEXT.text,
        eos_token=Separator.END_OF_TEXT.text,
        pad_token="<|pad|>",
        clean_up_tokenization_spaces=False,
        model_max_length=CONTEXT,
    ).save_pretrained(folder)


def close_quotes(model: CwmForCausalLM, ids: list[int]) -> None:
    """Makes these tokens likely wherever they may stand: each state has a part that they like."""
    with torch.no_grad():
        model.get_input_embeddings().weight += 0.5
        model.get_output_embeddings().weight[ids] += 0.2


if __name__ == "__main__":
    make(Path(sys.argv[1]), brief="--brief" in sys.argv)
