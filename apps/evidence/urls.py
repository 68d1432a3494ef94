from django.urls import path

from apps.evidence.views import custody, fixity, items, runs

app_name = "evidence"
urlpatterns = [
    path("evidence/", items.items, name="list"),
    path("evidence/collect/", items.collect, name="collect"),
    path("evidence/quarantine/", items.quarantined, name="quarantined"),
    path("evidence/fixity/", fixity.fixity, name="fixity"),
    path("evidence/fixity/start/", fixity.start, name="start_fixity"),
    path("evidence/fixity/<uuid:pk>/stop/", fixity.stop, name="stop_fixity"),
    path("evidence/fixity/<uuid:pk>/resume/", fixity.resume, name="resume_fixity"),
    path("evidence/runs/", runs.runs, name="runs"),
    path("evidence/runs/new/", runs.run_test, name="run_test"),
    path("evidence/runs/<str:ref>/", runs.run, name="run"),
    path("evidence/proposals/<uuid:pk>/accept/", custody.accept_item, name="accept_item"),
    path("evidence/proposals/<uuid:pk>/unseal/", custody.unseal, name="unseal"),
    path("evidence/proposals/<uuid:pk>/release/", custody.release, name="release"),
    path("evidence/proposals/<uuid:pk>/dispose/", custody.dispose, name="dispose"),
    path("evidence/proposals/<uuid:pk>/refuse/", custody.refuse, name="refuse"),
    path("evidence/proposals/<uuid:pk>/withdraw/", custody.withdraw, name="withdraw"),
    path("evidence/<str:ref>/", items.item, name="item"),
    path("evidence/<str:ref>/verify/", items.verify, name="verify_item"),
    path("evidence/<str:ref>/export/", items.export, name="export_item"),
    path("evidence/<str:ref>/custody.pdf", items.sheet, name="print_sheet"),
    path("evidence/<str:ref>/derive/", items.derive, name="derive"),
    path("evidence/<str:ref>/normalise/", items.normalise, name="normalise"),
    path("evidence/<str:ref>/seal/", custody.seal, name="seal"),
    path("evidence/<str:ref>/hand-over/", custody.hand_over, name="hand_over"),
    path("evidence/<str:ref>/take-over/", custody.take_over, name="take_over"),
    path("evidence/<str:ref>/clear/", custody.clear_item, name="clear_item"),
    path("evidence/<str:ref>/unseal/", custody.propose_unsealing, name="propose_unsealing"),
    path("evidence/<str:ref>/release/", custody.propose_release, name="propose_release"),
    path("evidence/<str:ref>/dispose/", custody.propose_disposal, name="propose_disposal"),
]
