import apps.core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from apps.core.migrating import together


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("audit", "0001_functions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ref", models.CharField(max_length=20)),
                ("matter", models.CharField(help_text="the dispute or inquiry that it is for", max_length=200)),
                ("reason", models.TextField(help_text="why it has to be kept, and who said so")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("in_force", "In force"),
                            ("release_requested", "Release asked for"),
                            ("released", "Released"),
                        ],
                        default="in_force",
                        max_length=20,
                    ),
                ),
                ("issued_at", models.DateTimeField()),
                ("release_asked_at", models.DateTimeField(null=True)),
                ("release_reason", models.TextField(blank=True)),
                ("released_at", models.DateTimeField(null=True)),
                ("release_note", models.TextField(blank=True)),
                (
                    "issued_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "release_asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "legal hold",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-issued_at", "-id"], name="hold_newest_first")],
                "constraints": [
                    models.UniqueConstraint(fields=("ref",), name="one_hold_per_reference"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("matter", ""), _negated=True), models.Q(("reason", ""), _negated=True)
                        ),
                        name="a_hold_says_what_it_is_for",
                        violation_error_message="Say which matter the hold is for, and why.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("release_asked_at__isnull", True), ("release_asked_by__isnull", True)),
                                models.Q(("release_asked_at__isnull", False), ("release_asked_by__isnull", False)),
                                _connector="OR",
                            ),
                            models.Q(
                                models.Q(("release_asked_by__isnull", True), ("release_reason", "")),
                                models.Q(("release_reason", ""), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="who_asks_for_a_release_says_why",
                        violation_error_message="Say why the hold may end.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("release_asked_by__isnull", True), ("state", "in_force")),
                            models.Q(
                                models.Q(("state", "in_force"), _negated=True), ("release_asked_by__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="a_release_is_asked_for_first",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("released_at__isnull", False),
                                ("released_by__isnull", False),
                                ("state", "released"),
                                models.Q(("release_note", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "released"), _negated=True),
                                ("release_note", ""),
                                ("released_at__isnull", True),
                                ("released_by__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="a_released_hold_says_by_whom_and_why",
                        violation_error_message="Say why the release is right.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("release_asked_by__isnull", True),
                            ("released_by__isnull", True),
                            models.Q(("release_asked_by", models.F("released_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="a_hold_is_released_by_another_person",
                        violation_error_message="Another person releases a hold than the one who asked for it.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HoldScope",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(help_text="of what is held, as `reach.HOLDABLE` calls it", max_length=20)),
                ("table_name", models.CharField(max_length=63)),
                ("row_id", models.UUIDField()),
                (
                    "called",
                    models.CharField(
                        blank=True, help_text="its reference then; empty where that is personal", max_length=250
                    ),
                ),
                ("added_at", models.DateTimeField()),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="scopes", to="records.legalhold"
                    ),
                ),
            ],
            options={
                "verbose_name": "scope of a hold",
                "verbose_name_plural": "scopes of holds",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["table_name", "row_id"], name="scope_of_row")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hold", "table_name", "row_id"),
                        name="a_hold_names_a_thing_once",
                        violation_error_message="The hold covers this already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Custodian",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("told_at", models.DateTimeField()),
                ("acknowledged_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="custodies",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "told_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="custodians", to="records.legalhold"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hold", "person"),
                        name="a_custodian_is_told_once",
                        violation_error_message="This person was told already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("acknowledged_at__isnull", True),
                            ("acknowledged_at__gte", models.F("told_at")),
                            _connector="OR",
                        ),
                        name="nobody_acknowledges_before_being_told",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("rule", models.SlugField(max_length=40)),
                ("days", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("stopped", "Stopped")],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("before", models.DateTimeField(help_text="what is older than this is due")),
                ("due", models.PositiveIntegerField(help_text="records that were due when it started")),
                ("held", models.PositiveIntegerField(help_text="records that a hold kept from it, then")),
                ("gone", models.PositiveIntegerField(default=0, help_text="records that it dealt with so far")),
                ("started_by", models.CharField(help_text="actor", max_length=100)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("stopped_why", models.CharField(blank=True, max_length=300)),
                (
                    "stopped_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "retention run",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-started_at", "-id"], name="retention_run_newest_first")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("rule",),
                        name="a_rule_runs_once_at_a_time",
                        violation_error_message="This rule is running.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("state", "running")),
                            models.Q(models.Q(("state", "running"), _negated=True), ("ended_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_run_that_is_over_has_its_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "stopped"),
                                ("stopped_by__isnull", False),
                                models.Q(("stopped_why", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "stopped"), _negated=True),
                                ("stopped_by__isnull", True),
                                ("stopped_why", ""),
                            ),
                            _connector="OR",
                        ),
                        name="a_stopped_run_says_by_whom_and_why",
                        violation_error_message="Say why it is stopped.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Confirmation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("rule", models.SlugField(max_length=40)),
                ("days", models.PositiveIntegerField()),
                ("terms", models.TextField(help_text="the rule in words, as it was confirmed")),
                ("due", models.PositiveIntegerField(help_text="records that the preview said would go")),
                ("held", models.PositiveIntegerField(help_text="records that a hold kept from it")),
                ("confirmed_at", models.DateTimeField()),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "confirmation of a retention rule",
                "verbose_name_plural": "confirmations of retention rules",
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("rule", "days", "terms"),
                        name="a_rule_is_confirmed_once",
                        violation_error_message="This rule is confirmed already.",
                    ),
                    models.CheckConstraint(condition=models.Q(("days__gt", 0)), name="a_rule_keeps_for_some_time"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ref", models.CharField(max_length=20)),
                ("kind", models.CharField(help_text="of subject, as `subjects.SUBJECTS` calls it", max_length=20)),
                ("table_name", models.CharField(max_length=63)),
                ("row_id", models.UUIDField()),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("not_needed", "No longer needed for what it was collected for, Art. 17(1)(a)"),
                            ("consent", "Consent was withdrawn, Art. 17(1)(b)"),
                            ("objection", "The person objects, Art. 17(1)(c)"),
                            ("unlawful", "It was processed unlawfully, Art. 17(1)(d)"),
                            ("obligation", "The law asks for its erasure, Art. 17(1)(e)"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", models.TextField(help_text="what was asked, without personal data: this stays")),
                (
                    "received_on",
                    models.DateField(help_text="when the person asked; the answer is due within a month, Art. 12(3)"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("carried_out", "Carried out"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="requested",
                        max_length=12,
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision_note", models.TextField(blank=True)),
                (
                    "result",
                    models.JSONField(
                        help_text="how many values, keys and rows were erased, and what was kept", null=True
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-requested_at", "-id"], name="erasure_newest_first")],
                "constraints": [
                    models.UniqueConstraint(fields=("ref",), name="one_erasure_per_reference"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "requested")),
                        fields=("table_name", "row_id"),
                        name="one_request_at_a_time_for_a_subject",
                        violation_error_message="A request about this subject is waiting already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="an_erasure_gives_its_reason",
                        violation_error_message="Say what was asked.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("decided_at__isnull", True), ("decided_by__isnull", True)),
                                models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                                _connector="OR",
                            ),
                            models.Q(
                                models.Q(("decided_by__isnull", True), ("state", "requested")),
                                models.Q(
                                    models.Q(("state", "requested"), _negated=True), ("decided_by__isnull", False)
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="a_decided_erasure_says_by_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "carried_out"), _negated=True),
                            ("requested_by__isnull", True),
                            ("decided_by__isnull", True),
                            models.Q(("requested_by", models.F("decided_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="an_erasure_is_carried_out_by_another_person",
                        violation_error_message="Another person carries an erasure out than the one who requested it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["refused", "withdrawn"]), _negated=True),
                            models.Q(("decision_note", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_refused_erasure_says_why",
                        violation_error_message="Say why: the person is told (Art. 12(4)).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("result__isnull", False), ("state", "carried_out")),
                            models.Q(models.Q(("state", "carried_out"), _negated=True), ("result__isnull", True)),
                            _connector="OR",
                        ),
                        name="a_carried_out_erasure_says_what_went",
                    ),
                ],
            },
        ),
    ]
    operations = together(operations)
