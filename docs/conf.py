"""Settings of the documentation site: `make docs` builds it, without a network, warnings being errors."""

from __future__ import annotations

import re
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

project = "rfgscore"
author = "rfgscore contributors"
version = release = version_of("rfgscore")

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_nb",
]
exclude_patterns = ["make_nyc_ten.py", "_build"]

# The notebooks are rendered from the outputs kept in them; tests run them.
nb_execution_mode = "off"
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # numpydoc tells the types
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "pydata_sphinx_theme"
html_title = "rfgscore"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {
    "logo": {"text": "rfgscore"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "footer_start": ["sphinx-version"],
    "footer_end": [],
}
# Only sections of several pages have a side bar; alone on its page, a text has the whole width.
_ALONE = """index tutorial tutorial-matac tutorial-dappa first-list meeting-cycle escalation-notebook definitions
    config-reference synthetic-force nyc-ten windows escalation performance validation deep
    changelog"""
html_sidebars = {page: [] for page in _ALONE.split()}

#: What makes a browser fetch something from elsewhere; links are for readers and stay.
_FETCHED = re.compile(
    rb"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^"'\s>]+"""
    rb"""|<link\b(?![^>]*rel=["']?canonical)[^>]*\bhref=["']?(?:https?:)?//[^"'\s>]+"""
    rb"""|(?:@import\s+|url\()["']?(?:https?:)?//[^"')\s]+"""
)


def _hang_error_pages(app: Sphinx, page: str, source: list[str]) -> None:
    """Hang the pages of errors under their list, which is also read where there is no site."""
    if page == "errors/README":
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\nRFG-*\n```\n"


def _fetches_nothing(app: Sphinx, failed: Exception | None) -> None:
    """Warn of every page or style that would ask another machine for anything."""
    log = logging.getLogger(__name__)
    for path in sorted(Path(app.outdir).rglob("*")):
        if failed is None and path.suffix in (".html", ".css"):
            for found in sorted(set(_FETCHED.findall(path.read_bytes()))):
                log.warning("%s fetches from elsewhere: %s", path.relative_to(app.outdir), found.decode())


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the two."""
    app.connect("source-read", _hang_error_pages)
    app.connect("build-finished", _fetches_nothing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
