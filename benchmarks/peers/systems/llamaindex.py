"""LlamaIndex: IngestionPipeline with a document store (upserts and deletes) and Chroma, persisted to a folder.

The pipeline's cache is off: its key is the whole list of documents, so it helps no incremental run, and persisting it costs more
than all the rest. A batch of Chroma holds 5,461 rows; the integration sends 41,665, so it is told.
"""
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import chromadb
import llama_index.vector_stores.chroma.base as chroma
from llama_index.core import SimpleDirectoryReader, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.node_parser import TextSplitter
from llama_index.core.storage.docstore import SimpleDocumentStore

from benchmarks.peers import work

PAGE = 5_000
chroma.MAX_CHUNK_SIZE = PAGE
_embedder = work.Embedder()


class Pieces(TextSplitter):
    def split_text(self, text: str) -> list[str]:
        return work.cut(text)


class Hash(BaseEmbedding):
    model_name: str = "hash"

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return _embedder.passages(texts).tolist()

    def _get_query_embedding(self, query: str) -> list[float]:
        return _embedder.queries([query])[0].tolist()

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


class LlamaIndex:
    def __init__(self, home: str, corpus: str) -> None:
        self.corpus, self.place = corpus, os.path.join(home, "pipeline")
        settings = chromadb.Settings(anonymized_telemetry=False)
        self.collection = chromadb.PersistentClient(os.path.join(home, "chroma"), settings=settings).get_or_create_collection("chunks")
        self.store = chroma.ChromaVectorStore(chroma_collection=self.collection)
        self.model = Hash(embed_batch_size=64)
        self.pipeline = IngestionPipeline(transformations=[Pieces(), self.model],
                                          docstore=SimpleDocumentStore(), docstore_strategy=DocstoreStrategy.UPSERTS_AND_DELETE,
                                          vector_store=self.store, disable_cache=True)
        if os.path.exists(self.place):
            self.pipeline.load(self.place)

    def sync(self) -> None:
        reader = SimpleDirectoryReader(self.corpus, filename_as_id=True, exclude_hidden=False)      # else it reads nothing under ~/.cache
        documents = reader.load_data()
        for document in documents:
            document.excluded_embed_metadata_keys = list(document.metadata)     # the text alone is embedded, as elsewhere
        self.pipeline.run(documents=documents)
        self.pipeline.persist(self.place)

    def failures(self) -> list[str]:
        return []

    def retry(self) -> None:
        self.sync()

    def rows(self) -> Iterable[tuple[str, str]]:
        for offset in range(0, self.collection.count(), PAGE):
            page: Any = self.collection.get(limit=PAGE, offset=offset, include=["documents", "metadatas"])
            yield from zip([held["file_name"] for held in page["metadatas"]], page["documents"], strict=True)

    def search(self, question: str, k: int) -> list[str]:
        index = VectorStoreIndex.from_vector_store(self.store, embed_model=self.model)
        found: Sequence[Any] = index.as_retriever(similarity_top_k=k).retrieve(question)
        return [each.metadata["file_name"] for each in found]

    def clean(self) -> None:
        """Chroma's own, with the project closed: `chroma vacuum`."""
        command, place = os.path.join(os.path.dirname(sys.executable), "chroma"), os.path.join(os.path.dirname(self.place), "chroma")
        subprocess.run([command, "vacuum", "--path", place, "--force"], check=True, stdout=sys.stderr)


open_system = LlamaIndex
