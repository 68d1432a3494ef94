import apps.core.ids
import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models
from apps.core.migrating import together


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("audit", "0001_functions"),
        ("staff", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("source_ref", models.CharField(max_length=200)),
                (
                    "variant",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="above 0: its short reference was taken already"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        help_text="what it would be grouped by, were it alone; see grouping", max_length=250
                    ),
                ),
                ("content_sha256", models.CharField(max_length=64)),
                (
                    "earlier",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="hashes of what was said under this reference before, so that a late repeat is known as one",
                    ),
                ),
                ("is_open", models.BooleanField(default=True, help_text="false once the detector closed it")),
                ("occurrences", models.PositiveIntegerField(default=1)),
                ("title", models.CharField(max_length=250)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("volume", "Volume"),
                            ("synchrony", "Synchrony"),
                            ("template", "Prompt template"),
                            ("distribution", "Query distribution"),
                            ("linkage", "Linkage"),
                            ("watermark", "Watermark"),
                            ("fingerprint", "Fingerprint"),
                            ("canary", "Canary"),
                            ("payment", "Payment"),
                            ("kyc", "Identity check"),
                            ("region", "Region"),
                            ("external_report", "External report"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "severity",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "Info"), (1, "Low"), (2, "Medium"), (3, "High"), (4, "Critical")]
                    ),
                ),
                ("stage", models.CharField(max_length=20)),
                ("window_start", models.DateTimeField(null=True)),
                ("window_end", models.DateTimeField(null=True)),
                ("detected_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "account_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        default=list,
                        help_text="accounts that it named, at any time",
                        size=None,
                    ),
                ),
                ("account_count", models.PositiveIntegerField(default=0)),
                (
                    "joined",
                    models.CharField(
                        blank=True, help_text="why it is in its group, when not by its own key", max_length=200
                    ),
                ),
                ("log10_lr", models.FloatField(help_text="as the detector states it", null=True)),
                ("p_value", models.FloatField(help_text="times the number of things tested, at most 1", null=True)),
                (
                    "new_model_share",
                    models.FloatField(help_text="0 to 1, of its requests, to a model out for 24 hours", null=True),
                ),
                ("drill", models.CharField(blank=True, max_length=100)),
                (
                    "payload",
                    models.TextField(help_text="the alert as validated, whole: the canonical JSON that is hashed"),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-updated_at", "-id"], name="alert_newest_first")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("window_start__isnull", True),
                            ("window_start__lte", models.F("window_end")),
                            _connector="OR",
                        ),
                        name="a_window_ends_after_it_starts",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Allowance",
            fields=[
                (
                    "key",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="allowance",
                        serialize=False,
                        to="staff.apikey",
                    ),
                ),
                ("requests", models.FloatField(help_text="left; they grow again with time")),
                ("refilled_at", models.DateTimeField()),
                ("day", models.DateField(help_text="in UTC, that the items are of")),
                ("items", models.PositiveBigIntegerField(help_text="taken on that day")),
            ],
        ),
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("received_at", models.DateTimeField()),
                (
                    "part",
                    models.PositiveIntegerField(
                        default=0, help_text="of a long request that was written in several transactions"
                    ),
                ),
                ("is_last", models.BooleanField(default=True, help_text="no further part of the request follows")),
                ("format", models.CharField(help_text="how the body was read", max_length=20)),
                ("encoding", models.CharField(default="identity", help_text="how it was compressed", max_length=20)),
                (
                    "raw_sha256",
                    models.CharField(
                        help_text="the request body: in the vault, or here when it is small", max_length=64
                    ),
                ),
                ("raw", models.BinaryField(help_text="a body of at most 32 KiB", null=True)),
                ("raw_bytes", models.PositiveBigIntegerField()),
                ("idempotency_key", models.CharField(max_length=255, null=True)),
                (
                    "sent_by",
                    models.CharField(
                        blank=True,
                        help_text="the person who sent it in the detector's name; empty for its own key",
                        max_length=100,
                    ),
                ),
                ("items", models.PositiveIntegerField()),
                ("created", models.PositiveIntegerField()),
                ("updated", models.PositiveIntegerField()),
                ("duplicates", models.PositiveIntegerField()),
                ("rejected", models.PositiveIntegerField()),
                (
                    "verdicts",
                    models.TextField(
                        help_text="JSON: the answer per item, so that a repeated request gets the same one"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "batches",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-received_at", "-id"], name="batch_newest_first")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "items",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("created"), "+", models.F("updated")
                                        ),
                                        "+",
                                        models.F("duplicates"),
                                    ),
                                    "+",
                                    models.F("rejected"),
                                ),
                            )
                        ),
                        name="every_item_has_a_verdict",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("body", models.TextField(help_text="exactly these bytes are signed and sent, each time")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("delivered", "Delivered"), ("dead", "Given up")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(default=0, help_text="since it was asked for, or replayed"),
                ),
                ("due_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "waiting")), fields=["due_at"], name="delivery_due")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state", "waiting"), ("finished_at__isnull", False), _connector="XOR"),
                        name="a_finished_delivery_has_its_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Detector",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.SlugField(max_length=64)),
                ("name", models.CharField(max_length=100)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("volume", "Volume"),
                            ("synchrony", "Synchrony"),
                            ("template", "Prompt template"),
                            ("distribution", "Query distribution"),
                            ("linkage", "Linkage"),
                            ("watermark", "Watermark"),
                            ("fingerprint", "Fingerprint"),
                            ("canary", "Canary"),
                            ("payment", "Payment"),
                            ("kyc", "Identity check"),
                            ("region", "Region"),
                            ("external_report", "External report"),
                        ],
                        max_length=20,
                    ),
                ),
                ("owner", models.CharField(help_text="team that answers for it", max_length=100)),
                ("version", models.CharField(blank=True, max_length=64)),
                ("threshold", models.FloatField(null=True)),
                ("calibration_set", models.CharField(blank=True, max_length=100)),
                ("calibration_n", models.PositiveIntegerField(help_text="benign cases it was tried on", null=True)),
                ("calibration_false_positives", models.PositiveIntegerField(null=True)),
                ("calibrated_on", models.DateField(null=True)),
                (
                    "declared_rate",
                    models.FloatField(
                        help_text="0 to 1: at most so much of what it reports is false, as its owner declares",
                        null=True,
                    ),
                ),
                ("demoted_at", models.DateTimeField(null=True)),
                (
                    "demotion",
                    models.CharField(blank=True, help_text="why it counts less, with the figures", max_length=300),
                ),
                (
                    "weighed_from",
                    models.DateTimeField(help_text="decisions before that speak for no demotion any more", null=True),
                ),
                (
                    "known_false_positives",
                    models.JSONField(blank=True, default=list, help_text="kinds of honest use that it mistakes"),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "refuses_repeats",
                    models.BooleanField(
                        default=False,
                        help_text="a known reference is an error for its TheHive or IRIS client, as in those systems",
                    ),
                ),
                (
                    "signing_changed_at",
                    models.DateTimeField(
                        help_text="when it last got, or lost, a key to sign with; empty where it never had one",
                        null=True,
                    ),
                ),
                (
                    "requires_signature",
                    models.BooleanField(
                        default=False, help_text="its messages are refused unless they are signed under a key in force"
                    ),
                ),
                (
                    "requests_per_second",
                    models.PositiveIntegerField(help_text="per key; the setting's where empty", null=True),
                ),
                (
                    "items_per_day",
                    models.PositiveBigIntegerField(help_text="per key; the setting's where empty", null=True),
                ),
                (
                    "max_body_bytes",
                    models.PositiveBigIntegerField(help_text="of one request; the setting's where empty", null=True),
                ),
                ("registered_at", models.DateTimeField(auto_now_add=True)),
                (
                    "service_account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="detector", to="staff.serviceaccount"
                    ),
                ),
            ],
            options={
                "ordering": ["slug"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("slug",),
                        name="one_detector_per_slug",
                        violation_error_message="There is a detector of this name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("calibrated_on__isnull", True),
                                ("calibration_false_positives__isnull", True),
                                ("calibration_n__isnull", True),
                            ),
                            models.Q(
                                ("calibrated_on__isnull", False),
                                ("calibration_false_positives__isnull", False),
                                ("calibration_n__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_calibration_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("calibration_n__isnull", True),
                            ("calibration_false_positives__lte", models.F("calibration_n")),
                            _connector="OR",
                        ),
                        name="no_more_false_positives_than_cases",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("declared_rate__isnull", True),
                            models.Q(("declared_rate__gte", 0), ("declared_rate__lte", 1)),
                            _connector="OR",
                        ),
                        name="a_declared_rate_is_a_share",
                        violation_error_message="A declared rate lies between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("demoted_at__isnull", True), models.Q(("demotion", ""), _negated=True), _connector="XOR"
                        ),
                        name="a_demotion_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AlertAccount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "alert_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerted",
                        to="accounts.account",
                    ),
                ),
                (
                    "alert",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="about",
                        to="alerts.alert",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AlertGroup",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "key",
                    models.CharField(help_text="campaign:…, model:…, cluster:…, template:…, account:…", max_length=250),
                ),
                ("title", models.CharField(max_length=250)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("claimed", "Claimed"),
                            ("dismissed", "Dismissed"),
                            ("escalated", "In a case"),
                            ("merged", "Merged"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "severity",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "Info"), (1, "Low"), (2, "Medium"), (3, "High"), (4, "Critical")], default=0
                    ),
                ),
                ("priority", models.PositiveSmallIntegerField(default=0, help_text="0 to 100; the reasons say why")),
                (
                    "reasons",
                    models.JSONField(
                        blank=True, default=list, help_text="sentences, strongest first, with their points"
                    ),
                ),
                ("kinds", models.JSONField(blank=True, default=list)),
                ("detectors", models.JSONField(blank=True, default=list)),
                ("alert_count", models.PositiveIntegerField(default=0)),
                ("account_count", models.PositiveIntegerField(default=0)),
                ("window_start", models.DateTimeField(null=True)),
                ("window_end", models.DateTimeField(null=True)),
                ("first_received_at", models.DateTimeField()),
                ("last_received_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(help_text="when somebody should have looked")),
                ("drill", models.CharField(blank=True, max_length=100)),
                (
                    "facts",
                    models.JSONField(blank=True, default=dict, help_text="what its alerts say, counted up; see facts"),
                ),
                ("claimed_at", models.DateTimeField(null=True)),
                (
                    "dismissal",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("benign", "Ordinary use"),
                            ("authorised", "Allowed by contract or programme"),
                            ("detector_fault", "The detector is wrong"),
                            ("duplicate", "Handled elsewhere"),
                            ("too_weak", "Too weak to go on"),
                        ],
                        max_length=20,
                    ),
                ),
                ("dismissal_note", models.TextField(blank=True)),
                (
                    "snoozed_until",
                    models.DateTimeField(help_text="kept once it is over, until somebody claims the group", null=True),
                ),
                (
                    "snoozed_severity",
                    models.PositiveSmallIntegerField(help_text="above it, the snooze ends early", null=True),
                ),
                ("snooze_count", models.PositiveIntegerField(default=0)),
                ("hidden_until", models.DateTimeField(help_text="while rules hide all its alerts", null=True)),
                (
                    "claimed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claimed_groups",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="alerts.alertgroup",
                    ),
                ),
                (
                    "snoozed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "split_from",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="alerts.alertgroup",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["state", "-priority", "-id"], name="group_queue"),
                    models.Index(fields=["key"], name="group_by_key"),
                    models.Index(
                        condition=models.Q(("state__in", ["open", "claimed"])), fields=["due_at"], name="group_due"
                    ),
                    models.Index(
                        condition=models.Q(("snoozed_until__isnull", False), ("state", "open")),
                        fields=["snoozed_until"],
                        name="group_snoozed",
                    ),
                    models.Index(
                        condition=models.Q(("hidden_until__isnull", False), ("state", "open")),
                        fields=["hidden_until"],
                        name="group_hidden",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["open", "claimed"])),
                        fields=("key",),
                        name="one_undecided_group_per_key",
                        violation_error_message="A newer group of the same alerts waits in the queue: work on that one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("claimed_at__isnull", True), ("claimed_by__isnull", True)),
                            models.Q(("claimed_at__isnull", False), ("claimed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_claim_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "claimed"), _negated=True),
                            ("claimed_by__isnull", False),
                            _connector="OR",
                        ),
                        name="a_claimed_group_has_its_holder",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "dismissed"), _negated=True),
                            models.Q(("dismissal", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_dismissal_has_its_reason",
                        violation_error_message="Say why it is dismissed.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("merged_into__isnull", False), ("state", "merged")),
                            models.Q(models.Q(("state", "merged"), _negated=True), ("merged_into__isnull", True)),
                            _connector="OR",
                        ),
                        name="a_merged_group_says_where_it_went",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("snoozed_by__isnull", True),
                                ("snoozed_severity__isnull", True),
                                ("snoozed_until__isnull", True),
                            ),
                            models.Q(
                                ("snoozed_by__isnull", False),
                                ("snoozed_severity__isnull", False),
                                ("snoozed_until__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_snooze_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__lte", 100)),
                        name="priority_is_at_most_100",
                        violation_error_message="Priority goes from 0 to 100.",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="alert",
            name="group",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="alerts",
                to="alerts.alertgroup",
            ),
        ),
        migrations.AddField(
            model_name="alert",
            name="batch",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                help_text="that last touched it",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="alerts",
                to="alerts.batch",
            ),
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField()),
                ("milliseconds", models.PositiveIntegerField(null=True)),
                (
                    "status",
                    models.PositiveSmallIntegerField(help_text="of HTTP; none where nothing answered", null=True),
                ),
                (
                    "problem",
                    models.CharField(blank=True, help_text="why it counts as failed, in words", max_length=300),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tries", to="alerts.delivery"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SignatureRefusals",
            fields=[
                (
                    "detector",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="signature_refusals",
                        serialize=False,
                        to="alerts.detector",
                    ),
                ),
                ("total", models.PositiveBigIntegerField()),
                ("last_at", models.DateTimeField()),
                ("last_reason", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Calibration",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("version", models.CharField(blank=True, help_text="of the detector, then", max_length=64)),
                ("threshold", models.FloatField(null=True)),
                ("calibration_set", models.CharField(blank=True, max_length=100)),
                ("n", models.PositiveIntegerField()),
                ("false_positives", models.PositiveIntegerField()),
                ("calibrated_on", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "detector",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="calibrations", to="alerts.detector"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("n__gt", 0), ("false_positives__lte", models.F("n"))),
                        name="a_calibration_has_cases_enough",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="batch",
            name="detector",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="batches",
                to="alerts.detector",
            ),
        ),
        migrations.AddField(
            model_name="alert",
            name="detector",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="alerts",
                to="alerts.detector",
            ),
        ),
        migrations.CreateModel(
            name="GroupAccount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "group_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="alerts.alertgroup",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="GroupKey",
            fields=[
                ("key", models.CharField(max_length=250, primary_key=True, serialize=False)),
                (
                    "group",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keys",
                        to="alerts.alertgroup",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("alert_ids", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                (
                    "keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=250),
                        default=list,
                        help_text="that led to the group before",
                        size=None,
                    ),
                ),
                ("merged_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="merges", to="alerts.alertgroup"
                    ),
                ),
                (
                    "into",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="taken_in", to="alerts.alertgroup"
                    ),
                ),
                (
                    "merged_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at__isnull", True)),
                        fields=("group",),
                        name="a_group_is_merged_into_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("group__isnull", True),
                            ("into__isnull", True),
                            models.Q(("group", models.F("into")), _negated=True),
                            _connector="OR",
                        ),
                        name="a_group_is_merged_into_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("undone_at__isnull", True), ("undone_by__isnull", True)),
                            models.Q(("undone_at__isnull", False), ("undone_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_undone_merge_has_its_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Replay",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("asked_by", models.CharField(max_length=100)),
                ("asked_at", models.DateTimeField()),
                ("about", models.CharField(help_text="what was chosen, in words", max_length=300)),
                ("total", models.PositiveIntegerField()),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("total__gt", 0)), name="a_replay_has_something_to_send")
                ],
            },
        ),
        migrations.CreateModel(
            name="Rejection",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("position", models.PositiveIntegerField(help_text="place in the request, from 0")),
                ("source_ref", models.CharField(blank=True, max_length=200)),
                ("code", models.CharField(max_length=40)),
                (
                    "field",
                    models.CharField(blank=True, help_text="the field that is to blame, where one is", max_length=200),
                ),
                ("reason", models.TextField()),
                ("raw", models.BinaryField(help_text="the item as it came, up to the size limit")),
                ("received_at", models.DateTimeField()),
                ("sent_again_at", models.DateTimeField(null=True)),
                ("sent_again_by", models.CharField(blank=True, max_length=100)),
                (
                    "became",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("created", "A new alert"),
                            ("updated", "An update"),
                            ("duplicate", "Known already"),
                            ("rejected", "Rejected again"),
                        ],
                        max_length=10,
                    ),
                ),
                ("became_id", models.UUIDField(help_text="of the alert, or of the rejection that followed", null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rejections", to="alerts.batch"
                    ),
                ),
                (
                    "sent_again_in",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sends_again",
                        to="alerts.batch",
                    ),
                ),
                (
                    "replay",
                    models.ForeignKey(
                        help_text="that it waits for, or was in",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rejections",
                        to="alerts.replay",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-received_at", "-id"], name="rejection_newest_first")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("became_id__isnull", True),
                                ("sent_again_at__isnull", True),
                                ("sent_again_in__isnull", True),
                            ),
                            models.Q(
                                ("became_id__isnull", False),
                                ("sent_again_at__isnull", False),
                                ("sent_again_in__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="what_was_sent_again_became_something",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("method", models.CharField(choices=[("hmac", "HMAC-SHA256"), ("ed25519", "Ed25519")], max_length=10)),
                (
                    "sealed_secret",
                    models.CharField(blank=True, help_text="of HMAC: made here, and shown once", max_length=200),
                ),
                (
                    "public_key",
                    models.CharField(blank=True, help_text="of Ed25519, as its owner gave it: whpk_…", max_length=60),
                ),
                (
                    "fingerprint",
                    models.CharField(
                        help_text="the first 64 bits of the key's SHA-256, to tell keys by", max_length=16
                    ),
                ),
                ("since", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                (
                    "detector",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signing_keys",
                        to="alerts.detector",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("method", "hmac"), ("public_key", ""), models.Q(("sealed_secret", ""), _negated=True)
                            ),
                            models.Q(
                                ("method", "ed25519"),
                                ("sealed_secret", ""),
                                models.Q(("public_key", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_signing_key_is_of_its_method",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True), ("ends_at__gte", models.F("since")), _connector="OR"
                        ),
                        name="a_signing_key_ends_after_it_began",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ends_at__isnull", True)),
                        fields=("detector",),
                        name="a_detector_has_one_signing_key_without_end",
                    ),
                    models.UniqueConstraint(
                        fields=("detector", "fingerprint"),
                        name="a_signing_key_is_given_once",
                        violation_error_message="This detector has, or had, this very key: make a new one.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("key", "What a group is grouped by"),
                            ("detector", "A kind of alert of one detector"),
                            ("account", "An account"),
                            ("identifier", "A type of indicator, when an alert has no other"),
                        ],
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(blank=True, max_length=250)),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("volume", "Volume"),
                            ("synchrony", "Synchrony"),
                            ("template", "Prompt template"),
                            ("distribution", "Query distribution"),
                            ("linkage", "Linkage"),
                            ("watermark", "Watermark"),
                            ("fingerprint", "Fingerprint"),
                            ("canary", "Canary"),
                            ("payment", "Payment"),
                            ("kyc", "Identity check"),
                            ("region", "Region"),
                            ("external_report", "External report"),
                        ],
                        max_length=20,
                    ),
                ),
                ("account_ref", models.CharField(blank=True, max_length=200)),
                ("identifier_type", models.CharField(blank=True, max_length=64)),
                ("reason", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "detector",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suppressions",
                        to="alerts.detector",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-made_at", "-id"], name="suppression_newest_first")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("detector__isnull", True),
                                ("scope", "key"),
                                models.Q(("key", ""), _negated=True),
                                ("kind", ""),
                                ("account_ref", ""),
                                ("identifier_type", ""),
                            ),
                            models.Q(
                                ("detector__isnull", False),
                                ("scope", "detector"),
                                ("key", ""),
                                models.Q(("kind", ""), _negated=True),
                                ("account_ref", ""),
                                ("identifier_type", ""),
                            ),
                            models.Q(
                                ("detector__isnull", True),
                                ("scope", "account"),
                                ("key", ""),
                                ("kind", ""),
                                models.Q(("account_ref", ""), _negated=True),
                                ("identifier_type", ""),
                            ),
                            models.Q(
                                ("detector__isnull", True),
                                ("scope", "identifier"),
                                ("key", ""),
                                ("kind", ""),
                                ("account_ref", ""),
                                models.Q(("identifier_type", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_rule_names_what_it_hides",
                        violation_error_message="Name what the rule hides, and nothing else.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expires_at__gt", models.F("made_at")),
                            (
                                "expires_at__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("made_at"), "+", models.Value(datetime.timedelta(days=90))
                                ),
                            ),
                        ),
                        name="a_rule_expires_within_90_days",
                        violation_error_message="A rule ends within 90 days; make it anew if it is still needed then.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="a_rule_has_its_reason",
                        violation_error_message="Say why these alerts need nobody's attention.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                            models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_end_of_a_rule_has_its_person",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="alert",
            name="suppressed_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="alerts",
                to="alerts.suppression",
            ),
        ),
        migrations.CreateModel(
            name="Verdict",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[("dismissed", "Dismissed"), ("in_case", "In a case"), ("reopened", "Looked at again")],
                        max_length=10,
                    ),
                ),
                (
                    "dismissal",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("benign", "Ordinary use"),
                            ("authorised", "Allowed by contract or programme"),
                            ("detector_fault", "The detector is wrong"),
                            ("duplicate", "Handled elsewhere"),
                            ("too_weak", "Too weak to go on"),
                        ],
                        max_length=20,
                    ),
                ),
                ("decided_at", models.DateTimeField()),
                ("decided_by", models.CharField(help_text="the actor, as the trail names it", max_length=100)),
                (
                    "alert_count",
                    models.PositiveIntegerField(help_text="alerts of the detector in the group at that time"),
                ),
                ("drill", models.CharField(blank=True, max_length=100)),
                (
                    "detector",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verdicts",
                        to="alerts.detector",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="verdicts", to="alerts.alertgroup"
                    ),
                ),
                (
                    "supersedes",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="superseded_by",
                        to="alerts.verdict",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["detector", "-decided_at"], name="verdict_of_detector")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("outcome", "dismissed"), ("dismissal", ""), _connector="XOR"),
                        name="a_dismissal_alone_has_its_reason",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="verdict",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="alerts.verdict",
            ),
        ),
        migrations.CreateModel(
            name="VerdictAlert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveBigIntegerField(null=True, unique=True)),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="verdicts", to="alerts.alert"
                    ),
                ),
                (
                    "detector",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alerts.detector",
                    ),
                ),
                (
                    "verdict",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="alerts.verdict"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["detector", "position"], name="feed_of_detector"),
                    models.Index(
                        condition=models.Q(("position__isnull", True)), fields=["verdict"], name="verdict_unpublished"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("verdict", "alert"), name="one_line_per_verdict_and_alert")
                ],
            },
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("url", models.CharField(max_length=500)),
                ("sealed_secret", models.CharField(max_length=200)),
                ("sealed_previous", models.CharField(blank=True, max_length=200)),
                (
                    "previous_until",
                    models.DateTimeField(help_text="messages are signed with the secret before as well", null=True),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("changed_at", models.DateTimeField()),
                (
                    "detector",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="webhook", to="alerts.detector"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("previous_until__isnull", True),
                            models.Q(("sealed_previous", ""), _negated=True),
                            _connector="XOR",
                        ),
                        name="a_secret_before_has_its_end",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="webhook",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="alerts.webhook",
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(fields=["detector", "-received_at", "-id"], name="batch_of_detector"),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("idempotency_key__startswith", "webhook-id\t")),
                fields=["detector", "-received_at"],
                name="batch_signed_newest_first",
            ),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.UniqueConstraint(
                fields=("detector", "idempotency_key", "part"), name="an_idempotency_key_is_used_once"
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["group", "-detected_at", "-id"], name="alert_of_group"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["detector", "-updated_at", "-id"], name="alert_of_detector"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("suppressed_by__isnull", False)),
                fields=["suppressed_by", "-received_at", "-id"],
                name="alert_that_a_rule_hid",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(
                fields=("detector", "source_ref", "variant"), name="one_alert_per_source_reference"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["webhook", "-created_at", "-id"], name="delivery_newest_first"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("webhook", "verdict"), name="a_webhook_is_told_once_of_a_verdict"
            ),
        ),
    ]
    operations = together(operations)
