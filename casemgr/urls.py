"""Where each room hangs. Pages are under the room's noun, the API under /api/."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView

from apps.core import downloads
from apps.core.problems import not_found


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


# The reader of the schema makes its style sheet as it runs: allowed on this one page, which shows nobody's words.
api_docs = csp_update({"style-src": [SELF, UNSAFE_INLINE], "worker-src": [SELF, "blob:"]})(
    SpectacularRedocView.as_view(url_name="schema", template_name="api.html")
)


@login_not_required
def nothing_here(request: HttpRequest, page: str) -> HttpResponse:
    """Pages of the sign-in library that change one's own address, which is what an administrator knows people by, or
    that promise a mail: casemgr sends letters by e-mail, and nothing else."""
    raise Http404


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("downloads/<str:token>", downloads.download, name="download"),
    re_path(r"^sign-in/(email|confirm-email|password/set|password/reset|login/code)/", nothing_here),
    path("sign-in/", include("allauth.account.urls")),
    path("second-factor/", include("allauth.mfa.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/", api_docs, name="api-docs"),
]
ROOMS = ["insights", "staff", "records", "audit", "policies", "accounts", "alerts", "evidence", "cases"]
ROOMS += ["enforcement", "counsel", "notices", "service", "appeals", "transparency", "disclosures"]
urlpatterns += [path("", include(f"apps.{room}.urls")) for room in ROOMS]
urlpatterns += [re_path(r"^api/.*", csrf_exempt(login_not_required(not_found)))]
