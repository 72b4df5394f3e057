"""Settings of the documentation; ``make docs`` builds it, with every warning an error."""

import etwidgets

project = "etwidgets"
author = "the etwidgets developers"
copyright = "the etwidgets developers"
release = etwidgets.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "etwidgets"
html_favicon = None
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
napoleon_use_ivar = True
napoleon_attr_annotations = False  # types are in the signature; "bool_" would be taken for a link
napoleon_numpy_docstring = True
napoleon_google_docstring = False
