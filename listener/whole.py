"""Files that are there whole or not at all, also when the machine loses its power."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile


def put(path: Path, content: bytes) -> None:
    """Write a file, in the place of the one before, for the eyes of its owner. Raises OSError, which leaves nothing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        draft = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            draft.replace(path)
        except OSError:
            draft.unlink()
            raise
