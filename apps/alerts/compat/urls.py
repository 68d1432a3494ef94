"""Where other people's clients look for what they were made for.

Our own API is under `/api/v1/alerts` and our pages end with a slash: neither is touched.
"""

from django.urls import path, re_path

from apps.alerts.compat import iris, thehive

CASES = "Whether alerts become a case, and which, is decided by people in casemgr. The alert waits in their queue."
DISMISSED = "Whether an alert is dealt with is decided by people in casemgr."
DELETED = "Nothing is deleted in casemgr. A detector takes an alert back through its own API."

# v0 without and with its number, and v1, as they differ in shape and in little else.
PREFIXES = (("api/", 0, "v0"), ("api/v0/", 0, "v0-numbered"), ("api/v1/", 1, "v1"))
# Nouns of TheHive's API that are not answered one by one.
NOUNS = (
    "admin|alert|analyzer|attachment|audit|auth|caseTemplate|comment|config|connector|customEvent|customField|"
    "dashboard|datastore|datastorezip|describe|flow|function|list|log|login|logout|notification|observable|"
    "organisation|page|pageTemplate|pattern|procedure|profile|query|report|resource|share|sharingProfile|stats|status|"
    "stream|tag|task|taxonomy|user"
)

urlpatterns = []
for prefix, generation, name in PREFIXES:
    shape = {"generation": generation}
    decided = thehive.Decided.as_view
    urlpatterns += [
        path(f"{prefix}alert", thehive.Alerts.as_view(**shape), name=f"thehive-{name}-alerts"),
        path(f"{prefix}alert/_bulk", thehive.ManyAlerts.as_view(**shape), name=f"thehive-{name}-many"),
        path(f"{prefix}alert/merge/_bulk", decided(**shape, reason=CASES), name=f"thehive-{name}-merge-many"),
        path(f"{prefix}alert/delete/_bulk", decided(**shape, reason=DELETED), name=f"thehive-{name}-delete-many"),
        path(f"{prefix}alert/<str:pk>/follow", thehive.Follow.as_view(**shape), name=f"thehive-{name}-follow"),
        re_path(
            rf"^{prefix}alert/(?P<pk>[^/]+)/(?:observable|artifact)$",
            thehive.Observables.as_view(**shape),
            name=f"thehive-{name}-observables",
        ),
        re_path(
            rf"^{prefix}alert/(?P<pk>[^/]+)/(?:case|createCase|(?:merge|import)/(?P<case>[^/]+))$",
            decided(**shape, reason=CASES),
            name=f"thehive-{name}-to-case",
        ),
        re_path(
            rf"^{prefix}alert/(?P<pk>[^/]+)/(?:markAsRead|markAsUnread|unfollow)$",
            decided(**shape, reason=DISMISSED),
            name=f"thehive-{name}-read",
        ),
        path(f"{prefix}user/current", thehive.CurrentUser.as_view(**shape), name=f"thehive-{name}-user"),
    ]
    if generation:
        urlpatterns += [path(f"{prefix}query", thehive.Query.as_view(), name=f"thehive-{name}-query")]
    else:
        urlpatterns += [path(f"{prefix}alert/_search", thehive.Search.as_view(), name=f"thehive-{name}-search")]
    urlpatterns += [
        path(f"{prefix}alert/<str:pk>", thehive.OneAlert.as_view(**shape), name=f"thehive-{name}-alert"),
        re_path(rf"^{prefix}case(?:/(?P<rest>.*))?$", decided(**shape, reason=CASES), name=f"thehive-{name}-cases"),
        re_path(
            rf"^{prefix}(?:{NOUNS})(?:/(?P<rest>.*))?$", thehive.Unknown.as_view(**shape), name=f"thehive-{name}-other"
        ),
    ]

urlpatterns += [path("api/health", thehive.Health.as_view(), name="thehive-health")]

iris_decided = iris.Decided.as_view
urlpatterns += [
    path("api/ping", iris.Ping.as_view(), name="iris-ping"),
    path("api/versions", iris.Versions.as_view(), name="iris-versions"),
    path("alerts/add", iris.Add.as_view(), name="iris-add"),
    path("alerts/filter", iris.Filter.as_view(), name="iris-filter"),
    path("alerts/<int:number>", iris.One.as_view(), name="iris-alert"),
    path("alerts/update/<int:number>", iris.Update.as_view(), name="iris-update"),
    re_path(
        r"^alerts/(?:escalate|merge|unmerge)/(?P<number>\d+)$|^alerts/batch/(?:escalate|merge)$",
        iris_decided(reason=CASES),
        name="iris-to-case",
    ),
    re_path(r"^alerts/delete/(?P<number>\d+)$|^alerts/batch/delete$", iris_decided(reason=DELETED), name="iris-delete"),
    path("search", iris.search, name="iris-search"),
    re_path(r"^(?:/)?(?:manage/cases|case)/(?P<rest>.*)$", iris_decided(reason=CASES), name="iris-cases"),
    re_path(
        r"^(?:/)?(?:manage|global|datastore|dim|user|alerts/(?:batch|similarities|comments))/(?P<rest>.*)$",
        iris.Unknown.as_view(),
        name="iris-other",
    ),
]
