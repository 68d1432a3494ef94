import apps.core.ids
import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("evidence", "0001_initial"),
        ("notices", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Dispatch",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Being sent"), ("done", "All handed over"), ("cancelled", "Cancelled")],
                        default="running",
                        max_length=9,
                    ),
                ),
                ("is_paused", models.BooleanField(default=False)),
                ("count", models.PositiveIntegerField(help_text="letters, as counted when it was started")),
                ("parts", models.PositiveIntegerField()),
                ("parts_done", models.PositiveIntegerField(default=0)),
                (
                    "per_minute",
                    models.PositiveIntegerField(help_text="letters that are handed to the mail server in a minute"),
                ),
                ("next_at", models.DateTimeField(help_text="no part is handed over before")),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("cancelled_why", models.TextField(blank=True)),
                (
                    "mailing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="dispatches", to="notices.mailing"
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "dispatches",
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("in_app", "In the account"),
                            ("email", "E-mail"),
                            ("registered_post", "Registered post"),
                            ("courier", "Courier"),
                            ("counsel", "Counsel"),
                            ("process_server", "Process server"),
                            ("central_authority", "Central authority (Hague Service Convention)"),
                        ],
                        max_length=20,
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(help_text="of the letter's attempts by this method")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("prepared", "Waits to be sent"),
                            ("sending", "Being sent"),
                            ("unknown", "May have been sent"),
                            ("sent", "Sent"),
                            ("delivered", "Delivered"),
                            ("acknowledged", "Acknowledged"),
                            ("bounced", "Came back"),
                            ("refused", "Refused"),
                            ("failed", "Failed"),
                        ],
                        default="prepared",
                        max_length=12,
                    ),
                ),
                (
                    "sealed_address",
                    models.TextField(blank=True, help_text="where to, sealed; empty once it was erased"),
                ),
                (
                    "carrier_ref",
                    models.CharField(blank=True, help_text="by which the carrier knows it", max_length=100),
                ),
                (
                    "message_id",
                    models.CharField(help_text="of the e-mail, fixed before it is sent", max_length=120, null=True),
                ),
                (
                    "tries",
                    models.PositiveSmallIntegerField(default=0, help_text="conversations with the mail server so far"),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        help_text="an e-mail: not sent before; while it is sent: lost after", null=True
                    ),
                ),
                (
                    "secret_sha256",
                    models.CharField(blank=True, help_text="of the one-time link in the e-mail", max_length=64),
                ),
                ("link_until", models.DateTimeField(null=True)),
                ("link_used_at", models.DateTimeField(null=True)),
                ("prepared_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "ended_at",
                    models.DateTimeField(help_text="delivered, come back, acknowledged, or given up", null=True),
                ),
                (
                    "status",
                    models.CharField(blank=True, help_text="of mail servers, such as 5.1.1 (RFC 3463)", max_length=12),
                ),
                (
                    "note",
                    models.TextField(blank=True, help_text="what the carrier, the server or the person serving said"),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="attempts", to="notices.notice"
                    ),
                ),
                (
                    "prepared_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "dispatch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="service.dispatch",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="DispatchPart",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ordinal", models.PositiveIntegerField()),
                ("notice_ids", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                (
                    "sealed_addresses",
                    models.TextField(blank=True, help_text="a JSON object, letter to address, sealed; then empty"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("done", "Handed over"), ("withdrawn", "Withdrawn")],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                (
                    "dispatch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pieces", to="service.dispatch"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Proof",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "attempt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="proofs", to="service.attempt"
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="evidence.item"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Return",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("failed", "Could not be delivered"),
                            ("delayed", "Is delayed"),
                            ("delivered", "Was delivered"),
                            ("relayed", "Was passed on to a server that sends no reports"),
                            ("displayed", "Was displayed"),
                            ("automatic", "An automatic answer"),
                            ("other", "Something else"),
                        ],
                        max_length=10,
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("sha256", models.CharField(help_text="of the message as it came, in the vault", max_length=64)),
                ("byte_size", models.PositiveIntegerField()),
                ("status", models.CharField(blank=True, max_length=12)),
                ("sender", models.CharField(blank=True, max_length=200)),
                ("subject", models.CharField(blank=True, max_length=200)),
                ("says", models.TextField(blank=True, help_text="what the server gave as its reason")),
                ("filed_at", models.DateTimeField(help_text="a person looked at what belonged to nothing", null=True)),
                (
                    "attempt",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="returns",
                        to="service.attempt",
                    ),
                ),
                (
                    "filed_by",
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
            },
        ),
        migrations.CreateModel(
            name="Answer",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(choices=[("appeal", "Appeal"), ("response", "Response")], max_length=10)),
                ("received_at", models.DateTimeField()),
                ("words", models.TextField(help_text="what they said, in short, or where it stands")),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="notices.notice"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("words", ""), _negated=True), name="an_answer_says_something"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Deadline",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("serve", "Serve by"), ("respond", "Respond by"), ("appeal", "Appeal until")],
                        max_length=10,
                    ),
                ),
                ("stated_on", models.DateField(help_text="as the letter, or our own rule, says it")),
                ("falls_on", models.DateField(help_text="the last day, once moved off days on which no period ends")),
                ("moved_by", models.CharField(blank=True, help_text="why it was moved", max_length=200)),
                ("zone", models.CharField(help_text="of the IANA database, in which the day ends", max_length=64)),
                (
                    "calendar",
                    models.CharField(blank=True, help_text="whose holidays count: a country, or US-CA", max_length=12),
                ),
                ("ends_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Open"),
                            ("met", "Done in time"),
                            ("late", "Done late"),
                            ("overdue", "Overdue"),
                            ("silence", "No response"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("outcome_at", models.DateTimeField(null=True)),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deadlines", to="notices.notice"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["ends_at", "id"], name="deadline_by_end"),
                    models.Index(
                        condition=models.Q(("outcome__in", ["", "overdue", "silence"])),
                        fields=["kind", "ends_at"],
                        name="deadline_open",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("notice", "kind"), name="one_deadline_of_a_kind_per_letter"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", ""), ("outcome_at__isnull", True)),
                            models.Q(models.Q(("outcome", ""), _negated=True), ("outcome_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_outcome_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("falls_on", models.F("stated_on")), ("moved_by", "")),
                            models.Q(
                                ("falls_on__gt", models.F("stated_on")), models.Q(("moved_by", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="a_deadline_moves_later_and_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "serve"), ("outcome__in", ["", "met", "late", "overdue"])),
                            models.Q(
                                models.Q(("kind", "serve"), _negated=True),
                                ("outcome__in", ["", "met", "late", "silence"]),
                            ),
                            _connector="OR",
                        ),
                        name="silence_is_the_recipients",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="dispatch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "running")),
                fields=("mailing",),
                name="one_dispatch_of_a_mailing_at_a_time",
                violation_error_message="Letters of this mailing are being sent already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("count__gt", 0), ("per_minute__gt", 0)), name="a_dispatch_has_letters_and_a_rate"
            ),
        ),
        migrations.AddConstraint(
            model_name="dispatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("parts_done__lte", models.F("parts"))), name="no_part_of_a_dispatch_is_done_twice"
            ),
        ),
        migrations.AddConstraint(
            model_name="dispatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("state", "running")),
                    models.Q(models.Q(("state", "running"), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="a_dispatch_that_ended_has_its_time",
            ),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(
                condition=models.Q(("state__in", ["prepared", "sending"])), fields=["due_at"], name="attempt_due"
            ),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(fields=["state", "prepared_at"], name="attempts_by_state"),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.UniqueConstraint(
                fields=("notice", "method", "number"), name="one_attempt_per_method_and_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.UniqueConstraint(fields=("message_id",), name="one_attempt_per_message"),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("secret_sha256", ""), _negated=True),
                fields=("secret_sha256",),
                name="one_attempt_per_link",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("message_id__isnull", False), ("method", "email")),
                    models.Q(
                        models.Q(("method", "email"), _negated=True),
                        ("message_id__isnull", True),
                        ("secret_sha256", ""),
                        ("tries", 0),
                    ),
                    _connector="OR",
                ),
                name="an_email_has_its_message",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("method", "email"),
                    models.Q(("state__in", ["prepared", "sending", "unknown"]), _negated=True),
                    _connector="OR",
                ),
                name="only_email_waits_to_be_sent",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["sent", "refused"]), _negated=True),
                    ("sent_at__isnull", False),
                    _connector="OR",
                ),
                name="what_was_sent_has_its_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", False),
                        ("state__in", ["delivered", "acknowledged", "bounced", "refused", "failed"]),
                    ),
                    models.Q(("ended_at__isnull", True), ("state__in", ["prepared", "sending", "unknown", "sent"])),
                    _connector="OR",
                ),
                name="an_attempt_that_ended_has_its_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("due_at__isnull", False), ("state__in", ["prepared", "sending"])),
                    models.Q(models.Q(("state__in", ["prepared", "sending"]), _negated=True), ("due_at__isnull", True)),
                    _connector="OR",
                ),
                name="what_waits_is_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("link_used_at__isnull", True), models.Q(("secret_sha256", ""), _negated=True), _connector="OR"
                ),
                name="a_used_link_was_there",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispatchpart",
            constraint=models.UniqueConstraint(
                fields=("dispatch", "ordinal"), name="parts_of_a_dispatch_are_numbered_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="dispatchpart",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "waiting"), ("sealed_addresses", ""), _connector="OR"),
                name="addresses_of_a_part_go_with_it",
            ),
        ),
        migrations.AddConstraint(
            model_name="proof",
            constraint=models.UniqueConstraint(fields=("item",), name="a_proof_is_an_item_of_its_own"),
        ),
        migrations.AddIndex(
            model_name="return",
            index=models.Index(fields=["-received_at", "-id"], name="return_newest_first"),
        ),
        migrations.AddConstraint(
            model_name="return",
            constraint=models.UniqueConstraint(fields=("sha256",), name="a_message_comes_back_once"),
        ),
        migrations.AddConstraint(
            model_name="return",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("filed_at__isnull", True), ("filed_by__isnull", True)),
                    models.Q(("filed_at__isnull", False), ("filed_by__isnull", False)),
                    _connector="OR",
                ),
                name="a_return_is_filed_by_somebody",
            ),
        ),
    ]
