"""Put MathJax beside the pages, out of the wheel ``sphinx-mathjax-offline``.

The wheel is a source of files only: of its 24 MB, what typesets TeX is a twelfth. Its folder has a
hyphen in its name and is no package, so that its files are asked for by their names.
"""

import shutil
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath
from typing import Any

FOLDER = PurePosixPath("sphinx-mathjax-offline/static/mathjax")
NEEDED = ("tex-chtml.js", "output/chtml/fonts/woff-v2/", "input/tex/extensions/")


def copy_mathjax(app: Any, exception: Exception | None) -> None:
    """Copy the script and its fonts into the static folder of the site."""
    if exception is not None or app.builder.format != "html":
        return
    wheel = distribution("sphinx-mathjax-offline")
    for file in wheel.files or ():
        if not file.is_relative_to(FOLDER):
            continue
        name = file.relative_to(FOLDER)
        target = Path(app.outdir) / "_static" / "mathjax" / name
        if str(name).startswith(NEEDED) and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(wheel.locate_file(file)), target)


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
