"""Let the gallery take the examples as they are: scripts with data beside them."""

import builtins
from pathlib import Path
from typing import Any

from library import hash_of


def tell_where(gallery_conf: dict[str, Any], file: str) -> None:
    """Tell a script where it is, which the gallery does not: it knows no ``__file__``."""
    builtins.__file__ = file  # type: ignore[attr-defined]


def only_rst_heads(app: Any, config: Any) -> None:
    """Let a folder's README.md not make it a section of the gallery."""
    config.sphinx_gallery_conf["source_suffix"] = {".rst": "restructuredtext"}


def forget_stale_runs(app: Any, config: Any) -> None:
    """Let all examples run again if the library has changed, and not only if they have."""
    gallery = Path(app.srcdir) / "gallery"
    gallery.mkdir(exist_ok=True)
    stamp, now = gallery / "library_hash", hash_of("banditkit")
    if not stamp.exists() or stamp.read_text() != now:
        for run in gallery.glob("*.md5"):
            run.unlink()
        stamp.write_text(now)


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", only_rst_heads, priority=20)  # the gallery's own has 10
    app.connect("config-inited", forget_stale_runs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
