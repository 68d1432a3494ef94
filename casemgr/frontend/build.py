"""Turns what npm installed into the few static files casemgr serves: an icon sprite, typefaces, libraries that draw.

Run `npm ci` first, then `python casemgr/frontend/build.py`. Standard library only: it runs during set-up, before
Django is configured. Our own CSS and JavaScript are served from where they lie (casemgr/frontend/css and js).
"""

from __future__ import annotations

import re
import shutil
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MODULES = ROOT / "node_modules"
OUT = ROOT / "var" / "frontend"

# Package and the weights we set type in. Each adds a file a script; the browser fetches only what a page uses.
FACES = {
    "@fontsource/inter": ("400", "500", "600"),
    "@fontsource/jetbrains-mono": ("400",),
    "@fontsource/source-serif-4": ("400", "400-italic", "600"),
}
# For names and addresses on paper, in scripts that those lack; a screen has its own. The first that has all that a text
# has of a script is taken: Han as in Chinese, and as in Korean what that lacks. None of them makes up a letter of
# several glyphs: the renderer keeps what text a glyph stands for, and of such a letter would keep less than the
# standards ask. Amiri draws no two letters as one glyph, whose text other programs would read in the wrong order; the
# few letters and the marks that it does make up are left to Vazirmatn.
PAPER_FACES = {
    "@fontsource/amiri": ("400",),
    **{
        f"@fontsource-variable/{name}": ("wght",)
        for name in (
            "vazirmatn",
            "noto-serif-hebrew",
            "noto-serif-sc",
            "noto-serif-kr",
            "noto-serif-armenian",
            "noto-serif-georgian",
        )
    },
}
AMIRI = "U+0600-060F,U+061B-064A,U+0660-066F,U+0671-06BF,U+06C1-06D2,U+06D4-06D5,U+06EE-06FF,U+0750-077F"
SVG = "{http://www.w3.org/2000/svg}"
WOFF2 = re.compile(r"url\(\./files/([\w.-]+\.woff2)\) format\('woff2(?:-variations)?'\)[^;]*")


def icon_names() -> list[str]:
    return (HERE / "icons.txt").read_text(encoding="utf-8").split()


def symbol(name: str) -> ET.Element:
    """One <symbol> from one icon file; stroke and fill come from the CSS class `icon`."""
    path = MODULES / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg"
    if not path.is_file():
        raise FileNotFoundError(f"icons.txt names {name!r}, but @tabler/icons has no outline icon of that name.")
    result = ET.Element(f"{SVG}symbol", {"id": name, "viewBox": "0 0 24 24"})
    drawing = ET.parse(path).getroot()  # noqa: S314  the lock pins this file's hash
    result.extend(shape for shape in drawing if shape.get("stroke") != "none")
    return result


def build_sprite() -> None:
    ET.register_namespace("", "http://www.w3.org/2000/svg")
    sprite = ET.Element(f"{SVG}svg")
    sprite.extend(symbol(name) for name in icon_names())
    ET.ElementTree(sprite).write(OUT / "icons.svg", encoding="utf-8")
    shutil.copyfile(MODULES / "@tabler" / "icons" / "LICENSE", OUT / "icons-LICENSE.txt")


def build_mark() -> None:
    """The browser tab's icon: the product's mark in white on the accent colour."""
    mark = ET.Element(f"{SVG}svg", {"viewBox": "0 0 32 32"})
    ET.SubElement(mark, f"{SVG}rect", {"width": "32", "height": "32", "rx": "8", "fill": "#1c5d99"})
    line = {"transform": "translate(5 5) scale(.917)", "fill": "none", "stroke": "#fff", "stroke-width": "2"}
    ET.SubElement(mark, f"{SVG}g", line | {"stroke-linecap": "round", "stroke-linejoin": "round"}).extend(
        symbol("stack-2")
    )
    ET.ElementTree(mark).write(OUT / "mark.svg", encoding="utf-8")


def build_fonts(faces: Mapping[str, tuple[str, ...]], sheet: str) -> None:
    target = OUT / "fonts"
    target.mkdir(exist_ok=True)
    rules = []
    for package, weights in faces.items():
        for weight in weights:
            css = (MODULES / package / f"{weight}.css").read_text(encoding="utf-8")
            for name in WOFF2.findall(css):
                shutil.copyfile(MODULES / package / "files" / name, target / name)
            css = re.sub(r"(amiri-arabic[^}]*unicode-range: )[^;]*", rf"\g<1>{AMIRI}", css)
            rules.append(WOFF2.sub(r'url("fonts/\1") format("woff2")', css))
        shutil.copyfile(MODULES / package / "LICENSE", target / f"{package.split('/')[1]}-LICENSE.txt")
    (OUT / sheet).write_text("\n".join(rules), encoding="utf-8")


# Scripts that only the pages load that draw with them.
LIBRARIES = {"echarts": "dist/echarts.min.js", "cytoscape": "dist/cytoscape.min.js"}


def build_libraries() -> None:
    for package, script in LIBRARIES.items():
        shutil.copyfile(MODULES / package / script, OUT / f"{package}.js")
        shutil.copyfile(MODULES / package / "LICENSE", OUT / f"{package}-LICENSE.txt")


def main() -> int:
    if not MODULES.is_dir():
        print("The front-end packages are not installed. Run `npm ci` in the project's folder first.", file=sys.stderr)
        return 1
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    build_sprite()
    build_mark()
    build_fonts(FACES, "fonts.css")
    build_fonts(PAPER_FACES, "paper-fonts.css")
    build_libraries()
    return 0


if __name__ == "__main__":
    sys.exit(main())
