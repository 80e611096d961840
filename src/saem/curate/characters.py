"""What each character is, as bits: what words, sentences and lines are told by. Read by the compiled statistics.

The classes of word edges are those of spaCy's English tokenizer, the marks those of datatrove, so that rules of the papers can be
compared with their reference code. Source: spacy/lang/punctuation.py, datatrove/utils/text.py.
"""
import unicodedata
from functools import cache

import numpy as np

ALPHA, LOWER, UPPER, DIGIT, MARK, EDGE, QUOTE, PUNCTUATION = 1, 2, 4, 8, 16, 32, 64, 128
SPACE, SYMBOL, PREFIX, HANGUL, JAMO, LINE_END, SENTENCE_END, LETTER_J = 256, 512, 1024, 2048, 4096, 8192, 16384, 32768
KANA, HAN, PARTICLE, STOP_CHAR, CURLY, AFTER_WORD = 1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 20, 1 << 21

_EDGES = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪"
_QUOTES = "'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉"
_CURRENCY = "$£€¥฿₽﷼₴₠₡₢₣₤₥₦₧₨₩₪₫€₭₮₯₰₱₲₳₴₵₸₹₺₻₼₽₾₿"
_MARKS = "!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_.\"}►»"
_STOPS = "᪩？⁈．꩞﹗᭽፧꡶꘎⁉࠾᪨᱿᥅﹒።܂؞꛳؝꩟᠉᭾᰼؟꧉܀꓿᜵៖᥆꯫۔꡷⸔｡៕߹⸮.࠹꫰꤯᭞፨꣏࠷?！։꣎॥᭛᠃!၊⁇᭟⸼꩝。꧈꫱᙮។꛷៚᥄᪪᭚࠽⹓।။᱾꘏܁᜶‼‽᪫﹖៙᰻"
_SENTENCE_ENDS = "!.?։؟۔܀܁܂߹।॥၊။።፧፨᙮᜵᜶᠃᠉᥄᥅᪨᪩᪪᪫᭚᭛᭞᭟᰻᰼᱾᱿‼‽⁇⁈⁉⸮⸼꓿꘎꘏꛳꛷꡶꡷꣎꣏꤯꧈꧉꩝꩞꩟꫰꫱꯫﹒﹖﹗！．？｡。"
PARTICLES = "은는이가을를의에로도와과다요"      # a Korean word that ends in one is a word of a sentence


@cache
def classes() -> np.ndarray:
    """(65536,) uint32 by code point; what lies beyond is taken for a symbol."""
    table = np.zeros(0x10000, np.uint32)
    for code in range(0x10000):
        char = chr(code)
        kind = unicodedata.category(char)
        bits = ALPHA if char.isalpha() else 0
        bits |= (
            (LOWER if char.islower() or not char.isupper() else 0) | (UPPER if char.isupper() or not char.islower() else 0) if bits else 0
        )
        bits |= PUNCTUATION if kind[0] == "P" else 0
        bits |= SPACE if char.isspace() else 0
        bits |= SYMBOL | EDGE if kind == "So" else 0
        bits |= MARK if kind == "Cc" and char not in "\t\n" or char == "\t" else 0
        table[code] = bits
    table[0xFFFF] |= SYMBOL | EDGE      # emoji and whatever else lies beyond
    for chars, bit in ((_EDGES + _QUOTES, EDGE), (_EDGES + _QUOTES + "|", AFTER_WORD), (_QUOTES, QUOTE), (_MARKS + _STOPS, MARK),
                       ("§%=—–" + _CURRENCY, PREFIX), ("0123456789", DIGIT), ("%²-+", AFTER_WORD), (_STOPS, STOP_CHAR),
                       (_SENTENCE_ENDS, SENTENCE_END), ("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", LINE_END), ("jJ", LETTER_J),
                       (PARTICLES, PARTICLE), ("{", CURLY)):
        table[[ord(char) for char in chars]] |= bit
    for first, last, bit in (
        (0xAC00, 0xD7A3, HANGUL),
        (0x3131, 0x318E, JAMO),
        (0x1100, 0x11FF, JAMO),
        (0x3041, 0x30FF, KANA),
        (0x3400, 0x9FFF, HAN),
    ):
        table[first:last + 1] |= bit
    return table
