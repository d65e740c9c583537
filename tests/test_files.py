"""Files are written whole or not at all, several of them all or none."""

import os
import stat
from pathlib import Path

import pytest

from banditkit.files import folder_for_files, write_whole

NAMES = ("a.txt", "b.txt", "c.txt")


def contents(folder):
    """Return everything in a folder, temporary files included."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def words(text):
    return lambda file: file.write(text)


def breaks(error):
    """Return a writer that fails when half is written."""

    def write(file):
        file.write(b"half of ")
        file.flush()
        raise error

    return write


@pytest.fixture(params=["earlier files", "an empty folder"])
def before(request, tmp_path):
    """Make what is in the folder before anything is written, and return it."""
    if request.param == "earlier files":
        for name in NAMES:
            (tmp_path / name).write_bytes(b"earlier " + name.encode())
    return contents(tmp_path)


def test_all_files_are_written_and_nothing_else_is_left(tmp_path, before):
    write_whole({tmp_path / name: words(b"new " + name.encode()) for name in NAMES})
    assert contents(tmp_path) == {name: b"new " + name.encode() for name in NAMES}


def test_what_is_not_asked_for_is_left_alone(tmp_path, before):
    write_whole({tmp_path / "b.txt": words(b"new")})
    assert contents(tmp_path) == before | {"b.txt": b"new"}


def test_nothing_to_write_writes_nothing(tmp_path, before):
    write_whole({})
    assert contents(tmp_path) == before


@pytest.mark.parametrize("position", range(3))
@pytest.mark.parametrize("error", [RuntimeError("of the writer"), KeyboardInterrupt()])
def test_an_error_in_the_middle_leaves_everything_as_it_was(tmp_path, before, position, error):
    writers = [words(b"new")] * 3
    writers[position] = breaks(error)
    with pytest.raises(type(error)) as caught:
        write_whole({tmp_path / name: write for name, write in zip(NAMES, writers, strict=True)})
    assert caught.value is error
    assert contents(tmp_path) == before


@pytest.mark.parametrize("position", range(3))
def test_a_full_disk_is_named_and_leaves_everything_as_it_was(tmp_path, before, position):
    writers = [words(b"new")] * 3
    writers[position] = breaks(OSError(28, "No space left on device"))
    with pytest.raises(ValueError, match=rf"{NAMES[position]}.*No space left on device"):
        write_whole({tmp_path / name: write for name, write in zip(NAMES, writers, strict=True)})
    assert contents(tmp_path) == before


@pytest.mark.parametrize("position", range(3))
def test_a_folder_in_the_way_of_one_file_stops_all(tmp_path, position):
    for name in NAMES:
        (tmp_path / name).write_bytes(b"earlier")
    (tmp_path / NAMES[position]).unlink()
    (tmp_path / NAMES[position]).mkdir()
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=rf"{NAMES[position]}.*directory"):
        write_whole({tmp_path / name: words(b"new") for name in NAMES})
    assert contents(tmp_path) == before
    assert (tmp_path / NAMES[position]).is_dir()


@pytest.mark.parametrize("position", range(3))
@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_all_or_none_take_their_places(tmp_path, before, monkeypatch, position, error):
    replace, failed = os.replace, []

    def replace_but_one(source, target):
        if Path(target) == tmp_path / NAMES[position] and not failed:
            failed.append(target)
            raise error
        replace(source, target)

    monkeypatch.setattr(os, "replace", replace_but_one)
    with pytest.raises((ValueError, KeyboardInterrupt)):
        write_whole({tmp_path / name: words(b"new") for name in NAMES})
    assert failed
    assert contents(tmp_path) == before


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_earlier_files_that_cannot_be_set_aside_leave_no_halves(tmp_path, monkeypatch, error):
    def copy_half(source, target, **options):
        Path(target).write_bytes(Path(source).read_bytes()[:3])
        raise error

    for name in NAMES:
        (tmp_path / name).write_bytes(b"earlier " + name.encode())
    before = contents(tmp_path)
    monkeypatch.setattr("shutil.copyfile", copy_half)
    with pytest.raises((ValueError, KeyboardInterrupt)):
        write_whole({tmp_path / name: words(b"new") for name in NAMES})
    assert contents(tmp_path) == before


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_files_have_the_permissions_that_open_would_give(tmp_path, mask):
    earlier = os.umask(mask)
    try:
        write_whole({tmp_path / "a.txt": words(b"new")})
        assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o666 & ~mask
        assert os.umask(mask) == mask  # the mask itself is as it was
    finally:
        os.umask(earlier)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere/a\.txt.*No such file or directory"):
        write_whole({tmp_path / "nowhere" / "a.txt": words(b"new")})


def test_a_folder_is_made_with_those_above_it_and_left_empty(tmp_path):
    folder = tmp_path / "deep" / "er"
    with folder_for_files(folder) as made:
        assert made == folder
        assert list(folder.iterdir()) == []
    assert folder.is_dir()


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt()])
def test_a_folder_made_for_nothing_is_removed_again(tmp_path, error):
    with pytest.raises(type(error)), folder_for_files(tmp_path / "new"):
        raise error
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "old").mkdir()
    with pytest.raises(type(error)), folder_for_files(tmp_path / "old"):
        raise error
    assert (tmp_path / "old").is_dir()


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path, before):
    with folder_for_files(tmp_path):
        pass
    assert contents(tmp_path) == before


@pytest.mark.parametrize("folder", ["file", "file/below"])
def test_a_file_in_place_of_the_folder_is_named(tmp_path, folder):
    (tmp_path / "file").write_bytes(b"earlier")
    with (
        pytest.raises(ValueError, match=rf"can't write to .*{folder}: "),
        folder_for_files(tmp_path / folder),
    ):
        pass
    assert contents(tmp_path) == {"file": b"earlier"}


def test_a_folder_without_permission_is_named(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with (
        pytest.raises(ValueError, match=f"{tmp_path.name}: Permission denied"),
        folder_for_files(tmp_path),
    ):
        pass
