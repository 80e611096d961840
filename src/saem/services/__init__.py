"""6 data services: what looks after the tables. `health` is what `saem doctor` prints."""
