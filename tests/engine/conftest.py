import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from saem.engine.project import Project


@pytest.fixture
def open_project(tmp_path: Path) -> Iterator[Callable[[], Project]]:
    """A project of the test's own, opened anew each time."""
    made: list[Project] = []

    def opened() -> Project:
        made.append(Project(os.path.join(tmp_path, "state")))
        return made[-1]

    yield opened
    for project in made:
        project.close()


@pytest.fixture
def db(open_project: Callable[[], Project]) -> Project:
    return open_project()
