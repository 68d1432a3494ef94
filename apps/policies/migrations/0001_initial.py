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
            name="Document",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("collection", models.CharField(max_length=64)),
                ("service", models.CharField(help_text="the product the terms are for", max_length=128)),
                ("name", models.CharField(max_length=128)),
                ("slug", models.SlugField(max_length=200)),
            ],
            options={
                "ordering": ["service", "name", "collection"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("collection", "service", "name"), name="one_document_per_collection_service_name"
                    ),
                    models.UniqueConstraint(fields=("slug",), name="one_document_per_slug"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RejectedRecord",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("no_terms", "Not the terms: a redirect, an empty page or an error"),
                            ("damaged", "Not what the index says"),
                        ],
                        max_length=10,
                    ),
                ),
                ("collection", models.CharField(blank=True, max_length=64)),
                ("service", models.CharField(blank=True, max_length=128)),
                ("document_name", models.CharField(blank=True, max_length=128)),
                ("recorded_at", models.CharField(blank=True, help_text="as the index has it", max_length=64)),
                ("source_file", models.CharField(blank=True, max_length=300)),
                ("line", models.PositiveIntegerField(help_text="of the index, when it was first rejected")),
                ("reason", models.TextField()),
                (
                    "content",
                    models.TextField(blank=True, help_text="the text as recorded, its beginning if it is long"),
                ),
                ("digest", models.CharField(help_text="of what the index says and the reason", max_length=64)),
                ("rejected_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-rejected_at", "-id"], name="rejected_record_newest_first")],
                "constraints": [
                    models.UniqueConstraint(fields=("digest",), name="a_record_is_rejected_once_for_a_reason"),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="a_rejection_has_a_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Text",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("sha256", models.CharField(help_text="of the bytes as recorded", max_length=64)),
                (
                    "normalised_sha256",
                    models.CharField(help_text="of the text without link targets and white space", max_length=64),
                ),
                ("content", models.TextField()),
                ("byte_size", models.PositiveIntegerField()),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["normalised_sha256"], name="text_by_normalised_hash")],
                "constraints": [models.UniqueConstraint(fields=("sha256",), name="a_text_is_held_once")],
            },
        ),
        migrations.CreateModel(
            name="Clause",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("address", models.CharField(max_length=300)),
                ("number", models.CharField(blank=True, max_length=40)),
                ("heading", models.CharField(blank=True, max_length=500)),
                ("path", models.JSONField(blank=True, default=list, help_text="headings above it, outermost first")),
                (
                    "lead_in",
                    models.TextField(
                        blank=True,
                        help_text="what introduces the list it is an item of: a paragraph a line, outermost first, “[…]” where words are left out. No part of the clause and its hash; without it an item forbids nothing",
                    ),
                ),
                ("content", models.TextField()),
                ("ordinal", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "said_sha256",
                    models.CharField(help_text="of what it says with its lead-in and headings", max_length=64),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="clauses", to="policies.text"
                    ),
                ),
            ],
            options={
                "ordering": ["text", "ordinal"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["said_sha256"], name="clause_by_what_it_says")],
                "constraints": [
                    models.UniqueConstraint(fields=("text", "address"), name="one_clause_per_address"),
                    models.UniqueConstraint(fields=("text", "ordinal"), name="clauses_are_in_one_order"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("seen_at", models.DateTimeField(help_text="when it was first seen, not when it took effect")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("first_record", "First record"),
                            ("change", "Change"),
                            ("technical_upgrade", "Technical upgrade: the recording changed, not the provider"),
                        ],
                        max_length=20,
                    ),
                ),
                ("commit", models.CharField(blank=True, max_length=64)),
                ("source_file", models.CharField(max_length=300)),
                (
                    "effective_from",
                    models.DateField(blank=True, help_text="as its text says, or as a person corrected it", null=True),
                ),
                ("effective_words", models.TextField(blank=True, help_text="the words of the text that say so")),
                (
                    "effective_reason",
                    models.TextField(blank=True, help_text="why a person set another date than these words"),
                ),
                ("effective_decided_at", models.DateTimeField(null=True)),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="policies.document"
                    ),
                ),
                (
                    "effective_decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="policies.text"
                    ),
                ),
            ],
            options={
                "ordering": ["document", "-seen_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("document", "seen_at"), name="one_version_per_document_and_moment"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("effective_decided_at__isnull", True), ("effective_decided_by__isnull", True)),
                            models.Q(("effective_decided_at__isnull", False), ("effective_decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_decided_date_has_its_person_and_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effective_reason", ""), ("effective_decided_by__isnull", False), _connector="OR"
                        ),
                        name="a_date_is_corrected_by_a_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Sighting",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("seen_at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("first_record", "First record"),
                            ("change", "Change"),
                            ("technical_upgrade", "Technical upgrade: the recording changed, not the provider"),
                        ],
                        max_length=20,
                    ),
                ),
                ("commit", models.CharField(blank=True, max_length=64)),
                ("source_file", models.CharField(max_length=300)),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sightings", to="policies.document"
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sightings", to="policies.text"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sightings", to="policies.version"
                    ),
                ),
            ],
            options={
                "ordering": ["document", "-seen_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("document", "seen_at"), name="a_document_is_seen_once_at_a_moment")
                ],
            },
        ),
        migrations.CreateModel(
            name="Succession",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("confirmed", "The same clause"), ("rejected", "Different clauses")], max_length=10
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("decided_at", models.DateTimeField()),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="successions", to="policies.document"
                    ),
                ),
                (
                    "earlier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="policies.clause"
                    ),
                ),
                (
                    "later",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="policies.clause"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("document", "earlier", "later"), name="a_pair_of_clauses_is_decided_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("earlier", models.F("later")), _negated=True),
                        name="a_clause_does_not_succeed_itself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Tagging",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("said_sha256", models.CharField(max_length=64)),
                (
                    "conduct",
                    models.CharField(
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
                ),
                (
                    "polarity",
                    models.CharField(
                        choices=[("prohibits", "Prohibits"), ("permits", "Permits"), ("defines", "Defines")],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("proposed", "Proposed"), ("confirmed", "Confirmed"), ("rejected", "Rejected")],
                        default="proposed",
                        max_length=10,
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("words", "Found by its words"),
                            ("carried", "Carried over from the wording before"),
                            ("person", "Added by a person"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "cues",
                    models.JSONField(
                        blank=True, default=list, help_text="the matching words: part, start, end, what they show"
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "carried_from",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="policies.tagging"
                    ),
                ),
                (
                    "clause",
                    models.ForeignKey(
                        help_text="one that says so",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="policies.clause",
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
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="taggings", to="policies.document"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["said_sha256"], name="tagging_by_what_it_says")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("document", "said_sha256", "conduct", "polarity"),
                        name="a_wording_is_tagged_once",
                        violation_error_message="This wording has this tag already: confirm or reject that one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("decided_by__isnull", True)),
                            models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_decided_tag_has_its_person_and_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_by__isnull", True), ("state", "proposed")),
                            models.Q(models.Q(("state", "proposed"), _negated=True), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_tag_is_decided_by_a_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "rejected"), _negated=True),
                            models.Q(("note", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_tag_is_rejected_for_a_reason",
                    ),
                ],
            },
        ),
    ]
    operations = together(operations)
