"""The sentences that letters and their recipients' pages say by themselves, found in the code and the templates."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils.translation.template import templatize

from apps.appeals.models import Appeal
from apps.cases.findings.wording import LIKELIHOODS
from apps.cases.standards.alternatives import REGISTER

MARKS = {"_", "N_", "gettext", "gettext_lazy", "ngettext"}
ROOMS = ("apps/notices", "apps/appeals")
TEMPLATES = ("templates/letters", "templates/pdf", "templates/components")
_IN_TEMPLATE = re.compile(r"(?:gettext|_)\((u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\")\)")


def all_sentences() -> set[str]:
    """Every sentence that a catalogue has to have; of plurals, both forms joined by NUL."""
    files = (path for room in ROOMS for path in (settings.BASE_DIR / room).rglob("*.py"))
    templates = (path for room in TEMPLATES for path in (settings.BASE_DIR / room).glob("*.*"))
    found = {sentence for path in files for sentence in _of_code(path)}
    found |= {sentence for path in templates for sentence in _of_template(path)}
    return found | {one.letter for one in REGISTER.alternatives} | set(LIKELIHOODS) | set(Appeal.State.labels)


def _of_code(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS):
            continue
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if texts:
            yield "\0".join(texts)


def _of_template(path: Path) -> Iterator[str]:
    for literal in _IN_TEMPLATE.findall(templatize(path.read_text(encoding="utf-8"))):
        yield ast.literal_eval(literal)
