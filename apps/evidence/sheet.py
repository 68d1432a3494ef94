"""The custody sheet: what one item is, who had it, and each time its file was measured, on paper.

It holds what ISO/IEC 27037:2012, 6.1, asks a chain of custody record to hold, and says where the chain has gaps.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from apps.core import paper
from apps.evidence import queries
from apps.evidence.models import Item
from apps.staff.queries import names_of


def to_pdf(item: Item, reader: Any) -> bytes:
    """The sheet as of now. Raises pdf.PdfError."""
    now = timezone.now()
    html = to_html(item, reader, now)
    return paper.to_pdf(html, sheet="report", title=f"Custody sheet of {item.ref}", created=now)


def to_html(item: Item, reader: Any, now: datetime) -> str:
    chain = list(queries.custody(item))
    names = names_of([item.collected_by, item.custodian, *(event.actor for event in chain)])
    return render_to_string(
        "pdf/custody.html",
        {
            "item": item,
            "provider": settings.PROVIDER,
            "tlp": item.get_tlp_display().removeprefix("TLP:"),
            "chain": [(number, event, names[event.actor]) for number, event in enumerate(chain, 1)],
            "collector": names[item.collected_by],
            "custodian": names[item.custodian],
            "lineage": queries.lineage(item),
            "derivatives": item.derivatives.order_by("ref"),
            "held": queries.holds_on(item),
            "gaps": queries.gaps(item, chain),
            "printed_at": now,
            "printed_by": reader,
        },
    )
