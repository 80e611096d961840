"""One file a learner: VERSION, `fit(rows, target, column) -> bytes` and `predict(artifact, rows) -> (n,) float64`. Found by its name.

column: the texts to learn from, for learners that read texts. `reasons(artifact, text)`, where a learner has it, is what `explain` shows.
"""
