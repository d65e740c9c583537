"""Files are written whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["folder_for_files", "write_text", "write_whole"]


@contextmanager
def folder_for_files(folder: Path) -> Iterator[Path]:
    """Make `folder`, and raise a ValueError unless files can be written there.

    If what is done within this context fails, a folder that was made for it is removed again.
    """
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise ValueError(f"can't write to {folder}: {error.strerror or error}") from None
    try:
        yield folder
    except BaseException:
        if new and not any(folder.iterdir()):
            folder.rmdir()
        raise


def write_whole(writers: Mapping[Path, Callable[[BinaryIO], None]]) -> None:
    """Write several files; only when all are complete do they take their places.

    Raises
    ------
    ValueError
        If a file can't be written; earlier files of these names are then as they were.
    """
    drafts: dict[Path, str] = {}
    earlier: dict[Path, str | None] = {}  # copies of what is replaced; None: there was nothing
    path = Path()
    try:
        for path, write in writers.items():
            handle, drafts[path] = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            with os.fdopen(handle, "wb") as file:
                write(file)
            Path(drafts[path]).chmod(0o666 & ~_umask())
        for path, draft in drafts.items():
            if len(drafts) > 1:
                earlier[path] = shutil.copy2(path, f"{draft}.earlier") if path.exists() else None
            os.replace(draft, path)
    except BaseException as error:
        for replaced, copy in earlier.items():
            if copy is not None:
                os.replace(copy, replaced)
            elif not replaced.is_dir():
                replaced.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise ValueError(f"can't write {path}: {error.strerror or error}") from None
        raise
    finally:
        for draft in drafts.values():
            Path(draft).unlink(missing_ok=True)
            Path(f"{draft}.earlier").unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a file of UTF-8, whole or not at all; see `write_whole`."""

    def write(file: BinaryIO) -> None:
        file.write(text.encode("utf-8"))

    write_whole({path: write})


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
