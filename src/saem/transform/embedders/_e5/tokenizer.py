"""XLM-RoBERTa's tokenizer: of all ways to cut a word into known pieces, the one with the highest sum of log probabilities.

Source: Kudo 2018, https://arxiv.org/abs/1804.10959 (the search is Viterbi's); `tok_content` in the wheel's `e5.c`.
"""
import re
from functools import lru_cache

from saem.transform.embedders._e5.pack import Vocabulary

WORD_START = "\u2581"              # SentencePiece's visible space: every word begins with it
UNKNOWN_PENALTY = 10.0             # an unknown character costs this much more than the rarest piece
MAX_CACHED_WORDS = 50_000
MAX_CACHED_WORD_CHARS = 40         # longer "words" are base64 or text without spaces: they do not come again

_SPACES = re.compile(" {2,}")


class Tokenizer:
    """Text to token ids. Pieces never cross the start of a word, so each word is cut alone and remembered."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._normal_forms = vocabulary.normal_forms
        self._scores: list[float] = vocabulary.scores.tolist()
        self._unknown = vocabulary.unknown
        self._unknown_score = min(self._scores) - UNKNOWN_PENALTY
        pieces = vocabulary.pieces
        self._ids = dict(zip(reversed(pieces), range(len(pieces) - 1, -1, -1), strict=True))    # the first of equals wins
        for unwanted in ("", pieces[vocabulary.unknown]):
            self._ids.pop(unwanted, None)
        self._longest = {piece[0]: len(piece) for piece in sorted(self._ids, key=len)}     # first character -> its longest piece
        self._cut_cached = lru_cache(MAX_CACHED_WORDS)(self._cut)

    def __call__(self, text: str) -> list[int]:
        """Token ids without begin and end. An empty text gives the one token of the empty word."""
        text = _SPACES.sub(" ", text.translate(self._normal_forms))
        ids: list[int] = []
        for word in text.removeprefix(" ").split(" "):
            ids += (self._cut_cached if len(word) <= MAX_CACHED_WORD_CHARS else self._cut)(WORD_START + word)
        return ids

    def _cut(self, word: str) -> tuple[int, ...]:
        """The best pieces of one word. `best[i]` is the score of the best way to cut its first i characters."""
        ids, scores, longest = self._ids, self._scores, self._longest
        best = [0.0] + [float("-inf")] * len(word)
        last = [(0, self._unknown)] * (len(word) + 1)                 # the piece that ends there: (start, id)
        for start, character in enumerate(word):
            so_far = best[start]
            for stop in range(start + 1, min(len(word), start + longest.get(character, 0)) + 1):
                piece = ids.get(word[start:stop])
                if piece is not None and so_far + scores[piece] > best[stop]:
                    best[stop], last[stop] = so_far + scores[piece], (start, piece)
            if so_far + self._unknown_score > best[start + 1]:
                best[start + 1], last[start + 1] = so_far + self._unknown_score, (start, self._unknown)
        pieces, stop = [], len(word)
        while stop:
            stop, piece = last[stop]
            pieces.append(piece)
        return tuple(reversed(pieces))
