"""CocoIndex v1: its example "text_embedding_lancedb" - files, memoised functions, rows declared in a LanceDB table.

State in its own LMDB file. The embedder is batched, as its own embedders are. No vector index is declared, as in the example:
see README.md.
"""
import asyncio
import os
import pathlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import cocoindex as coco
import numpy as np
from cocoindex.connectors import lancedb, localfs
from cocoindex.resources.file import FileLike
from cocoindex.resources.id import IdGenerator
from cocoindex.resources.schema import VectorSchema
from numpy.typing import NDArray

from benchmarks.peers import work

LANCE = coco.ContextKey[lancedb.LanceAsyncConnection]("lance")
_embedder = work.Embedder()


@dataclass
class Chunk:
    id: int
    path: str
    text: str
    embedding: Annotated[NDArray, VectorSchema(dtype=np.dtype("float32"), size=work.DIMENSION)]


@coco.lifespan
async def lifespan(builder: coco.EnvironmentBuilder) -> AsyncIterator[None]:
    builder.provide(LANCE, await lancedb.connect_async(os.environ["PEERS_LANCE"]))
    yield


@coco.fn.as_async(memo=True, batching=True, max_batch_size=64)
def embed(texts: list[str]) -> list[NDArray]:
    return list(_embedder.passages(texts))


@coco.fn
async def process_chunk(text: str, path: str, ids: IdGenerator, table: lancedb.TableTarget[Chunk]) -> None:
    table.declare_row(row=Chunk(id=await ids.next_id(text), path=path, text=text, embedding=await embed(text)))


@coco.fn(memo=True)
async def process_file(file: FileLike, table: lancedb.TableTarget[Chunk]) -> None:
    text = (await file.read()).decode()
    await coco.map(process_chunk, work.cut(text), str(file.file_path.path), IdGenerator(), table)


@coco.fn
async def process_folder(folder: pathlib.Path) -> None:
    schema = await lancedb.TableSchema.from_class(Chunk, primary_key=["id"])
    table = await lancedb.mount_table_target(LANCE, table_name="chunks", table_schema=schema)
    await coco.mount_each(process_file, localfs.walk_dir(folder, recursive=True).items(), table)


class CocoIndex:
    def __init__(self, home: str, corpus: str) -> None:
        self.app = coco.App(coco.AppConfig(name="peers"), process_folder, folder=pathlib.Path(corpus))
        self.loop, self.errors = asyncio.new_event_loop(), 0           # its environment lives in the loop of its first update

    def sync(self) -> None:
        self.errors = self.loop.run_until_complete(self._update())

    async def _update(self) -> int:
        handle = self.app.update()
        await handle.result()
        stats = handle.stats()
        return stats.total.num_errors if stats else 0

    def failures(self) -> list[str]:
        return [f"{self.errors} errors"] if self.errors else []

    def retry(self) -> None:
        self.sync()

    def rows(self) -> Iterable[tuple[str, str]]:
        held = self.loop.run_until_complete(self._rows())
        return zip(held["path"].to_pylist(), held["text"].to_pylist(), strict=True)

    async def _table(self) -> Any:
        return await (await lancedb.connect_async(os.environ["PEERS_LANCE"])).open_table("chunks")

    async def _rows(self) -> Any:
        return await (await self._table()).query().select(["path", "text"]).to_arrow()

    def search(self, question: str, k: int) -> list[str]:
        return self.loop.run_until_complete(self._search(question, k))

    async def _search(self, question: str, k: int) -> list[str]:
        query = await (await self._table()).search(_embedder.queries([question])[0], vector_column_name="embedding")
        return [row["path"] for row in await query.limit(k).to_list()]

    def clean(self) -> None:
        self.loop.run_until_complete(self._clean())

    async def _clean(self) -> None:
        await (await self._table()).optimize(cleanup_older_than=timedelta(0), delete_unverified=True)


open_system = CocoIndex
