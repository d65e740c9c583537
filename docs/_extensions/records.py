"""Show the fields of a record as they stand in its source, with the comments that explain them."""

import ast
import inspect
import textwrap
from typing import Any


def show_fields(app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Add the fields of a NamedTuple to its description."""
    if what != "class" or not hasattr(value, "_fields") or ":Parameters:" in lines:
        return
    source = textwrap.dedent(inspect.getsource(value))
    members = ast.parse(source).body[0].body  # type: ignore[attr-defined]
    fields = [each for each in members if isinstance(each, ast.AnnAssign)]
    written = source.splitlines()[fields[0].lineno - 1 : fields[-1].end_lineno]
    block = textwrap.indent(textwrap.dedent("\n".join(written)), "   ")
    lines += ["", ".. rubric:: Fields", "", ".. code-block:: python", "", *block.splitlines(), ""]


def skip_fields(
    app: Any, what: str, name: str, value: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out the entry of each field, which would only say that it is one."""
    return True if (getattr(value, "__doc__", None) or "").startswith("Alias for field") else None


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("autodoc-process-docstring", show_fields, priority=900)  # after numpydoc
    app.connect("autodoc-skip-member", skip_fields)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
