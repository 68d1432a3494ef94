import apps.core.ids
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


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
                            ("phone", "Telephone number"),
                            ("payment", "Payment instrument"),
                            ("device", "Device"),
                            ("api_key", "API key"),
                            ("ip_prefix", "Address block"),
                            ("asn", "Autonomous system"),
                            ("user_agent", "User agent"),
                            ("template", "Prompt template"),
                            ("other", "Other"),
                        ],
                        max_length=12,
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
                ("sha256", models.CharField(max_length=64)),
                ("rows", models.PositiveIntegerField()),
                ("created", models.PositiveIntegerField()),
                ("updated", models.PositiveIntegerField()),
                ("unchanged", models.PositiveIntegerField()),
                ("rejected", models.PositiveIntegerField()),
                ("imported_at", models.DateTimeField(auto_now_add=True)),
                ("imported_by", models.CharField(max_length=100)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-imported_at", "-id"], name="import_newest_first")],
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
                    )
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
                ("distinct_templates", models.PositiveIntegerField(null=True)),
                ("topic_entropy_bits", models.FloatField(null=True)),
                (
                    "account",
                    models.ForeignKey(
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
                ],
            },
        ),
    ]
