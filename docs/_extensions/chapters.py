"""Gather the chapters of the book into the source of the site, before Sphinx looks for pages.

The notebook ``chapters/NAME/chapter.md`` becomes the page ``docs/chapters/NAME.md``, beside the
student's notebook, which the page offers.  A new chapter appears by itself, and those that are gone
disappear; only what is different is written, since Sphinx reads again what was written again.
"""

import re
from pathlib import Path
from typing import Any

from banditkit.course import chapters
from banditkit.course.contents import Chapter
from banditkit.course.notebooks import notebook

PARTS = {
    "ch": "Part I: bandits",
    "app": "Appendix",
    "s": "Part II: reward shaping",
}  # by the letters that names begin with
INTRODUCTION = """\
# Chapters

A chapter is text, theorems, the code that runs, figures that are drawn while the page is built, and
exercises that check themselves.  Read it here, or download its notebook and work in it;
[how to teach with them](../howto/teachers.md) says how a whole course does that.

Here is what you can do after each of them."""


def gather(app: Any, config: Any) -> None:
    """Write a page for each chapter, and the page that lists them."""
    pages = {"index.md": index_page(chapters()).encode()}
    for chapter in chapters():
        pages[f"{chapter.folder.name}.md"] = page_of(chapter).encode()
        pages[f"{chapter.folder.name}.ipynb"] = notebook(chapter).encode()  # the student's
    folder = Path(app.srcdir) / "chapters"
    folder.mkdir(exist_ok=True)
    for stale in folder.iterdir():
        if stale.name not in pages:
            stale.unlink()
    for name, content in pages.items():
        file = folder / name
        if not file.exists() or file.read_bytes() != content:
            file.write_bytes(content)


def page_of(chapter: Chapter) -> str:
    """Return the text of a chapter, with the notebook offered below its title.

    Exercises go by their titles: their numbers would count on from chapter to chapter.
    """
    offer = f"{{download}}`The notebook of this chapter <{chapter.folder.name}.ipynb>`, to work in."
    text = chapter.text.replace(f"# {chapter.title}\n", f"# {chapter.title}\n\n{offer}\n", 1)
    return re.sub(r"(?m)^(:{3,}|`{3,})\{exercise\}.*\n", r"\g<0>:nonumber:\n", text)


def index_page(gathered: tuple[Chapter, ...]) -> str:
    """Return the page that lists the chapters, part by part."""
    lines = [INTRODUCTION]
    for letters, part in PARTS.items():
        members = [each for each in gathered if re.match(rf"{letters}\d*(_|$)", each.folder.name)]
        if members:
            names = [each.folder.name for each in members]
            lines += ["", f"## {part}", "", "```{toctree}", ":hidden:", "", *names, "```", ""]
            lines += [f"* [{each.title}]({each.folder.name}.md): {about(each)}" for each in members]
    return "\n".join(lines) + "\n"


def about(chapter: Chapter) -> str:
    """Return what a chapter is about, in a line: what one can do afterwards, or how it begins."""
    promise = re.search(r"\*\*Afterwards you can\*\* (.+?)[;.]", chapter.text, re.DOTALL)
    if promise:
        return f"{' '.join(promise[1].split())}."
    body = chapter.text.partition(f"# {chapter.title}\n")[2]
    beginning = re.search(r"^[A-Za-z].+?[.?!](?=\s)", body, re.MULTILINE | re.DOTALL)
    return " ".join(beginning[0].split()) if beginning else chapter.title


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", gather)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
