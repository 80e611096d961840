"""What holds for all tests: a busy machine fails none of them, and each has one name wherever it is collected."""
from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes are named by their number: an archive made in the test holds the hour, and two workers would not name it alike."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None
