"""Warn of every public name of banditkit that is on no page, which fails a build with ``-W``."""

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.util import logging

import banditkit
from banditkit import course

logger = logging.getLogger(__name__)
MODULES = {name: value for name in banditkit.__all__
           if isinstance(value := getattr(banditkit, name), types.ModuleType)}  # fmt: skip
MODULES["course"] = course


def public_names() -> Iterator[str]:
    """Yield what readers can type after ``banditkit.``, down into the public modules.

    What has several names, such as `LoggedData`, is yielded by the first of them.
    """
    seen = set()
    names = [(name, getattr(banditkit, name)) for name in banditkit.__all__ if name not in MODULES]
    for module, value in MODULES.items():
        names += [(f"{module}.{name}", getattr(value, name)) for name in value.__all__]
    for name, value in names:
        if isinstance(value, types.ModuleType) or id(value) not in seen:
            seen.add(id(value))
            yield name


def is_there(name: str) -> bool:
    """Say whether ``banditkit.NAME`` exists."""
    first, _, rest = name.partition(".")
    return hasattr(MODULES[first], rest) if first in MODULES and rest else hasattr(banditkit, name)


def drop_stale_pages(app: Any, config: Any) -> None:
    """Remove the generated pages of names that are gone."""
    for page in (Path(app.srcdir) / "reference" / "api").glob("banditkit.*.rst"):
        name = page.stem.removeprefix("banditkit.")
        if not name.startswith("gym.") and not is_there(name):
            page.unlink()


def check(app: Any, env: Any) -> None:
    """Compare the names with what Sphinx has found on the pages."""
    documented = env.get_domain("py").objects
    for name in public_names():
        if f"banditkit.{name}" not in documented:
            logger.warning("banditkit.%s is on no page: add it to a topic in docs/reference", name)


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", drop_stale_pages)
    app.connect("env-check-consistency", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
