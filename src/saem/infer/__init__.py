"""5 inference: questions become answers whose every sentence cites a row."""
from saem.infer.answers import Answer, Citation, Sentence, Step
from saem.infer.asking import ask
from saem.infer.documents import documents
from saem.infer.picture import Picture, picture

__all__ = ["Answer", "Citation", "Picture", "Sentence", "Step", "ask", "documents", "picture"]
