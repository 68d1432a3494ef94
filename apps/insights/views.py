"""The page after sign-in, and the search box of every page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from apps.insights import queries
from apps.insights import search as finder


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Everyone who signs in lands here, so nobody is refused: who may see nothing is told whom to ask."""
    waiting, late = queries.waiting(request.user), queries.late(request.user)
    context = {
        "waiting": waiting,
        "waiting_total": queries.total(waiting),
        "late": late,
        "late_total": queries.total(late),
        "came_in": list(queries.came_in(request.user)),
    }
    return render(request, "insights/home.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:200]
    if words and (address := finder.exact(request.user, words)):
        return redirect(address)
    found = finder.search(request.user, words) if len(words) > 1 else []
    return render(request, "insights/search.html", {"words": words, "found": found})
