"""What the register holds, for who may see it, and what follows from it: who held a key, and when nobody did."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Max, Prefetch, Q, QuerySet
from django.utils import timezone

from apps.evidence.models import (
    Attestation,
    Canary,
    KeyDeployment,
    KeyHolding,
    ModelVersion,
    ProtectedModel,
    SignatureCheck,
    SuspectModel,
    TestRun,
    WatermarkKey,
    WatermarkScheme,
)

SOON = timedelta(days=60)  # an attestation that expires within this time is said to


def visible_models(user) -> QuerySet[ProtectedModel]:
    return _visible(ProtectedModel.objects.all(), user)


def visible_versions(user) -> QuerySet[ModelVersion]:
    return _visible(ModelVersion.objects.select_related("model"), user)


def visible_suspects(user) -> QuerySet[SuspectModel]:
    return _visible(SuspectModel.objects.all(), user)


def visible_schemes(user) -> QuerySet[WatermarkScheme]:
    return _visible(WatermarkScheme.objects.all(), user)


def visible_keys(user) -> QuerySet[WatermarkKey]:
    return _visible(WatermarkKey.objects.select_related("scheme"), user)


def visible_deployments(user) -> QuerySet[KeyDeployment]:
    return _visible(KeyDeployment.objects.select_related("key", "version__model"), user)


def visible_canaries(user) -> QuerySet[Canary]:
    """Without their words, which nobody sees by looking at a list."""
    return _visible(Canary.objects.select_related("account").defer("text"), user)


def _visible(rows: QuerySet, user) -> QuerySet:
    return rows if user.has_perm("evidence.view") else rows.none()


def has_words(canary: Canary) -> bool:
    """Whether its words are kept here, without reading them."""
    return Canary.objects.filter(pk=canary.pk).exclude(text="").exists()


# --- models -----------------------------------------------------------------------------------------------------------


def models_with_versions(user) -> QuerySet[ProtectedModel]:
    newest = ModelVersion.objects.order_by("-released_on", "-registered_at")
    return visible_models(user).prefetch_related(Prefetch("versions", newest))


def calendar(user) -> QuerySet[ModelVersion]:
    """Versions with a day of release, newest first: a traffic that pivots does so on one of these days."""
    return visible_versions(user).filter(released_on__isnull=False).order_by("-released_on", "-id")


def versions_of(model: ProtectedModel) -> QuerySet[ModelVersion]:
    deployments = KeyDeployment.objects.select_related("key__scheme").order_by("deployed_from")
    checks = SignatureCheck.objects.select_related("item").order_by("-registered_at")
    return (
        model.versions.select_related("model")
        .prefetch_related(Prefetch("deployments", deployments), Prefetch("checks", checks))
        .order_by("-released_on", "-registered_at")
    )


def attestations_of(model: ProtectedModel) -> QuerySet[Attestation]:
    return model.attestations.select_related("version__model", "item").order_by("-issued_on", "-id")


def standing(attestation: Attestation, today: date) -> str:
    """How long it still stands: what has run out is a gap that somebody will ask about."""
    if attestation.expires_on is None:
        return "in_force"
    if attestation.expires_on <= today:
        return "expired"
    return "late" if attestation.expires_on <= today + SOON else "in_force"


# --- suspects ---------------------------------------------------------------------------------------------------------


def suspects_with_runs(user) -> QuerySet[SuspectModel]:
    return visible_suspects(user).annotate(run_count=Count("runs"), last_run=Max("runs__run_at"))


def runs_naming(thing: SuspectModel | ModelVersion | WatermarkKey | ProtectedModel, user) -> QuerySet[TestRun]:
    """Every run that names it, failed and negative ones too (R7)."""
    if not user.has_perm("evidence.view"):
        return TestRun.objects.none()
    runs = TestRun.objects.select_related("item", "suspect", "protected__model", "key").order_by("-run_at", "-id")
    if isinstance(thing, ProtectedModel):
        return runs.filter(protected__model=thing)
    field = {SuspectModel: "suspect", ModelVersion: "protected", WatermarkKey: "key"}[type(thing)]
    return runs.filter(**{field: thing})


def outcomes(runs: QuerySet[TestRun]) -> list[tuple[str, str, int]]:
    """How often each outcome came out: value, words, number."""
    counted = dict(runs.order_by().values_list("outcome").annotate(Count("pk")))
    return [(value, label, counted[value]) for value, label in TestRun.Outcome.choices if value in counted]


# --- keys -------------------------------------------------------------------------------------------------------------


def keys_with_custody(user) -> QuerySet[WatermarkKey]:
    present = KeyHolding.objects.filter(held_until=None)
    return (
        visible_keys(user)
        .prefetch_related(Prefetch("holdings", present, to_attr="present"))
        .annotate(
            exposures=Count("incidents", filter=~Q(incidents__effect="none"), distinct=True),
            in_use=Count(
                "deployments",
                filter=Q(deployments__deployed_until=None) | Q(deployments__deployed_until__gt=timezone.now()),
                distinct=True,
            ),
        )
    )


@dataclass(frozen=True)
class Gap:
    """A time in which nobody is on record as holding a key."""

    since: datetime
    until: datetime | None

    def __str__(self) -> str:
        until = f"{self.until:%Y-%m-%d %H:%M}" if self.until else "now"
        return f"From {self.since:%Y-%m-%d %H:%M} to {until} UTC nobody is on record as holding the key."


def gaps(holdings: list[KeyHolding], since: datetime | None = None, until: datetime | None = None) -> list[Gap]:
    """Times without a holder, from the first holding on, or within `since` and `until`."""
    found: list[Gap] = []
    ordered = sorted(holdings, key=lambda holding: holding.held_from)
    reached = since or (ordered[0].held_from if ordered else None)
    if reached is None:
        return []
    for holding in ordered:
        if until is not None and holding.held_from >= until:
            break
        if holding.held_from > reached:
            found.append(Gap(reached, holding.held_from))
        if holding.held_until is None:
            return found
        reached = max(reached, holding.held_until)
    if until is None or reached < until:
        found.append(Gap(reached, until))
    return found


@dataclass(frozen=True)
class CustodyStatement:
    """Who held a key over a time, as far as it is on record: what goes with a watermark result (R14)."""

    holders: list[KeyHolding]
    gaps: list[Gap]
    incidents: list

    @property
    def is_whole(self) -> bool:
        return bool(self.holders) and not self.gaps and all(one.effect == "none" for one in self.incidents)


def custody_of(key: WatermarkKey, since: datetime, until: datetime) -> CustodyStatement:
    held = list(key.holdings.order_by("held_from"))
    within = [h for h in held if h.held_from < until and (h.held_until is None or h.held_until > since)]
    incidents = list(key.incidents.filter(happened_at__lte=until).order_by("happened_at"))
    return CustodyStatement(within, gaps(held, since, until), incidents)


def descriptor(scheme: WatermarkScheme) -> dict:
    """What a third party needs to look for the watermark too, but the key."""
    return {
        "format": "casemgr watermark scheme 1",
        "name": scheme.name,
        "version": scheme.version,
        "method": scheme.method,
        "parameters": scheme.parameters,
        "detector": {"name": scheme.detector, "version": scheme.detector_version},
        "reference": scheme.reference,
        "keys": sorted(scheme.keys.values_list("key_id", flat=True)),
    }
