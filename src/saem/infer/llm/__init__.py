"""One thin client for language models: `llm.model(db, "local").write("...")`. Each call is a row of the table `calls`."""
from saem.infer.llm.client import Model, Reply, Stream, model
from saem.infer.llm.prompts import Prompt, prompt
from saem.infer.llm.spec import Spec
from saem.infer.llm.wire import Message, tokens_about

__all__ = ["Message", "Model", "Prompt", "Reply", "Spec", "Stream", "model", "prompt", "tokens_about"]
