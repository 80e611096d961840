"""One file a learner: VERSION, `fit(rows, target) -> bytes` and `predict(artifact, rows) -> (n,) float64`. Found by its name."""
