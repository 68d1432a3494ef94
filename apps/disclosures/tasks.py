from apps.audit.principals import System
from apps.core import jobs
from apps.core.models import Job
from apps.disclosures import actions
from apps.disclosures.models import Report


@jobs.handles("disclosures.render")
def render(job: Job) -> None:
    report = Report.objects.get(pk=job.key)
    if report.state == Report.State.RELEASING:
        actions.render_report(report, by=System("worker", on_behalf_of=job.actor))
