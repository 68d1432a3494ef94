from apps.audit.principals import System
from apps.core import jobs
from apps.core.models import Job
from apps.notices import actions
from apps.notices.models import Notice


@jobs.handles("notices.render")
def render(job: Job) -> None:
    notice = Notice.objects.get(pk=job.key)
    if notice.state == Notice.State.ISSUING:
        actions.render_notice(notice, by=System("worker", on_behalf_of=job.actor))
