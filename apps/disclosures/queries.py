from dataclasses import dataclass

from django.db.models import QuerySet

from apps.cases.models import Case
from apps.cases.queries import visible_cases
from apps.core.models import Job
from apps.disclosures.bundle import policy
from apps.disclosures.models import Bundle, Report
from apps.notices.models import Notice


def visible_reports(user) -> QuerySet[Report]:
    """Reports of the cases that this person may see."""
    reports = Report.objects.select_related("case", "compiled_by", "released_by")
    return reports.filter(case__in=visible_cases(user)) if user.has_perm("disclosures.view") else reports.none()


def visible_bundles(user) -> QuerySet[Bundle]:
    """Evidence bundles of the cases that this person may see."""
    bundles = Bundle.objects.select_related("case", "compiled_by", "released_by")
    return bundles.filter(case__in=visible_cases(user)) if user.has_perm("disclosures.view") else bundles.none()


def documents_for(case: Case, audience: str) -> list[Notice | Report]:
    """Issued letters and released reports that may go along in a bundle for this audience."""
    notices = Notice.objects.filter(case=case, state=Notice.State.ISSUED).order_by("ref")
    reports = Report.objects.filter(case=case, state=Report.State.RELEASED, audience__in=(audience, "public"))
    return [
        *(notices if policy.gets(audience, "notices") else ()),
        *(reports.order_by("ref") if policy.gets(audience, "reports") else ()),
    ]


def never_produced(bundle: Bundle) -> list[Bundle]:
    """Other bundles that took numbers of the same prefix and will never be handed over: gaps between productions.

    Also of cases that the reader may not see: of those only the numbers are to be shown.
    """
    others = Bundle.objects.filter(bates_prefix=bundle.bates_prefix, bates_first__isnull=False)
    gone = others.filter(state__in=[Bundle.State.FAILED, Bundle.State.DISCARDED]).exclude(pk=bundle.pk)
    return list(gone.order_by("bates_first")) if bundle.bates_prefix else []


@dataclass(frozen=True)
class Step:
    """How far the work on a bundle is."""

    step: int  # exhibits that are measured
    state: str
    attempts: int
    last_error: str

    @property
    def number(self) -> int:
        return self.step + 1


def work_on(bundle: Bundle) -> Step | None:
    """The step of the work on a bundle that comes next, or is under way, or has failed."""
    jobs = Job.objects.filter(kind="disclosures.assemble", key__startswith=f"{bundle.pk}:").exclude(state="done")
    job = jobs.order_by("-id").first()
    return Step(int(job.key.partition(":")[2]), job.state, job.attempts, job.last_error) if job else None
