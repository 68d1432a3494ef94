"""QR codes as drawings."""

from io import BytesIO

import segno


def drawing(text: str) -> bytes:
    """The code of a text as SVG, with the empty margin that readers need. Same text, same bytes."""
    drawn = BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(drawn, kind="svg", xmldecl=False, svgclass=None, lineclass=None, border=4)
    return drawn.getvalue()
