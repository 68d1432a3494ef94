"""Many rejections sent in again as they came."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.alerts import actions, filters, queries
from apps.alerts.actions.mending import MAX_REPLAYED
from apps.alerts.models import Rejection
from apps.alerts.views.frame import require_intake
from apps.core.http import explained, is_fragment
from apps.staff.queries import names_of


@require_http_methods(["GET", "HEAD", "POST"])
def replay(request: HttpRequest) -> HttpResponse:
    """All rejections that a filter chose, sent in again as they came."""
    require_intake(request, "alerts.replay")
    chosen = _chosen(request)
    if request.method == "POST":
        with explained(request):
            about = _about(request)
            return redirect(actions.replay(rejections=list(chosen[:MAX_REPLAYED]), about=about, by=request.user))
    count = chosen[: MAX_REPLAYED + 1].count()
    context = {
        "count": min(count, MAX_REPLAYED),
        "is_cut": count > MAX_REPLAYED,
        "about": _about(request),
        "samples": chosen.select_related("batch__detector")[:5],
        "query": request.GET.urlencode(),
    }
    return render(request, "alerts/replay.html", context)


def _chosen(request: HttpRequest) -> QuerySet[Rejection]:
    """What the filter chose and can be sent again, the eldest first: later news comes after earlier."""
    found = filters.RejectionFilter(request.GET, queries.visible_rejections(request.user)).qs
    waiting = found.filter(sent_again_in=None, replay=None, batch__detector__is_active=True)
    return waiting.exclude(raw=b"").defer("raw").order_by("received_at", "id")


def _about(request: HttpRequest) -> str:
    given = [
        f"{name} {request.GET[name]}" for name in ("detector", "code", "batch", "source_ref") if request.GET.get(name)
    ]
    return f"rejections of {', '.join(given)}"[:300] if given else "all rejections"


@require_safe
def replayed(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_replays(request.user), pk=pk)
    shown = queries.progress(found)
    labels = dict(Rejection.Became.choices)
    context = {
        "replay": found,
        "progress": shown,
        "became": [(label, shown.became.get(value, 0)) for value, label in labels.items()],
        "again": queries.visible_rejections(request.user).filter(replay=found, became="rejected").defer("raw")[:20],
        "who": names_of({found.asked_by})[found.asked_by],
    }
    name = "alerts/replayed.html#progress" if is_fragment(request) else "alerts/replayed.html"
    return render(request, name, context)
