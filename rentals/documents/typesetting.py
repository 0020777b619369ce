"""Set a paper as PDF/UA-1 by Typst: tagged for screen readers, in fonts of our own, the same bytes every time."""

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import fontpkg
import typst

FORMS = Path(__file__).parent / "typ"
STANDARD = "ua-1"
KHMER = "Noto Sans Khmer"


def typeset(form: str, data: Mapping[str, Any], *, on: date) -> bytes:
    """Return the PDF of typ/<form>.typ filled with `data` (plain JSON values), dated `on`. Same data, same bytes."""
    inputs = {"data": json.dumps({**data, "on": on.isoformat()}, ensure_ascii=False, sort_keys=True)}
    source = FORMS / f"{form}.typ"
    return typst.compile(
        str(source), root=str(FORMS), sys_inputs=inputs, font_paths=_fonts(), pdf_standards=[STANDARD], format="pdf"
    )


@cache
def _fonts() -> typst.Fonts:
    """Typst's own Latin fonts and one that writes Khmer; none of the machine's, so that every machine sets the same."""
    return typst.Fonts(font_paths=[str(fontpkg.path(KHMER).parent)], include_system_fonts=False)
