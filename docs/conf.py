"""How the site is built: ``sphinx-build -W --keep-going -b html docs docs/_build/html``.

Nothing is fetched while it builds, and nothing when a page is read. Never with ``-j``: sphinx-proof
does not survive it.
"""

import sys
from pathlib import Path

docs = Path(__file__).parent
root = docs.parent
sys.path.insert(0, str(docs / "_extensions"))

from library import hash_of  # noqa: E402

import banditkit  # noqa: E402

# `bk.bounds` and its like are documented under the names that readers type.
for alias in ("bounds", "planning", "simplex"):
    sys.modules[f"banditkit.{alias}"] = getattr(banditkit, alias)

project = "banditkit"
author = "The banditkit developers"
version = release = banditkit.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_nb",
    "sphinx_design",
    "sphinx_proof",
    "sphinx_exercise",
    "sphinx_togglebutton",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "example_files",
    "sphinxcontrib.bibtex",
    "chapters",
    "book_map",
    "offline_maths",
    "public_names",
    "records",
]
exclude_patterns = ["_build", "_extensions", "chapters/*.ipynb", "gallery/*.ipynb"]
html_context = {"default_mode": "auto"}
templates_path = ["_templates"]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb"}
default_role = "py:obj"

# -- the look ----------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "banditkit"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_show_search_summary = False  # summaries are fetched, which a page from disk may not do
html_copy_source = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 8,
    "show_nav_level": 1,
}
# Pages without others below them need no list of these.
html_sidebars = {page: [] for page in ("index", "quickstart", "map", "design", "references")}
project_copyright = "The banditkit developers, BSD 3-Clause"

# -- mathematics: MathJax, from the wheel, beside the pages ------------------------------------

mathjax_path = "mathjax/tex-chtml.js"
mathjax3_config = {
    "tex": {
        "macros": {
            "E": r"\mathbb{E}",
            "Prob": r"\mathbb{P}",
            "Var": r"\operatorname{Var}",
            "R": r"\mathbb{R}",
            "eps": r"\varepsilon",
            "KL": r"\operatorname{KL}",
            "kl": r"\operatorname{kl}",
            "rad": r"\operatorname{rad}",
            "argmax": r"\operatorname*{arg\,max}",
            "argmin": r"\operatorname*{arg\,min}",
            "ind": [r"\mathbf{1}\{#1\}", 1],
        }
    }
}

# -- notebooks ---------------------------------------------------------------------------------

myst_enable_extensions = [
    "amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"
]  # fmt: skip
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_cache_path = str(docs / "_build" / "executed" / hash_of("banditkit", "chapters"))
nb_execution_timeout = 180
nb_execution_raise_on_error = True
nb_output_stderr = "remove"  # what is compiled, and how far a game is
nb_ipywidgets_js = {}  # would be loaded from elsewhere
copybutton_selector = "div.highlight-python pre, div.highlight-ipython3 pre, div.highlight-sh pre"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# -- references --------------------------------------------------------------------------------

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "plain"
bibtex_reference_style = "author_year"
intersphinx_mapping: dict[str, tuple[str, str]] = {}

# -- the API -----------------------------------------------------------------------------------

autosummary_generate = sorted(f"reference/{page.name}" for page in docs.glob("reference/*.rst"))
autosummary_ignore_module_all = False
autodoc_inherit_docstrings = False
autodoc_typehints = "none"  # numpydoc says the types
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
add_module_names = False

# -- the gallery -------------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": str(root / "examples"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("banditkit",),
    "reference_url": {"banditkit": None},
    "reset_modules": ("matplotlib", "example_files.tell_where"),
    "write_computation_times": False,
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
    "min_reported_time": 1,
}
