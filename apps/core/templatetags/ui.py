"""The components of pages, `{% load ui %}`. docs/interface.md shows each with an example.

Small marks that fill table cells are made here; anything with structure is a fragment in templates/components/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, Form
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.core.links import url_if_any
from apps.core.ui import charts, formats, looks, navigation, waterfalls

register = template.Library()
ABBREVIATED = {
    "ip": "IP",
    "asn": "AS number",
    "api": "API",
    "ci": "CI",
    "fp": "fingerprint",
    "hmac": "keyed hash",
    "json": "JSON",
    "utf8": "UTF-8",
}
BARS_WIDTH = 344  # the SVG's own units; the page scales it

# A list shows the same few marks in every row. Typed: a text to be escaped and a safe one are equal, and not written
# alike.
_drawn_once = lru_cache(maxsize=1024, typed=True)


# ── Marks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@register.simple_tag
@_drawn_once
def icon(name: str, label: str = "") -> SafeString:
    """One icon of the sprite. Decoration by default; with `label` it speaks for itself.

    Raises LookupError for a name that casemgr/frontend/icons.txt does not list: the sprite would show nothing.
    """
    if name not in looks.icon_names():
        raise LookupError(f"No icon {name!r}. Add it to casemgr/frontend/icons.txt and run casemgr/frontend/build.py.")
    voice = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="icon" {}><use href="{}#{}"></use></svg>', voice, static("vendor/icons.svg"), name)


@register.simple_tag
@_drawn_once
def severity(level: int, note: str = "") -> SafeString:
    """Severity 0 to 4 as glyph and word; `note` (a priority such as 94) follows the glyph instead of the word."""
    level = int(level)
    if not 0 <= level < len(looks.SEVERITIES):
        raise ValueError(f"Severity goes from 0 to {len(looks.SEVERITIES) - 1}, not {level}.")
    bars = format_html_join(
        "",
        '<rect x="{}" y="{}" width="3" height="{}" class="{}"></rect>',
        ((4 * i, 9 - 3 * i, 4 + 3 * i, "on" if i < level else "off") for i in range(4)),
    )
    word = looks.SEVERITIES[level]
    text = (
        format_html('<span class="word">{}</span><span class="visually-hidden">, severity {}</span>', note, word)
        if note
        else format_html('<span class="word">{}</span>', word)
    )
    return format_html(
        '<span class="sev sev-{}" title="Severity: {}"><svg viewBox="0 0 15 13" aria-hidden="true">{}</svg>{}</span>',
        level,
        word,
        bars,
        text,
    )


@register.simple_tag
def state_badge(value: str, label: str = "") -> SafeString:
    """A state as icon, word and tone. `value` chooses the look (apps/core/ui/looks.py); `label` is the word shown."""
    name, tone = looks.look_of(value)
    return badge(label or str(value).replace("_", " "), tone, name)


@register.simple_tag
def badge(label: str, tone: str = "dim", icon_name: str = "") -> SafeString:
    """A badge with a tone of ok, warn, stop, accent or dim."""
    return format_html('<span class="badge tone-{}">{}{}</span>', tone, icon(icon_name) if icon_name else "", label)


@register.simple_tag
def ref(text: object) -> SafeString:
    """An identifier: CASE-2026-0042, acct_7f3a."""
    return format_html('<span class="ref">{}</span>', text)


@register.simple_tag
def sha(digest: str | bytes, length: int = 10) -> SafeString:
    """The beginning of a hash, whole in the title, with a button that copies it."""
    if not digest:
        return unset("no hash")
    text = bytes(digest).hex() if isinstance(digest, bytes | memoryview) else str(digest)
    short = text if len(text) <= length else f"{text[:length]}…"
    return format_html(
        '<span class="sha"><span title="{}">{}</span>{}</span>', text, short, copy_button(text, "Copy the whole hash")
    )


@register.simple_tag(name="copy")
def copy_button(text: str, label: str = "Copy") -> SafeString:
    """A small button that puts `text` on the clipboard; hidden where scripts do not run."""
    return format_html(
        '<button type="button" class="copy" data-copy="{}" title="{}" aria-label="{}" hidden>{}</button>',
        text,
        label,
        label,
        icon("copy"),
    )


def unset(word: str = "not set") -> SafeString:
    return format_html('<span class="unset">{}</span>', word)


# ── Numbers and time ─────────────────────────────────────────────────────────────────────────────────────────────────


@register.simple_tag
def number(value: Any) -> SafeString:
    """16000000 as 16 000 000, a count that ended early as 1 000+; None or nothing says "not known"."""
    if value is None or value == "":
        return unset("not known")
    more = "+" if getattr(value, "is_more", False) else ""
    return format_html('<span class="number">{}{}</span>', formats.number(value), more)


@register.simple_tag
def p_value(p: float | None, floor: float | None = None) -> SafeString:
    """A probability by chance, below its floor or 10⁻¹² as "<" (R15); None says "not known"."""
    return unset("not known") if p is None else format_html('<span class="number">{}</span>', formats.p_value(p, floor))


@register.simple_tag
def quantity(value: Any, unit: str = "", qualifier: str = "") -> SafeString:
    """A number with its unit and, where the source has one, its qualifier: over, about, at least, up to.

    A pair is a range: (0.2, 1.8) becomes "0.2 to 1.8". A unit that is a word is given in the plural.
    """
    if value is None or value == "":
        return unset("not known")
    numbers = value if isinstance(value, tuple | list) else [value]
    unit = unit.removesuffix("s") if value == 1 and len(unit) > 1 else unit
    text = format_html_join(" to ", "{}", ((number(n),) for n in numbers))
    return format_html(
        '<span class="nowrap">{}{}{}</span>',
        f"{qualifier} " if qualifier else "",
        text,
        format_html(' <span class="unit">{}</span>', unit) if unit else "",
    )


@register.simple_tag
def when(moment: datetime | date | None) -> SafeString:
    """Absolute, UTC, with the relative time in the tooltip."""
    return _time(moment, formats.absolute, lambda m: formats.relative(m, timezone.now(), long=True))


@register.simple_tag
def ago(moment: datetime | date | None) -> SafeString:
    """Relative, with the absolute time in the tooltip: for queues, where age is what matters."""
    return _time(moment, lambda m: formats.relative(m, timezone.now()), formats.absolute)


def _time(moment: datetime | date | None, shown, hinted) -> SafeString:
    if not moment:
        return unset()
    return format_html(
        '<time class="nowrap" datetime="{}" title="{}">{}</time>', moment.isoformat(), hinted(moment), shown(moment)
    )


@register.simple_tag
def now_utc() -> str:
    """The time of this page, for the clock in the top bar; a script keeps it going."""
    return formats.absolute(timezone.now())


@register.filter
def figure(value: Any) -> str:
    """A value of a table whose columns are of any kind: numbers as `{% number %}` has them, all else as it is."""
    if value is None:
        return "not known"
    return formats.number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


@register.filter
def role_words(slug: str) -> str:
    """legal_counsel as "Legal counsel", ip_prefix as "IP prefix"."""
    words = str(slug).replace("_", " ").replace("-", " ").lower().split()
    text = " ".join(ABBREVIATED.get(word, word) for word in words)
    return text[:1].upper() + text[1:]


# ── Permissions and addresses ────────────────────────────────────────────────────────────────────────────────────────


@register.simple_tag(takes_context=True)
def has_perm(context: Context, verb: str, obj: object = None) -> bool:
    """`{% has_perm "cases.assign" case as may_assign %}`: the same question that the action asks."""
    user = getattr(context.get("request"), "user", None)
    return bool(user and user.is_authenticated and user.has_perm(verb, obj))


@register.inclusion_tag("components/rail.html", takes_context=True)
def rail(context: Context) -> dict:
    """The way through the house. `rail_counts` in the context, {url name: number}, puts numbers behind entries."""
    request = context["request"]
    return {"places": navigation.places(request.user, request.path, context.get("rail_counts") or {})}


register.simple_tag(url_if_any)


# ── Forms ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@register.inclusion_tag("components/field.html")
def field(bound: BoundField) -> dict:
    """Label, control, help and errors of one form field, tied together for screen readers."""
    return {"field": bound, "is_check": isinstance(bound.field.widget, CheckboxInput), "grouped": bound.use_fieldset}


@register.inclusion_tag("components/fields.html")
def fields(form: Form) -> dict:
    """Every field of a form, hidden ones too, after the errors that belong to no single field."""
    return {"form": form}


# ── Fragments ────────────────────────────────────────────────────────────────────────────────────────────────────────


@register.inclusion_tag("components/filter_chips.html", takes_context=True)
def filter_chips(context: Context, form: Form) -> dict:
    """What a bound filter form has narrowed the list to, each chip with a link that takes it away again."""
    return {"chips": _chips(form, context["request"].GET)}


def _chips(form: Form, query) -> list[dict]:
    if not form.is_bound or not form.is_valid():
        return []
    chips = []
    for bound in form:
        value = form.cleaned_data.get(bound.name)
        unticked = isinstance(bound.field.widget, CheckboxInput) and not value
        if unticked or value in (None, "", [], ()) or (hasattr(value, "exists") and not value):
            continue
        rest = query.copy()
        for key in [
            k for k in rest if k in {bound.html_name, "after", "before"} or k.startswith(f"{bound.html_name}_")
        ]:
            del rest[key]
        chips.append({"label": bound.label, "value": _words(bound, value), "url": f"?{rest.urlencode()}"})
    return chips


def _words(bound: BoundField, value: Any) -> str:
    choices = {str(k): str(v) for k, v in getattr(bound.field, "choices", None) or ()}
    many = value if isinstance(value, list | tuple) or hasattr(value, "all") else [value]
    return ", ".join("yes" if v is True else choices.get(str(v), str(v)) for v in many)


@register.inclusion_tag("components/tabs.html", takes_context=True)
def tabs(context: Context, items: Sequence[Mapping], label: str = "Sections") -> dict:
    """Links of one thing's panels or a list's views: items of `label`, `url`, optional `count`, optional `current`.

    Without any `current`, the one whose address is this page's is current.
    """
    path = context["request"].get_full_path()
    told = any("current" in item for item in items)
    return {
        "label": label,
        "items": [
            {**item, "current": item.get("current") if told else item["url"] in (path, path.split("?")[0])}
            for item in items
        ],
    }


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page: Any) -> dict:
    """Links of a keyset page: an object with cursors `older` and `newer`; optional `shown`, `total`, `hidden`."""
    query = context["request"].GET

    def link(key: str, cursor: str) -> str:
        rest = query.copy()
        rest.pop("after", None)
        rest.pop("before", None)
        rest[key] = cursor
        return f"?{rest.urlencode()}"

    older, newer = getattr(page, "older", ""), getattr(page, "newer", "")
    return {
        "page": page,
        "older_url": link("after", older) if older else "",
        "newer_url": link("before", newer) if newer else "",
    }


@register.inclusion_tag("components/stepper.html")
def stepper(steps: Sequence, current: str) -> dict:
    """The stages of a thing: pairs of (value, label), such as an enum's `choices`, or plain words, in order."""
    pairs = [step if isinstance(step, tuple | list) else (step, step) for step in steps]
    values = [str(value) for value, _ in pairs]
    here = values.index(str(current)) if str(current) in values else -1
    return {"steps": [{"label": label, "done": i < here, "now": i == here} for i, (_, label) in enumerate(pairs)]}


@register.inclusion_tag("components/checklist.html")
def checklist(items: Sequence[Mapping]) -> dict:
    """The "What is missing" panel's lines: `state` (ok, warn, stop), `text`, optional `detail`, `url`, `action`."""
    order = {"stop": 0, "warn": 1, "ok": 2}
    lines = []
    for item in sorted(items, key=lambda i: order[i["state"]]):
        name, tone, word = looks.CHECKS[item["state"]]
        lines.append({**item, "icon": name, "tone": tone, "word": word})
    return {"items": lines}


@register.inclusion_tag("components/empty.html")
def empty(title: str, body: str = "", action_url: str = "", action_label: str = "") -> dict:
    """An empty list that says why it is empty and what to do."""
    return {"title": title, "body": body, "action_url": action_url, "action_label": action_label}


@register.simple_tag
def message_look(tags: str) -> dict:
    """Icon and tone of one of Django's messages."""
    name, tone = next((looks.MESSAGES[t] for t in tags.split() if t in looks.MESSAGES), ("info-circle", ""))
    return {"icon": name, "tone": tone}


# ── Charts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@register.simple_tag
def sparkline(values: Sequence[float], label: str = "") -> SafeString:
    """A line of one row's height. `label` says what it shows; without one it is decoration beside a number."""
    points = charts.polyline([float(v) for v in values], 70, 14)
    if not points:
        return mark_safe("")
    voice = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="spark" viewBox="0 -1 70 16" {}><polyline points="{}"></polyline></svg>', voice, points
    )


@register.inclusion_tag("components/bars.html")
def bars(values: Sequence[float], labels: Sequence = (), title: str = "", mark: object = "") -> dict:
    """Columns over time or classes. `mark` is the label at which a dashed line stands, such as the day of a release."""
    values = [float(v) for v in values]
    names = [_name(label) for label in labels] or [""] * len(values)
    boxes = charts.columns(values, BARS_WIDTH, 72)
    columns = [
        {"box": box, "name": name, "value": formats.number(value)}
        for box, value, name in zip(boxes, values, names, strict=True)
    ]
    marked = next((box.x - 2 for box, name in zip(boxes, names, strict=True) if mark and name == _name(mark)), None)
    at_left = marked is not None and marked > BARS_WIDTH / 2
    return {
        "columns": columns,
        "title": title,
        "width": BARS_WIDTH,
        "first": names[0] if names else "",
        "last": names[-1] if len(names) > 1 else "",
        "mark": _name(mark),
        "mark_x": marked,
        "mark_text_x": None if marked is None else marked - 4 if at_left else marked + 4,
        "mark_anchor": "end" if at_left else "start",
    }


def _name(label: object) -> str:
    return formats.absolute(label) if isinstance(label, date) else str(label)


@register.inclusion_tag("components/strength_chart.html")
def strength_chart(
    rows: Sequence[Mapping], bands: charts.Bands = (), title: str = "Strength as a likelihood ratio, on a log scale"
) -> dict:
    """Evidence on a log scale with cap marks: rows of `label`, `value` (log10, or None), optional `cap`, `computed`,
    `shown`, `word`, `note`, `level`, `href`; `bands` are the words of the scale, each with where it begins."""
    return {"chart": charts.strength(rows, bands), "title": title}


@register.inclusion_tag("components/spans.html")
def spans(rows: Sequence[Mapping], title: str) -> dict:
    """Times below each other: rows of `label`, `since` and `until` (None: still). Say the same in a table beside it."""
    if not rows:
        return {}
    bars, height = charts.spans(rows, timezone.now())
    return {"bars": bars, "height": height, "axis": height + 14, "title": title, "first": min(r["since"] for r in rows)}


@register.inclusion_tag("components/interval_chart.html")
def interval_chart(rows: Sequence[Mapping], title: str, level: float | None = None, level_label: str = "") -> dict:
    """Shares with their intervals over time: rows of `label`, `estimate`, `lower`, `upper` (0 to 1), optional `note`;
    `level` is a share to compare them with."""
    numbers = [(row["estimate"], row["lower"], row["upper"]) for row in rows]
    chart = charts.intervals(numbers, BARS_WIDTH - 34, 96, level)
    points = [
        {
            "at": whisker,
            "name": _name(row["label"]),
            "value": f"{row['estimate']:.1%} ({row['lower']:.1%} to {row['upper']:.1%})",
            "note": row.get("note", ""),
        }
        for row, whisker in zip(rows, chart.whiskers, strict=True)
    ]
    return {
        "points": points,
        "path": chart.path,
        "marks": [(place, f"{share:.1%}".replace(".0%", "%")) for place, share in chart.marks],
        "level": chart.level,
        "level_label": level_label,
        "key_x": BARS_WIDTH / 2 - 40,  # between the first and the last day
        "title": title,
        "width": BARS_WIDTH,
        "right": BARS_WIDTH - 34,
    }


@register.inclusion_tag("components/waterfall.html")
def waterfall(rows: Sequence[Mapping], title: str, unit: str = "bits") -> dict:
    """Weights that add up from left to right; a row: `label`, `value`, and `counts`, false for what adds nothing."""
    return {"chart": waterfalls.waterfall(rows), "title": title, "unit": unit}
