"""One file a kind of model server; `connect(spec)` gives its Provider. Found by name, imported on first use."""
