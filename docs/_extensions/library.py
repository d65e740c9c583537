"""A hash of the code that pages run: what was made with other code is stale."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def hash_of(*folders: str) -> str:
    """Return a hash of all Python files in some folders of the checkout."""
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
