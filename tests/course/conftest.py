"""A chapter to try the course with, and notebooks as students hand them in."""

import json
from pathlib import Path

import pytest

SAND = Path(__file__).parent / "chapters"


@pytest.fixture
def sand(monkeypatch):
    """The chapter ch99, as a teacher's own chapters are found: also in other processes."""
    monkeypatch.setenv("BANDITKIT_CHAPTERS", str(SAND))
    return SAND / "ch99_sand"


@pytest.fixture
def hand_in(tmp_path):
    """Write a notebook with these cells of code; return its path."""

    def write(*codes, name="ann", key="ch99"):
        cells = [
            {
                "cell_type": "code",
                "execution_count": None,
                "metadata": {"tags": ["exercise"]},
                "outputs": [],
                "source": code.splitlines(keepends=True),
            }
            for code in codes
        ]
        known = {"banditkit": {"chapter": key}} if key else {}
        whole = {"cells": cells, "metadata": known, "nbformat": 4, "nbformat_minor": 5}
        path = tmp_path / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(json.dumps(whole))
        return path

    return write
