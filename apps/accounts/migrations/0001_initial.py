import apps.core.ids
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models
from apps.core.migrating import together


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("audit", "0001_functions"),
        ("policies", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ref", models.CharField(max_length=128)),
                ("product", models.CharField(blank=True, max_length=128)),
                ("plan", models.CharField(blank=True, max_length=64)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("organisation", models.CharField(blank=True, max_length=200)),
                (
                    "contract",
                    models.CharField(blank=True, help_text="e.g. reseller, research, enterprise", max_length=64),
                ),
                ("payer_verified", models.BooleanField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("limited", "Limited"),
                            ("suspended", "Suspended"),
                            ("terminated", "Terminated"),
                            ("unknown", "Unknown"),
                        ],
                        default="unknown",
                        max_length=10,
                    ),
                ),
                ("opened_at", models.DateTimeField(null=True)),
                ("recorded_at", models.DateTimeField(auto_now_add=True, help_text="when casemgr first heard of it")),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-recorded_at", "-id"], name="account_newest_first")],
                "constraints": [
                    models.UniqueConstraint(fields=("ref",), name="one_account_per_reference"),
                    models.CheckConstraint(
                        condition=models.Q(("ref", ""), _negated=True), name="an_account_has_a_reference"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Authorisation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("party", models.CharField(help_text="who is allowed to", max_length=200)),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("contract", "Contract"),
                            ("research", "Research programme"),
                            ("security", "Security test"),
                            ("permission", "Written permission"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "conduct",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("extraction", "Extraction"),
                                ("competing_model", "Competing model"),
                                ("automated_access", "Automated access"),
                                ("multiple_accounts", "Multiple accounts"),
                                ("resale", "Resale"),
                                ("circumvention", "Circumvention"),
                                ("region", "Region"),
                            ],
                            max_length=20,
                        ),
                        size=None,
                    ),
                ),
                ("scope", models.TextField(help_text="what exactly is allowed, and within which limits")),
                (
                    "organisation",
                    models.CharField(blank=True, help_text="covers the accounts of this organisation", max_length=200),
                ),
                (
                    "contract",
                    models.CharField(blank=True, help_text="covers the accounts under this contract", max_length=64),
                ),
                ("starts_on", models.DateField()),
                (
                    "ends_on",
                    models.DateField(blank=True, help_text="the last day; empty: until it is revoked", null=True),
                ),
                (
                    "document_ref",
                    models.CharField(help_text="the item of evidence that shows it, e.g. EV-2026-0001", max_length=64),
                ),
                ("document_sha256", models.CharField(blank=True, help_text="of that document", max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("recorded", "Waits for another person"),
                            ("active", "Active"),
                            ("refused", "Refused"),
                            ("revoked", "Revoked"),
                        ],
                        default="recorded",
                        max_length=10,
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("review_note", models.TextField(blank=True)),
                ("revoked_from", models.DateField(help_text="the first day on which it no longer holds", null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revocation_reason", models.TextField(blank=True)),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "revoked_by",
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
                "indexes": [models.Index(fields=["-recorded_at", "-id"], name="authorisation_newest_first")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("conduct__len__gt", 0),
                            (
                                "conduct__contained_by",
                                [
                                    "extraction",
                                    "competing_model",
                                    "automated_access",
                                    "multiple_accounts",
                                    "resale",
                                    "circumvention",
                                    "region",
                                ],
                            ),
                        ),
                        name="an_authorisation_allows_known_conduct",
                        violation_error_message="Choose at least one kind of conduct that is allowed.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True), ("ends_on__gte", models.F("starts_on")), _connector="OR"
                        ),
                        name="an_authorisation_ends_after_it_starts",
                        violation_error_message="The last day is before the first: correct one of them.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("recorded_by__isnull", True),
                            ("reviewed_by__isnull", True),
                            models.Q(("recorded_by", models.F("reviewed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="an_authorisation_is_confirmed_by_another_person",
                        violation_error_message="Another person confirms an authorisation than the one who recorded it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                            models.Q(("reviewed_at__isnull", False), ("reviewed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_authorisation_review_has_its_person_and_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "recorded"), ("reviewed_by__isnull", False), _connector="OR"),
                        name="an_authorisation_holds_once_reviewed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("revoked_at__isnull", True),
                                ("revoked_by__isnull", True),
                                ("revoked_from__isnull", True),
                            ),
                            models.Q(
                                ("revoked_at__isnull", False),
                                ("revoked_by__isnull", False),
                                ("revoked_from__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_revocation_has_its_day_person_and_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("revoked_from__isnull", False), ("state", "revoked")),
                            models.Q(models.Q(("state", "revoked"), _negated=True), ("revoked_from__isnull", True)),
                            _connector="OR",
                        ),
                        name="a_revoked_authorisation_has_its_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("party", ""), _negated=True),
                            models.Q(("scope", ""), _negated=True),
                            models.Q(("document_ref", ""), _negated=True),
                        ),
                        name="an_authorisation_says_who_what_and_by_what",
                        violation_error_message="Say who is allowed, what exactly, and which document shows it.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuthorisedAccount",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="authorised", to="accounts.account"
                    ),
                ),
                (
                    "authorisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="named", to="accounts.authorisation"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("authorisation", "account"), name="an_authorisation_names_an_account_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CommonValue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("email", "E-mail address"),
                            ("email_domain", "E-mail domain"),
                            ("email_pattern", "Pattern of e-mail addresses"),
                            ("phone", "Telephone number"),
                            ("payment", "Payment instrument"),
                            ("device", "Device"),
                            ("api_key", "API key"),
                            ("ip_prefix", "Address block"),
                            ("asn", "Autonomous system"),
                            ("user_agent", "User agent"),
                            ("template", "Prompt template"),
                            ("tool_schema", "Tool schema"),
                            ("other", "Other"),
                        ],
                        max_length=14,
                    ),
                ),
                ("prefix", models.CharField(help_text="the beginning of its keyed hash", max_length=16)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("kind", "prefix"), name="a_value_is_common_once")],
            },
        ),
        migrations.CreateModel(
            name="Identifier",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("email", "E-mail address"),
                            ("email_domain", "E-mail domain"),
                            ("email_pattern", "Pattern of e-mail addresses"),
                            ("phone", "Telephone number"),
                            ("payment", "Payment instrument"),
                            ("device", "Device"),
                            ("api_key", "API key"),
                            ("ip_prefix", "Address block"),
                            ("asn", "Autonomous system"),
                            ("user_agent", "User agent"),
                            ("template", "Prompt template"),
                            ("tool_schema", "Tool schema"),
                            ("other", "Other"),
                        ],
                        max_length=16,
                    ),
                ),
                ("value_hmac", models.CharField(max_length=64)),
                ("key_id", models.CharField(help_text="which pepper the hash was made with", max_length=16)),
                ("masked", models.CharField(max_length=120)),
                ("first_seen", models.DateTimeField(null=True)),
                ("last_seen", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identifiers",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["kind", "value_hmac"], name="identifier_by_value")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "kind", "value_hmac"), name="an_account_has_an_identifier_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Import",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("accounts", "Accounts"),
                            ("identifiers", "Identifiers"),
                            ("activity", "Daily activity"),
                            ("acceptances", "Acceptances of terms"),
                        ],
                        max_length=12,
                    ),
                ),
                ("filename", models.CharField(max_length=255)),
                ("sha256", models.CharField(help_text="of the file as it came", max_length=64)),
                ("size", models.PositiveBigIntegerField(default=0, help_text="bytes of the file as it came")),
                ("rows", models.PositiveIntegerField(default=0)),
                ("created", models.PositiveIntegerField(default=0)),
                ("updated", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("rejected", models.PositiveIntegerField(default=0)),
                (
                    "derived",
                    models.PositiveIntegerField(
                        default=0, help_text="identifiers that no row names: domains and patterns of e-mail addresses"
                    ),
                ),
                ("imported_at", models.DateTimeField(auto_now_add=True)),
                ("imported_by", models.CharField(max_length=100)),
                ("finished_at", models.DateTimeField(null=True)),
                ("failure", models.TextField(blank=True, help_text="why the file could not be read to its end")),
                ("part", models.PositiveIntegerField(default=0, help_text="how many parts of it are written")),
                (
                    "position",
                    models.PositiveBigIntegerField(
                        default=0, help_text="where the next part begins; see importing.Position"
                    ),
                ),
                (
                    "line",
                    models.PositiveBigIntegerField(
                        default=0, help_text="the last line, or row, of the parts that are written"
                    ),
                ),
                ("idempotency_key", models.CharField(max_length=255, null=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["-imported_at", "-id"], name="import_newest_first"),
                    models.Index(
                        condition=models.Q(("finished_at__isnull", True)), fields=["imported_by"], name="import_at_work"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "rows",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("created"), "+", models.F("updated")
                                        ),
                                        "+",
                                        models.F("unchanged"),
                                    ),
                                    "+",
                                    models.F("rejected"),
                                ),
                            )
                        ),
                        name="every_row_is_counted",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("failure", ""), ("finished_at__isnull", False), _connector="OR"),
                        name="a_failed_import_is_over",
                    ),
                    models.UniqueConstraint(
                        fields=("imported_by", "idempotency_key"),
                        name="an_import_has_its_idempotency_key_once",
                        violation_error_message="An import with this idempotency key is there already.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportRejection",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("line", models.PositiveIntegerField()),
                ("reason", models.TextField()),
                ("raw", models.TextField()),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rejections", to="accounts.import"
                    ),
                ),
            ],
            options={
                "ordering": ["source", "line"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="LinkageRun",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "scope",
                    models.CharField(
                        choices=[("full", "All accounts"), ("new", "New accounts and what they touch")],
                        default="full",
                        max_length=4,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("stopped", "Stopped")],
                        default="running",
                        max_length=8,
                    ),
                ),
                (
                    "settings",
                    models.JSONField(default=dict, help_text="method, its version, and every threshold it used"),
                ),
                (
                    "stage",
                    models.CharField(blank=True, help_text="what it does at the moment, in words", max_length=80),
                ),
                (
                    "input_sha256",
                    models.CharField(blank=True, help_text="of what it looked at, in a fixed order", max_length=64),
                ),
                (
                    "newest",
                    models.UUIDField(
                        help_text="the youngest identifier that it looked at: what is younger is news", null=True
                    ),
                ),
                (
                    "held",
                    models.CharField(
                        blank=True, help_text="the file with what it found, until that is written", max_length=64
                    ),
                ),
                ("accounts", models.PositiveIntegerField(default=0)),
                ("identifiers", models.PositiveIntegerField(default=0)),
                (
                    "changes",
                    models.JSONField(
                        blank=True, default=dict, help_text="counts of what is different from the run before"
                    ),
                ),
                ("asked_by", models.CharField(help_text="actor", max_length=100)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("stopped_why", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "verbose_name": "linkage run",
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("number",), name="one_linkage_run_per_number"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("state",),
                        name="one_linkage_run_at_a_time",
                        violation_error_message="A run is under way: wait for it, or stop it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("state", "running")),
                            models.Q(models.Q(("state", "running"), _negated=True), ("ended_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_linkage_run_that_is_over_has_its_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "stopped"), _negated=True),
                            models.Q(("stopped_why", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_stopped_linkage_run_says_why",
                        violation_error_message="Say why it is stopped.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Ring",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ref", models.CharField(max_length=20)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("found", "Found"),
                            ("suspected", "Suspected"),
                            ("innocent", "Explained"),
                            ("dissolved", "Dissolved"),
                        ],
                        default="found",
                        max_length=10,
                    ),
                ),
                ("size", models.PositiveIntegerField()),
                ("measures", models.JSONField(default=dict, help_text="of the ring as a whole; see linkage.measures")),
                ("judged_at", models.DateTimeField(null=True)),
                ("judged_why", models.CharField(blank=True, max_length=500)),
                (
                    "first_run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="found", to="accounts.linkagerun"
                    ),
                ),
                (
                    "judged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "last_run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="seen", to="accounts.linkagerun"
                    ),
                ),
                (
                    "went_into",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="took_in",
                        to="accounts.ring",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["state", "-size", "-id"], name="ring_by_state")],
                "constraints": [
                    models.UniqueConstraint(fields=("ref",), name="one_ring_per_reference"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("judged_at__isnull", True), ("judged_by__isnull", True)),
                            models.Q(("judged_at__isnull", False), ("judged_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_judgement_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["suspected", "innocent"]), _negated=True),
                            models.Q(("judged_by__isnull", False), models.Q(("judged_why", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="a_judged_ring_says_by_whom_and_why",
                        violation_error_message="Say why.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("went_into__isnull", True), ("state", "dissolved"), _connector="OR"),
                        name="only_a_dissolved_ring_went_into_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("family", models.CharField(help_text="kinds of evidence that stand or fall together", max_length=20)),
                ("kind", models.CharField(max_length=14)),
                ("value_hmac", models.CharField(blank=True, max_length=64)),
                ("members", models.PositiveIntegerField(help_text="accounts of the ring that hold the value")),
                (
                    "background_rate",
                    models.FloatField(help_text="share of the accounts outside suspected rings that hold it, 0 to 1"),
                ),
                (
                    "weight",
                    models.FloatField(
                        help_text="bits, log2 of how much more often it is shared in the ring than by chance"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="accounts.account",
                    ),
                ),
                (
                    "since_run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.linkagerun",
                    ),
                ),
                (
                    "until_run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.linkagerun",
                    ),
                ),
                (
                    "ring",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="accounts.ring",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("until_run__isnull", True)),
                        fields=["ring", "kind", "value_hmac"],
                        name="edge_of_ring",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until_run__isnull", True)),
                        fields=("account", "ring", "kind", "value_hmac"),
                        name="an_edge_is_there_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RingMember",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("strong", "Shares a strong identifier"),
                            ("merged", "Its part was joined by rare evidence of several families"),
                            ("attached", "Attached by several rare values"),
                            ("synchrony", "Attached by the rhythm of its requests"),
                            ("confirmed", "Joined by a person"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "probability",
                    models.FloatField(help_text="that it belongs here, 0 to 1, as calibrated on simulated campaigns"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="in_rings",
                        to="accounts.account",
                    ),
                ),
                (
                    "ring",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="accounts.ring",
                    ),
                ),
                (
                    "since_run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="joined",
                        to="accounts.linkagerun",
                    ),
                ),
                (
                    "until_run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="left",
                        to="accounts.linkagerun",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("until_run__isnull", True)), fields=["ring", "id"], name="member_of_ring"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until_run__isnull", True)),
                        fields=("account",),
                        name="an_account_is_in_one_ring",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("probability__gte", 0), ("probability__lte", 1)),
                        name="a_probability_is_from_0_to_1",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Tie",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("email", "E-mail address"),
                            ("email_domain", "E-mail domain"),
                            ("email_pattern", "Pattern of e-mail addresses"),
                            ("phone", "Telephone number"),
                            ("payment", "Payment instrument"),
                            ("device", "Device"),
                            ("api_key", "API key"),
                            ("ip_prefix", "Address block"),
                            ("asn", "Autonomous system"),
                            ("user_agent", "User agent"),
                            ("template", "Prompt template"),
                            ("tool_schema", "Tool schema"),
                            ("other", "Other"),
                            ("synchrony", "Rhythm of requests"),
                        ],
                        max_length=14,
                    ),
                ),
                ("value_hmac", models.CharField(blank=True, max_length=64)),
                ("masked", models.CharField(help_text="the value as people may see it", max_length=120)),
                ("verdict", models.CharField(choices=[("cut", "Cut"), ("confirmed", "Confirmed")], max_length=9)),
                ("why", models.CharField(max_length=500)),
                ("judged_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ties",
                        to="accounts.account",
                    ),
                ),
                (
                    "judged_by",
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
                        fields=("account", "kind", "value_hmac"),
                        name="an_edge_is_judged_once",
                        nulls_distinct=False,
                        violation_error_message="Somebody has judged this edge: undo that first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("why", ""), _negated=True),
                        name="a_tie_says_why",
                        violation_error_message="Say why.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("undone_at__isnull", True), ("undone_by__isnull", True)),
                            models.Q(("undone_at__isnull", False), ("undone_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_undoing_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("account__isnull", False), models.Q(("value_hmac", ""), _negated=True), _connector="OR"
                        ),
                        name="a_tie_names_what_it_is_about",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Acceptance",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("accepted_at", models.DateTimeField()),
                (
                    "method",
                    models.CharField(blank=True, help_text="how, e.g. checkbox, signed_contract", max_length=40),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="acceptances", to="policies.document"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acceptances",
                        to="policies.version",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acceptances",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "document", "accepted_at"), name="an_acceptance_is_recorded_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Activity",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("day", models.DateField()),
                ("model", models.CharField(max_length=100)),
                ("queries", models.PositiveBigIntegerField(help_text="requests answered")),
                ("input_tokens", models.PositiveBigIntegerField(default=0)),
                ("output_tokens", models.PositiveBigIntegerField(default=0)),
                (
                    "active_hours",
                    models.PositiveSmallIntegerField(help_text="hours of the day with a request, 0 to 24", null=True),
                ),
                (
                    "by_hour",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(),
                        help_text="requests in each hour of the day, UTC: 24 numbers",
                        null=True,
                        size=None,
                    ),
                ),
                ("distinct_templates", models.PositiveIntegerField(null=True)),
                ("topic_entropy_bits", models.FloatField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="activity",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "activities",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["day"], name="activity_by_day")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "day", "model"), name="one_activity_per_account_day_model"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("active_hours__isnull", True), ("active_hours__lte", 24), _connector="OR"),
                        name="a_day_has_24_hours",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("by_hour__isnull", True), ("by_hour__len", 24), _connector="OR"),
                        name="a_day_is_counted_by_its_24_hours",
                    ),
                ],
            },
        ),
    ]
    operations = together(operations)
