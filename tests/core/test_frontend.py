"""Style sheets, scripts and templates as they lie: colours that can be read, sources that hold together."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from apps.core.templatetags import ui
from apps.core.ui import looks, navigation

FRONTEND = Path(settings.BASE_DIR) / "casemgr" / "frontend"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
PAGES = sorted(path for path in TEMPLATES.rglob("*.html") if "pdf" not in path.relative_to(TEMPLATES).parts)


# --- tokens ----------------------------------------------------------------------------------------------------------


def blocks_of_tokens() -> tuple[dict, dict, dict]:
    """The tokens of the light block and of the two dark ones."""
    css = re.sub(r"/\*.*?\*/", "", (FRONTEND / "css" / "tokens.css").read_text(), flags=re.DOTALL)
    bodies = re.findall(r":root[^{]*{([^}]*)}", css)
    return tuple(dict(re.findall(r"(--[\w-]+):\s*([^;]+);", body)) for body in bodies)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_both_dark_blocks_are_equal_and_every_colour_has_a_dark_form():
    light, chosen, system = blocks_of_tokens()
    assert chosen == system
    assert {name for name, value in light.items() if value.startswith("#")} <= set(chosen)


READABLE = [
    *[(ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("paper", "ground", "hover", "accent-soft")],
    *[(f"sev-{level}", ground) for level in range(1, 5) for ground in ("paper", "accent-soft")],
    *[(tone, ground) for tone in ("ok", "warn", "stop") for ground in ("paper", f"{tone}-soft")],
    ("accent", "paper"),
    ("accent", "accent-soft"),
    ("accent-ink", "accent"),
    ("rail-ink", "rail"),
    ("rail-dim", "rail"),
]


@pytest.mark.parametrize(("ink", "ground"), READABLE)
@pytest.mark.parametrize("block", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_wherever_it_stands(block: int, ink: str, ground: str):
    tokens = blocks_of_tokens()[0] | blocks_of_tokens()[block]
    assert contrast(tokens[f"--{ink}"], tokens[f"--{ground}"]) >= 4.5  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize("block", [0, 1], ids=["light", "dark"])
def test_fields_can_be_seen(block: int):
    tokens = blocks_of_tokens()[0] | blocks_of_tokens()[block]
    for ground in ("paper", "ground"):
        assert contrast(tokens["--line-2"], tokens[f"--{ground}"]) >= 3  # WCAG 2.2, 1.4.11


# --- the sources hold together ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_page_holds_what_the_content_security_policy_refuses(page: Path):
    html = page.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html), "inline style or script"
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html)), "inline script"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_icon_of_a_page_is_in_the_sprite(page: Path):
    assert set(re.findall(r'{% icon "([\w-]+)"', page.read_text())) <= looks.icon_names()


@pytest.mark.parametrize("script", sorted((FRONTEND / "js").glob("*.js")), ids=lambda path: path.name)
def test_scripts_stand_alone(script: Path):
    """They are served under names with a hash, which an import would not know."""
    assert not re.search(r"^\s*(import|export)\b|\bimport\(", script.read_text(), flags=re.MULTILINE)


def test_every_look_has_an_icon_in_the_sprite():
    entries = [entry for group in navigation.RAIL for entry in group]
    used = {look[0] for table in (looks.STATES, looks.CHECKS, looks.MESSAGES) for look in table.values()}
    assert used | {looks.NEUTRAL[0]} | {entry.icon for entry in entries} <= looks.icon_names()


def test_the_reference_lists_every_tag():
    source = (Path(settings.BASE_DIR) / "docs" / "interface.md").read_text()
    shown = set(re.findall(r"{% (\w+)", source))
    frame = {"rail", "now_utc", "message_look"}  # for base.html alone
    assert set(ui.register.tags) - frame <= shown


def test_every_class_of_the_reference_is_in_the_style_sheets():
    css = "".join((FRONTEND / "css" / name).read_text() for name in ("base.css", "components.css"))
    section = (Path(settings.BASE_DIR) / "docs" / "interface.md").read_text().split("## Classes")[1].split("\n## ")[0]
    named = set(re.findall(r"(?<![\w/])\.([a-z][\w-]+)", re.sub(r"{%.*?%}", "", section)))
    assert {name for name in named if not re.search(rf"\.{name}\b", css)} == set()
