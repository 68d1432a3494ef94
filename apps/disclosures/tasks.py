from apps.audit.anchors import waiting
from apps.audit.log.proofs import NotSequenced
from apps.audit.principals import System
from apps.core import jobs
from apps.core.models import Job
from apps.disclosures import actions
from apps.disclosures.models import Bundle, Report


@jobs.handles("disclosures.render")
def render(job: Job) -> None:
    report = Report.objects.get(pk=job.key)
    if report.state == Report.State.RELEASING:
        actions.render_report(report, by=System("worker", on_behalf_of=job.actor))


@jobs.handles("disclosures.assemble")
def assemble(job: Job) -> None:
    """One step of a bundle: an exhibit after the other, the numbers if any are asked for, and the bag in the end."""
    key, _, step = job.key.partition(":")
    bundle, by = Bundle.objects.get(pk=key), System("worker", on_behalf_of=job.actor)
    if bundle.state != Bundle.State.ASSEMBLING:
        return
    if int(step) < len(bundle.exhibits):
        actions.copy_exhibit(bundle, step=int(step), by=by)
        return
    if bundle.bates_prefix and bundle.bates_first is None:
        actions.number_bundle(bundle, by=by)
        return
    waiting.require(bundle)
    try:
        actions.assemble_bundle(bundle, by=by)
    except NotSequenced as error:
        raise jobs.Later(str(error), waits_for=waiting.TOPIC, seconds=1) from error
