import django_filters
from django.db.models import QuerySet, Subquery

from apps.alerts.models import Alert, AlertGroup, Batch, Delivery, Detector, Kind, Rejection, Severity, Verdict


class Narrowing(django_filters.FilterSet):
    """A filter of a long list."""

    SORTED: tuple[str, ...] = ()  # names of filters whose rows an index holds in the order of the list

    @property
    def within(self) -> QuerySet | None:
        """The rows among which a page looks for those that match; None where an index leads to all that do."""
        given = set(self.form.changed_data) if self.form.is_valid() else set()
        if not given - set(self.SORTED):
            return None
        rows = self.queryset
        for name in given & set(self.SORTED):
            rows = self.filters[name].filter(rows, self.form.cleaned_data[name])
        return rows


class OfDetector(django_filters.CharFilter):
    """Rows of one detector, given as one value: PostgreSQL then walks through them in the order of an index."""

    def filter(self, rows: QuerySet, value: str) -> QuerySet:
        if not value:
            return rows
        return rows.filter(detector=Subquery(Detector.objects.filter(slug=value).order_by().values("pk")[:1]))


class QueueFilter(Narrowing):
    """What narrows the queue; all of it lives in the address."""

    q = django_filters.CharFilter(label="Title or key", method="having_words")
    severity = django_filters.ChoiceFilter(
        label="Severity at least", field_name="severity", lookup_expr="gte", choices=Severity.choices[1:]
    )
    kind = django_filters.ChoiceFilter(label="Kind", field_name="kinds", lookup_expr="contains", choices=Kind.choices)
    detector = django_filters.CharFilter(label="Detector", field_name="detectors", lookup_expr="contains")
    accounts = django_filters.NumberFilter(label="Accounts at least", field_name="account_count", lookup_expr="gte")
    drill = django_filters.ChoiceFilter(
        label="Drills", choices=[("only", "Only drills"), ("none", "No drills")], method="drills", empty_label="All"
    )

    class Meta:
        model = AlertGroup
        fields: list[str] = []

    def having_words(self, groups: QuerySet, name: str, words: str) -> QuerySet:
        return groups.filter(title__icontains=words) | groups.filter(key__icontains=words)

    def drills(self, groups: QuerySet, name: str, value: str) -> QuerySet:
        return groups.exclude(drill="") if value == "only" else groups.filter(drill="")


class BatchFilter(Narrowing):
    SORTED = ("detector",)

    detector = OfDetector(label="Detector")
    rejected = django_filters.BooleanFilter(label="With rejections", method="with_rejections")

    class Meta:
        model = Batch
        fields: list[str] = []

    def with_rejections(self, batches: QuerySet, name: str, value: bool) -> QuerySet:
        return batches.filter(rejected__gt=0) if value else batches.filter(rejected=0)


class RejectionFilter(Narrowing):
    SORTED = ("batch",)

    detector = django_filters.CharFilter(label="Detector", field_name="batch__detector__slug")
    code = django_filters.CharFilter(label="Code")
    field = django_filters.CharFilter(label="Field")
    source_ref = django_filters.CharFilter(label="Source reference", lookup_expr="startswith")
    batch = django_filters.UUIDFilter(label="Batch", field_name="batch_id")
    became = django_filters.ChoiceFilter(
        label="Sent in again",
        choices=[("waiting", "Not yet"), *Rejection.Became.choices],
        method="what_became",
        empty_label="All",
    )

    class Meta:
        model = Rejection
        fields: list[str] = []

    def what_became(self, rejections: QuerySet, name: str, value: str) -> QuerySet:
        return rejections.filter(became="" if value == "waiting" else value)


class AlertFilter(Narrowing):
    """What narrows the alerts of one group."""

    SORTED = ("account",)

    kind = django_filters.ChoiceFilter(label="Kind", choices=Kind.choices)
    detector = OfDetector(label="Detector")
    account = django_filters.CharFilter(label="Account", field_name="about__account__ref")
    open = django_filters.BooleanFilter(label="Still open", field_name="is_open")

    class Meta:
        model = Alert
        fields: list[str] = []


class DeliveryFilter(django_filters.FilterSet):
    """What narrows the messages to one detector."""

    state = django_filters.ChoiceFilter(label="State", choices=Delivery.State.choices)
    outcome = django_filters.ChoiceFilter(
        label="Verdict", field_name="verdict__outcome", choices=Verdict.Outcome.choices
    )

    class Meta:
        model = Delivery
        fields: list[str] = []
