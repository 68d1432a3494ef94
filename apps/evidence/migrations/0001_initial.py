import apps.core.ids
import apps.evidence.models.registry.base
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
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="WatermarkKey",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("registered_by", models.CharField(help_text="actor", max_length=100)),
                ("registered_at", models.DateTimeField()),
                ("key_id", models.CharField(max_length=64)),
                ("notes", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["key_id"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("key_id",),
                        name="one_key_per_name",
                        violation_error_message="A key of this name is registered already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("key_id__regex", "^[A-Za-z0-9][A-Za-z0-9._-]*$")),
                        name="a_key_is_called_by_a_plain_name",
                        violation_error_message="Name a key with letters, digits, dots, hyphens and underscores.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FixityRun",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(choices=[("sample", "Nightly sample"), ("full", "Every file")], max_length=10),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("stopped", "Stopped")],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("store", models.CharField(help_text="where the files lay", max_length=200)),
                ("started_at", models.DateTimeField()),
                ("started_by", models.CharField(help_text="actor", max_length=100)),
                ("finished_at", models.DateTimeField(null=True)),
                ("step", models.PositiveIntegerField(default=0, help_text="how often it went on")),
                ("total", models.PositiveIntegerField(help_text="files to measure")),
                ("measured", models.PositiveIntegerField(default=0)),
                ("byte_count", models.PositiveBigIntegerField(default=0)),
                ("damaged", models.JSONField(default=list, help_text="hashes of files that are not what they were")),
                ("missing", models.JSONField(default=list, help_text="hashes of files that are not there")),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-started_at"], name="fixity_newest_first")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("store",),
                        name="one_fixity_run_at_a_time",
                        violation_error_message="The files are being measured already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "done"), ("finished_at__isnull", True), _connector="XOR"),
                        name="a_done_run_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("measured__lte", models.F("total"))),
                        name="no_more_is_measured_than_there_is",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ref", models.CharField(max_length=20)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("query_log", "Query log"),
                            ("test_run", "Fingerprint test run"),
                            ("signature_check", "Check of a signature"),
                            ("behavioural_similarity", "Behavioural similarity"),
                            ("expert_assessment", "Expert assessment"),
                            ("capture", "Capture of a public page"),
                            ("correspondence", "Correspondence"),
                            ("other", "Other"),
                        ],
                        max_length=30,
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                ("origin", models.CharField(help_text="where it comes from and how it was obtained", max_length=300)),
                ("filename", models.CharField(help_text="as given; never used as a path", max_length=255)),
                ("media_type", models.CharField(help_text="as sniffed from its bytes", max_length=100)),
                ("byte_size", models.PositiveBigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("sha512", models.CharField(max_length=128)),
                (
                    "tlp",
                    models.CharField(
                        choices=[
                            ("clear", "TLP:CLEAR"),
                            ("green", "TLP:GREEN"),
                            ("amber", "TLP:AMBER"),
                            ("amber+strict", "TLP:AMBER+STRICT"),
                            ("red", "TLP:RED"),
                        ],
                        default="amber",
                        max_length=12,
                    ),
                ),
                ("collected_at", models.DateTimeField()),
                ("collected_by", models.CharField(help_text="actor", max_length=100)),
                (
                    "suspicions",
                    models.JSONField(default=list, help_text="sentences: what spoke against the file when it came in"),
                ),
                (
                    "derived",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("redacted", "Redacted"),
                            ("normalised", "Normalised"),
                            ("rendered", "Rendered"),
                            ("excerpt", "Excerpt"),
                        ],
                        help_text="what was done to its parent",
                        max_length=12,
                    ),
                ),
                (
                    "derivation",
                    models.JSONField(help_text="tool, version and parameters that made it from its parent", null=True),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("quarantined", "In quarantine"),
                            ("kept", "In custody"),
                            ("sealed", "Sealed"),
                            ("released", "Released"),
                            ("disposed", "Disposed of"),
                        ],
                        default="quarantined",
                        max_length=12,
                    ),
                ),
                ("custodian", models.CharField(help_text="actor who answers for it", max_length=100)),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="derivatives",
                        to="evidence.item",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["-collected_at", "-id"], name="item_newest_first"),
                    models.Index(fields=["sha256"], name="item_by_hash"),
                    models.Index(fields=["custodian"], name="item_of_custodian"),
                    models.Index(
                        condition=models.Q(("state", "quarantined")), fields=["-id"], name="item_in_quarantine"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("ref",), name="one_item_per_reference"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("derivation__isnull", True), ("derived", ""), ("parent__isnull", True)),
                            models.Q(
                                ("derivation__isnull", False),
                                ("parent__isnull", False),
                                models.Q(("derived", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_derivative_says_how_it_was_made",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("custodian", ""), _negated=True), name="somebody_answers_for_an_item"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CustodyEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("collect", "Collected"),
                            ("verify", "Verified"),
                            ("view", "Viewed"),
                            ("export", "Copied"),
                            ("broken", "Copy broke off"),
                            ("derive", "Worked on"),
                            ("clear", "Cleared from quarantine"),
                            ("offer", "Handed over"),
                            ("accept", "Accepted"),
                            ("refuse", "Not accepted"),
                            ("take_over", "Taken over"),
                            ("seal", "Sealed"),
                            ("unseal", "Unsealed"),
                            ("release", "Released"),
                            ("dispose", "Disposed of"),
                            ("remove", "File removed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=100)),
                ("place", models.CharField(blank=True, help_text="where the file lay", max_length=200)),
                ("purpose", models.CharField(blank=True, max_length=300)),
                ("authority", models.CharField(blank=True, help_text="on whose authority", max_length=200)),
                ("recipient", models.CharField(blank=True, help_text="whom it went to", max_length=200)),
                (
                    "changes",
                    models.CharField(blank=True, help_text="what could not be left unchanged, and why", max_length=300),
                ),
                (
                    "measured_sha256",
                    models.CharField(
                        blank=True, help_text="as read from the vault then; empty when nothing was there", max_length=64
                    ),
                ),
                ("measured_sha512", models.CharField(blank=True, max_length=128)),
                ("intact", models.BooleanField(help_text="whether it equalled the item's hashes")),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="custody", to="evidence.item"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["item", "at", "id"], name="custody_of_item")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "export"), _negated=True),
                            models.Q(("purpose", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="an_export_has_a_purpose",
                        violation_error_message="Say what the copy is for.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind__in", ("clear", "take_over", "seal", "unseal", "release", "dispose")),
                                _negated=True,
                            ),
                            models.Q(("purpose", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_step_of_custody_says_why",
                        violation_error_message="Say why.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("transfer", "Hand over"),
                            ("unseal", "Unseal"),
                            ("release", "Release"),
                            ("dispose", "Dispose of"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("transfer", "Waits to be accepted"),
                            ("unseal", "Waits to be unsealed"),
                            ("release", "Waits to be released"),
                            ("dispose", "Waits to be disposed of"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                (
                    "authority",
                    models.CharField(
                        blank=True, help_text="on whose authority: an order, a policy, a person", max_length=200
                    ),
                ),
                (
                    "recipient",
                    models.CharField(blank=True, help_text="outside, whom it is released to", max_length=200),
                ),
                ("proposed_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("answer", models.CharField(blank=True, max_length=300)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="proposals", to="evidence.item"
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "to",
                    models.ForeignKey(
                        help_text="who is to have it",
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("answered_at", None)), fields=["-proposed_at"], name="proposal_waiting"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("transfer", "unseal", "release", "dispose"))),
                        fields=("item",),
                        name="one_open_proposal_per_item",
                        violation_error_message="Something is asked for this item already: answer that first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", models.F("kind")),
                            ("state__in", ("done", "refused", "withdrawn")),
                            _connector="OR",
                        ),
                        name="a_proposal_waits_for_what_it_is",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="a_proposal_says_why",
                        violation_error_message="Say why.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "transfer"), ("to__isnull", True), _connector="XOR"),
                        name="a_transfer_alone_names_a_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("to__isnull", True),
                            ("proposed_by__isnull", True),
                            models.Q(("to", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="nobody_hands_over_to_themselves",
                        violation_error_message="Choose another person: nobody hands over to themselves.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "release"), _negated=True),
                            models.Q(("recipient", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_release_names_its_recipient",
                        violation_error_message="Say whom it is released to.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("answered_at__isnull", True), ("answered_by__isnull", True)),
                                models.Q(("answered_at__isnull", False), ("answered_by__isnull", False)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("state__in", ("transfer", "unseal", "release", "dispose")),
                                ("answered_at__isnull", False),
                                _connector="XOR",
                            ),
                        ),
                        name="an_answer_has_its_person_and_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "withdrawn"),
                            ("answered_by__isnull", True),
                            ("proposed_by__isnull", True),
                            models.Q(("answered_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="two_people_decide_about_an_item",
                        violation_error_message="Another person has to do this.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(("answer", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_refusal_of_a_proposal_says_why",
                        violation_error_message="Say why not.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProtectedModel",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("registered_by", models.CharField(help_text="actor", max_length=100)),
                ("registered_at", models.DateTimeField()),
                ("name", models.CharField(max_length=100)),
                ("family", models.CharField(blank=True, help_text="line of models that it belongs to", max_length=100)),
                ("owner", models.CharField(help_text="who answers for it, in the house", max_length=200)),
                ("notes", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["name"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("name",),
                        name="one_protected_model_per_name",
                        violation_error_message="A model of this name is registered already: add a version to it.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("registered_by", models.CharField(help_text="actor", max_length=100)),
                ("registered_at", models.DateTimeField()),
                ("version", models.CharField(max_length=60)),
                ("released_on", models.DateField(help_text="none: not released, and no day is set", null=True)),
                ("retired_on", models.DateField(null=True)),
                (
                    "weights",
                    models.JSONField(default=list, help_text="files of the weights: objects of `file` and `digest`"),
                ),
                (
                    "tokenizer",
                    apps.evidence.models.registry.base.DigestField(
                        blank=True, help_text="digest of the tokenizer", max_length=140
                    ),
                ),
                (
                    "architecture",
                    apps.evidence.models.registry.base.DigestField(
                        blank=True, help_text="digest of the description of the architecture", max_length=140
                    ),
                ),
                (
                    "training_uri",
                    models.CharField(blank=True, help_text="where the training-data manifest lies", max_length=500),
                ),
                (
                    "training_digest",
                    apps.evidence.models.registry.base.DigestField(
                        blank=True, help_text="digest of the training-data manifest", max_length=140
                    ),
                ),
                ("notes", models.TextField(blank=True)),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="evidence.protectedmodel",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["released_on"], name="version_by_release")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("model", "version"),
                        name="one_version_of_a_model_per_name",
                        violation_error_message="The model has a version of this name already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("retired_on__isnull", True),
                            models.Q(("released_on__isnull", False), ("retired_on__gte", models.F("released_on"))),
                            _connector="OR",
                        ),
                        name="a_version_retires_after_its_release",
                        violation_error_message="The version is retired before it is released.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("tokenizer", ""),
                                (
                                    "tokenizer__regex",
                                    "^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}|blake2b:[0-9a-f]{128})$",
                                ),
                                _connector="OR",
                            ),
                            models.Q(
                                ("architecture", ""),
                                (
                                    "architecture__regex",
                                    "^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}|blake2b:[0-9a-f]{128})$",
                                ),
                                _connector="OR",
                            ),
                            models.Q(
                                ("training_digest", ""),
                                (
                                    "training_digest__regex",
                                    "^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}|blake2b:[0-9a-f]{128})$",
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="a_digest_names_its_algorithm",
                        violation_error_message="Write a digest as algorithm:hex, for example sha256:ab12….",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("training_digest", ""), models.Q(("training_uri", ""), _negated=True), _connector="OR"
                        ),
                        name="a_digest_of_a_manifest_says_where_it_lies",
                        violation_error_message="Say where the training-data manifest lies that the digest is of.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attestation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("registered_by", models.CharField(help_text="actor", max_length=100)),
                ("registered_at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("control", "Control in place: access, hardware, hosting"),
                            ("audit", "Audit by a third party"),
                            ("provenance", "Provenance of model or data"),
                            ("supply_chain", "Guarantee of a supplier or customer"),
                            ("other", "Other"),
                        ],
                        max_length=12,
                    ),
                ),
                ("issuer", models.CharField(help_text="who stands for it", max_length=200)),
                ("statement", models.TextField(help_text="what is stated, in a sentence or two")),
                ("issued_on", models.DateField()),
                ("expires_on", models.DateField(help_text="none: without end", null=True)),
                (
                    "item",
                    models.ForeignKey(
                        help_text="the document, in the vault",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attestations",
                        to="evidence.item",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attestations",
                        to="evidence.modelversion",
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attestations",
                        to="evidence.protectedmodel",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["expires_on"], name="attestation_by_expiry")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expires_on__isnull", True), ("expires_on__gt", models.F("issued_on")), _connector="OR"
                        ),
                        name="an_attestation_expires_after_its_issue",
                        violation_error_message="The attestation expires before it is issued.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("statement", ""), _negated=True),
                        name="an_attestation_states_something",
                        violation_error_message="Say what is attested.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QueryLog",
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
                            ("proposed", "Columns to confirm"),
                            ("reading", "Being read"),
                            ("assembling", "Being sorted"),
                            ("profiling", "Being counted"),
                            ("ready", "Profiled"),
                            ("failed", "Failed"),
                            ("given_up", "Given up"),
                        ],
                        default="proposed",
                        max_length=12,
                    ),
                ),
                (
                    "shape",
                    models.JSONField(
                        help_text="format, packing, separator and names of columns, as told by the file's content"
                    ),
                ),
                ("columns", models.JSONField(help_text="role -> column: proposed, then as confirmed")),
                (
                    "time_form",
                    models.CharField(blank=True, help_text="how it says times: iso, native or a unit", max_length=8),
                ),
                (
                    "zone",
                    models.CharField(blank=True, help_text="of times that name none, as a person said", max_length=60),
                ),
                (
                    "asked",
                    models.JSONField(default=dict, help_text="what a person added: prices, releases, rule of bursts"),
                ),
                ("opened_at", models.DateTimeField()),
                ("opened_by", models.CharField(help_text="actor", max_length=100)),
                ("mapped_at", models.DateTimeField(null=True)),
                ("mapped_by", models.CharField(help_text="actor who confirmed the columns", max_length=100, null=True)),
                ("step", models.PositiveIntegerField(default=0, help_text="how often work on it went on")),
                ("parts", models.PositiveIntegerField(default=0, help_text="parts that were read")),
                (
                    "next_at",
                    models.PositiveBigIntegerField(default=0, help_text="where reading goes on: byte, or row group"),
                ),
                ("rows_read", models.PositiveBigIntegerField(default=0)),
                ("rows_kept", models.PositiveBigIntegerField(default=0)),
                ("rows_rejected", models.PositiveBigIntegerField(default=0)),
                ("reasons", models.JSONField(default=dict, help_text="reason -> rejected rows")),
                ("problem", models.TextField(blank=True, help_text="why it failed or was given up")),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "benchmark",
                    models.ForeignKey(
                        help_text="list of known prompts",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="compared_with",
                        to="evidence.item",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="query_logs", to="evidence.item"
                    ),
                ),
                (
                    "normalised",
                    models.ForeignKey(
                        help_text="as Parquet",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="evidence.item",
                    ),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        help_text="the figures",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="evidence.item",
                    ),
                ),
                (
                    "rejects",
                    models.ForeignKey(
                        help_text="rejected rows",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="evidence.item",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-opened_at", "-id"], name="query_log_newest_first")],
                "constraints": [
                    models.UniqueConstraint(fields=("ref",), name="one_query_log_per_reference"),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("proposed", "reading", "assembling", "profiling"))),
                        fields=("item",),
                        name="one_reading_of_a_log_at_a_time",
                        violation_error_message="This log is being read already. Wait for it, or give that reading up.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "rows_read",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("rows_kept"), "+", models.F("rows_rejected")
                                ),
                            )
                        ),
                        name="rows_in_are_rows_out_and_rejected",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("mapped_at__isnull", True), ("mapped_by__isnull", True)),
                                models.Q(("mapped_at__isnull", False), ("mapped_by__isnull", False)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("mapped_at__isnull", False), ("state__in", ("proposed", "given_up")), _connector="OR"
                            ),
                        ),
                        name="a_person_confirms_columns_before_they_are_read",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("failed", "given_up")), ("problem", ""), _connector="XOR"),
                        name="a_log_that_was_not_read_says_why",
                        violation_error_message="Say why.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("normalised__isnull", False),
                            models.Q(("state__in", ("profiling", "ready")), _negated=True),
                            _connector="OR",
                        ),
                        name="figures_are_of_a_normalised_log",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ("ready", "failed", "given_up")),
                            ("finished_at__isnull", True),
                            _connector="XOR",
                        ),
                        name="a_finished_log_has_its_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Figure",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=40)),
                ("sql", models.TextField(blank=True, help_text="exactly as it was run; `log` is the input")),
                ("input_sha256", models.CharField(help_text="of the normalised log", max_length=64)),
                ("engine", models.CharField(help_text="name and version", max_length=60)),
                ("settings", models.JSONField(help_text="of the engine and of the rule")),
                ("counting", models.TextField(help_text="what is counted how, in words")),
                ("value", models.JSONField(help_text="sentence, numbers and a table", null=True)),
                ("why_not", models.CharField(blank=True, help_text="why there is no value", max_length=300)),
                (
                    "differs",
                    models.JSONField(default=list, help_text="sentences: how it differs from the figure it repeats"),
                ),
                ("seconds", models.FloatField(help_text="that it took")),
                ("computed_at", models.DateTimeField()),
                (
                    "again_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="again",
                        to="evidence.figure",
                    ),
                ),
                (
                    "log",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="figures", to="evidence.querylog"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["log", "computed_at", "id"], name="figures_of_log")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("again_of__isnull", True)),
                        fields=("log", "name"),
                        name="one_first_value_of_a_figure",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("value__isnull", False), models.Q(("why_not", ""), _negated=True), _connector="XOR"
                        ),
                        name="a_figure_has_a_value_or_says_why_not",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SignatureCheck",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("registered_by", models.CharField(help_text="actor", max_length=100)),
                ("registered_at", models.DateTimeField()),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("key", "OpenSSF model signature, public key"),
                            ("certificate", "OpenSSF model signature, certificate chain"),
                            ("statement", "in-toto statement in a DSSE envelope"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "verdict",
                    models.CharField(choices=[("verified", "Verified"), ("failed", "Not verified")], max_length=10),
                ),
                (
                    "signer",
                    models.CharField(
                        blank=True, help_text="key or certificate that the signature is held to", max_length=300
                    ),
                ),
                (
                    "subject_digest",
                    apps.evidence.models.registry.base.DigestField(
                        blank=True, help_text="digest of what is signed, as the signature states it", max_length=140
                    ),
                ),
                ("problem", models.TextField(blank=True, help_text="why it is not verified")),
                ("tool", models.CharField(max_length=100)),
                ("tool_version", models.CharField(max_length=40)),
                (
                    "item",
                    models.OneToOneField(
                        help_text="the report, as a file",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signature_check",
                        to="evidence.item",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="checks", to="evidence.modelversion"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["version", "-registered_at"], name="check_of_version")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("verdict", "failed"), ("problem", ""), _connector="XOR"),
                        name="a_failed_check_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("subject_digest", ""),
                            (
                                "subject_digest__regex",
                                "^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}|blake2b:[0-9a-f]{128})$",
                            ),
                            _connector="OR",
                        ),
                        name="a_checked_digest_names_its_algorithm",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StoredFile",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("measured_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("intact", "Intact"), ("damaged", "Not what it was"), ("missing", "Not there")],
                        max_length=8,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.OrderBy(models.F("measured_at"), nulls_first=True), name="file_measured_longest_ago"
                    ),
                    models.Index(
                        condition=models.Q(("outcome__in", ("damaged", "missing"))),
                        fields=["sha256"],
                        name="file_not_intact",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("measured_at__isnull", True), models.Q(("outcome", ""), _negated=True), _connector="XOR"
                        ),
                        name="a_measurement_has_its_outcome",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SuspectModel",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("registered_by", models.CharField(help_text="actor", max_length=100)),
                ("registered_at", models.DateTimeField()),
                ("name", models.CharField(help_text="with its version, as its publisher calls it", max_length=200)),
                ("publisher", models.CharField(blank=True, help_text="empty where nobody knows", max_length=200)),
                ("endpoint", models.CharField(blank=True, help_text="where it was reached, as text", max_length=500)),
                (
                    "first_seen_at",
                    models.DateTimeField(help_text="when we first saw it, not when it came out", null=True),
                ),
                ("aliases", models.JSONField(default=list, help_text="other names that it goes by")),
                ("notes", models.TextField(blank=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-registered_at", "-id"], name="suspect_newest_first")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("name", "publisher"),
                        name="one_suspect_per_name_and_publisher",
                        violation_error_message="This model of this publisher is registered already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="a_suspect_has_a_name"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TestPlan",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ref", models.CharField(max_length=20)),
                ("test_id", models.CharField(max_length=60)),
                ("test_version", models.CharField(max_length=20)),
                ("question", models.TextField(help_text="what the test is to decide")),
                ("collection", models.TextField(help_text="which inputs are collected, how, and from where")),
                ("fixed_inputs", models.JSONField(default=dict, help_text="inputs that are settled now, by name")),
                ("planned_n", models.PositiveBigIntegerField(help_text="how many are scored")),
                (
                    "stopping",
                    models.CharField(
                        choices=[
                            ("fixed", "Once, when the planned number is reached"),
                            ("sequential", "At any time up to the planned number, each look counted"),
                        ],
                        default="fixed",
                        max_length=12,
                    ),
                ),
                ("alpha", models.FloatField(help_text="level of the test")),
                ("effect", models.FloatField(help_text="smallest effect that matters; the power is stated for it")),
                (
                    "controls",
                    models.JSONField(default=list, help_text="names of the models that are tested in the same way"),
                ),
                (
                    "is_blind",
                    models.BooleanField(default=False, help_text="who scores does not know which one is the suspect"),
                ),
                ("is_primary", models.BooleanField(default=False, help_text="it speaks for its dependency group")),
                ("dependency_group", models.CharField(help_text="runs of one group are not multiplied", max_length=60)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("registered", "Registered"), ("withdrawn", "Withdrawn")],
                        default="draft",
                        max_length=12,
                    ),
                ),
                (
                    "sha256",
                    models.CharField(blank=True, help_text="of the plan as canonical JSON (RFC 8785)", max_length=64),
                ),
                ("drafted_at", models.DateTimeField()),
                ("drafted_by", models.CharField(help_text="actor", max_length=100)),
                ("registered_at", models.DateTimeField(null=True)),
                ("registered_by", models.CharField(help_text="actor", max_length=100, null=True)),
                (
                    "protected",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plans",
                        to="evidence.modelversion",
                    ),
                ),
                (
                    "suspect",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plans",
                        to="evidence.suspectmodel",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plans",
                        to="evidence.watermarkkey",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-drafted_at", "-id"], name="plan_newest_first")],
                "constraints": [
                    models.UniqueConstraint(fields=("ref",), name="one_plan_per_reference"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("registered_at__isnull", True), ("registered_by__isnull", True)),
                            models.Q(("registered_at__isnull", False), ("registered_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_registration_says_when_and_by_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "registered"), _negated=True),
                            models.Q(("registered_at__isnull", False), models.Q(("sha256", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="a_registered_plan_has_its_hash",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("alpha__gt", 0), ("alpha__lt", 1)),
                        name="the_level_of_a_plan_is_a_probability",
                        violation_error_message="The level lies between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("planned_n__gt", 0)),
                        name="a_plan_scores_something",
                        violation_error_message="Say how many are scored: at least one.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BlindTrial",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ref", models.CharField(max_length=20)),
                ("test_id", models.CharField(max_length=60)),
                ("test_version", models.CharField(max_length=20)),
                ("labels", models.JSONField(help_text="under which the models are scored; one of them is the suspect")),
                ("order_sha256", models.CharField(help_text="SHA-256 of the sealed order", max_length=64)),
                (
                    "few_because",
                    models.CharField(blank=True, help_text="why fewer than nineteen controls", max_length=300),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("committed", "Order sealed"),
                            ("measured", "Measured"),
                            ("opened", "Opened"),
                            ("abandoned", "Abandoned"),
                        ],
                        default="committed",
                        max_length=12,
                    ),
                ),
                ("committed_at", models.DateTimeField()),
                ("committed_by", models.CharField(help_text="actor", max_length=100)),
                ("measured_at", models.DateTimeField(null=True)),
                ("measured_by", models.CharField(help_text="actor", max_length=100, null=True)),
                ("scores", models.JSONField(help_text="by label: n, statistic, alarm", null=True)),
                ("opened_at", models.DateTimeField(null=True)),
                ("opened_by", models.CharField(help_text="actor", max_length=100, null=True)),
                ("order", models.JSONField(help_text="label: name", null=True)),
                (
                    "secret",
                    models.CharField(
                        blank=True, help_text="random, so that the order cannot be guessed", max_length=64
                    ),
                ),
                (
                    "item",
                    models.OneToOneField(
                        help_text="what was measured, as a file",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trial",
                        to="evidence.item",
                    ),
                ),
                (
                    "protected",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trials",
                        to="evidence.modelversion",
                    ),
                ),
                (
                    "suspect",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="trials", to="evidence.suspectmodel"
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trials",
                        to="evidence.testplan",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trials",
                        to="evidence.watermarkkey",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["-committed_at", "-id"], name="trial_newest_first")],
                "constraints": [
                    models.UniqueConstraint(fields=("ref",), name="one_trial_per_reference"),
                    models.UniqueConstraint(
                        fields=("order_sha256",),
                        name="an_order_is_sealed_once",
                        violation_error_message="This order was sealed before: draw a new one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("order_sha256__regex", "^[0-9a-f]{64}$")),
                        name="a_commitment_is_a_hash",
                        violation_error_message="The seal is a SHA-256 in 64 hexadecimal digits.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("measured_by__isnull", True),
                            models.Q(("measured_by", models.F("committed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="who_sealed_an_order_does_not_score",
                        violation_error_message="Who sealed the order has seen it. Another person scores. (R3)",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("item__isnull", True),
                                ("measured_at__isnull", True),
                                ("measured_by__isnull", True),
                                ("scores__isnull", True),
                            ),
                            models.Q(
                                ("item__isnull", False),
                                ("measured_at__isnull", False),
                                ("measured_by__isnull", False),
                                ("scores__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_measured_trial_has_its_scores",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("opened_at__isnull", True), ("opened_by__isnull", True), ("order__isnull", True)),
                            models.Q(
                                ("opened_at__isnull", False), ("opened_by__isnull", False), ("order__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="an_opened_trial_has_its_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("opened_at__isnull", True), ("measured_at__lte", models.F("opened_at")), _connector="OR"
                        ),
                        name="an_order_is_opened_after_the_scores",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TestRun",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ref", models.CharField(max_length=20)),
                ("test_id", models.CharField(max_length=60)),
                ("test_version", models.CharField(help_text="with which it was computed here", max_length=20)),
                (
                    "account_count",
                    models.PositiveIntegerField(help_text="accounts that it tested one by one", null=True),
                ),
                ("inputs", models.JSONField(help_text="long lists by their length and digest; whole in the file")),
                ("inputs_sha256", models.CharField(max_length=64)),
                (
                    "declared",
                    models.JSONField(help_text="what its submitter stands for: version, n, controls, assumptions"),
                ),
                (
                    "result",
                    models.JSONField(
                        help_text="statistic, p, effect, interval, power, likelihood ratio, assumptions, sentence",
                        null=True,
                    ),
                ),
                ("submitted", models.JSONField(help_text="figures that came with the inputs", null=True)),
                (
                    "discrepancies",
                    models.JSONField(default=list, help_text="sentences: where a submitted figure differs from ours"),
                ),
                ("failure", models.TextField(blank=True, help_text="why nothing was computed")),
                (
                    "withheld",
                    models.JSONField(default=list, help_text="sentences: why neither p nor LR is reported (R1)"),
                ),
                (
                    "custody",
                    models.JSONField(help_text="who held the watermark key, as on record at the run (R14)", null=True),
                ),
                ("not_blind_because", models.CharField(blank=True, max_length=300)),
                ("p_value", models.FloatField(null=True)),
                ("log10_p", models.FloatField(help_text="of p-values below the smallest float, too", null=True)),
                (
                    "p_floor",
                    models.FloatField(help_text="the smallest p-value that its inputs could have given", null=True),
                ),
                ("log10_lr", models.FloatField(null=True)),
                ("lr_route", models.CharField(blank=True, help_text="by which the ratio was computed", max_length=20)),
                ("log10_lr_cap", models.FloatField(null=True)),
                ("log10_lr_reported", models.FloatField(help_text="what may be said", null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("supports", "Supports"),
                            ("neutral", "Supports neither"),
                            ("against", "Speaks against"),
                            ("uninformative", "Says nothing"),
                            ("withheld", "Withheld"),
                            ("failed", "Failed"),
                        ],
                        max_length=14,
                    ),
                ),
                ("dependency_group", models.CharField(help_text="runs of one group are not multiplied", max_length=60)),
                ("collected_from", models.DateTimeField(help_text="when collecting from the suspect began", null=True)),
                ("collected_until", models.DateTimeField(null=True)),
                ("is_exploratory", models.BooleanField(default=True)),
                (
                    "exploratory_because",
                    models.JSONField(default=list, help_text="sentences: why it confirms nothing (R2)"),
                ),
                (
                    "is_primary",
                    models.BooleanField(default=False, help_text="it speaks for its dependency group, as planned"),
                ),
                ("is_fit", models.BooleanField(help_text="whether it may be put on an exhibit")),
                (
                    "submission",
                    models.CharField(help_text="by which a program sends it again", max_length=300, null=True),
                ),
                ("submission_sha256", models.CharField(blank=True, help_text="of what it sent", max_length=64)),
                ("run_at", models.DateTimeField()),
                ("run_by", models.CharField(max_length=100)),
                (
                    "item",
                    models.OneToOneField(
                        help_text="the run, as a file",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="test_run",
                        to="evidence.item",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="evidence.testplan",
                    ),
                ),
                (
                    "protected",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="evidence.modelversion",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        help_text="item that the inputs are from",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scored_in",
                        to="evidence.item",
                    ),
                ),
                (
                    "suspect",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="evidence.suspectmodel",
                    ),
                ),
                (
                    "trial",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="run",
                        to="evidence.blindtrial",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="evidence.watermarkkey",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["-run_at", "-id"], name="run_newest_first"),
                    models.Index(fields=["suspect", "-run_at"], name="run_of_suspect"),
                    models.Index(fields=["test_id", "-run_at"], name="run_of_test"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("ref",), name="one_run_per_reference"),
                    models.UniqueConstraint(
                        fields=("run_by", "submission"),
                        name="a_submission_is_taken_once",
                        violation_error_message="This submission was taken already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("p_value__isnull", True),
                            models.Q(("p_value__gte", 0), ("p_value__lte", 1)),
                            _connector="OR",
                        ),
                        name="p_is_a_probability",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("suspect__isnull", False), ("account_count__isnull", False), _connector="OR"
                        ),
                        name="a_run_is_about_a_model_or_accounts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("failure", ""),
                                ("result__isnull", False),
                                models.Q(("outcome", "failed"), _negated=True),
                            ),
                            models.Q(
                                models.Q(("failure", ""), _negated=True),
                                ("outcome", "failed"),
                                ("result__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="a_failed_run_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("failure", ""), ("withheld", [])),
                            models.Q(
                                ("is_fit", False),
                                ("log10_lr__isnull", True),
                                ("log10_lr_reported__isnull", True),
                                ("p_value__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="nothing_is_reported_without_its_declarations",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_exploratory", True), models.Q(("exploratory_because", []), _negated=True)),
                            models.Q(("exploratory_because", []), ("is_exploratory", False), ("plan__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_exploratory_run_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_primary", False), ("is_exploratory", False), _connector="OR"),
                        name="what_is_primary_was_planned",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("account_count__isnull", False),
                            ("trial__isnull", False),
                            models.Q(("not_blind_because", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_run_is_blind_or_says_why_not",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("collected_from__isnull", True),
                            ("collected_until__isnull", True),
                            ("collected_until__gte", models.F("collected_from")),
                            _connector="OR",
                        ),
                        name="collecting_ends_after_it_began",
                        violation_error_message="Collecting ended before it began.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountResult",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("n", models.PositiveBigIntegerField(help_text="how many were scored")),
                ("k", models.PositiveBigIntegerField(help_text="of them hits, where the test counts", null=True)),
                ("score", models.FloatField(help_text="where it measures", null=True)),
                ("p_value", models.FloatField(null=True)),
                ("p_holm", models.FloatField(help_text="adjusted over everything tested (Holm)", null=True)),
                ("p_bh", models.FloatField(help_text="adjusted (Benjamini-Hochberg)", null=True)),
                ("p_by", models.FloatField(help_text="adjusted (Benjamini-Yekutieli)", null=True)),
                ("log10_lr", models.FloatField(help_text="computed", null=True)),
                ("log10_lr_cap", models.FloatField(help_text="what the validation carries", null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("supports", "Supports"),
                            ("neutral", "Supports neither"),
                            ("against", "Speaks against"),
                            ("uninformative", "Says nothing"),
                            ("withheld", "Withheld"),
                            ("failed", "Failed"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="accounts.account",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="evidence.testrun",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["account", "run"], name="result_of_account"),
                    models.Index(fields=["run", "id"], name="result_smallest_first"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "account"), name="one_result_per_run_and_account"),
                    models.CheckConstraint(
                        condition=models.Q(("k__isnull", True), ("k__lte", models.F("n")), _connector="OR"),
                        name="no_more_hits_than_scored",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("p_bh__isnull", True),
                                ("p_by__isnull", True),
                                ("p_holm__isnull", True),
                                ("p_value__isnull", True),
                            ),
                            models.Q(
                                ("p_bh__lte", models.F("p_by")),
                                ("p_by__lte", 1),
                                ("p_holm__gte", models.F("p_bh")),
                                ("p_holm__lte", 1),
                                ("p_value__gte", 0),
                                ("p_value__lte", models.F("p_bh")),
                            ),
                            _connector="OR",
                        ),
                        name="adjusting_makes_no_p_smaller",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="KeyIncident",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("registered_by", models.CharField(help_text="actor", max_length=100)),
                ("registered_at", models.DateTimeField()),
                ("happened_at", models.DateTimeField()),
                (
                    "effect",
                    models.CharField(
                        choices=[
                            ("none", "The key did not leave"),
                            ("unknown", "Not known whether it left"),
                            ("exposed", "The key left custody"),
                        ],
                        max_length=10,
                    ),
                ),
                ("account", models.TextField(help_text="what happened, and what was done")),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="evidence.watermarkkey",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["key", "happened_at"], name="incident_of_key")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("account", ""), _negated=True),
                        name="an_incident_is_told",
                        violation_error_message="Say what happened and what was done.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="KeyHolding",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("registered_by", models.CharField(help_text="actor", max_length=100)),
                ("registered_at", models.DateTimeField()),
                ("holder", models.CharField(help_text="person or service that could use it", max_length=200)),
                (
                    "storage",
                    models.CharField(help_text="where it lay: a security module, a secret store", max_length=200),
                ),
                ("held_from", models.DateTimeField()),
                ("held_until", models.DateTimeField(help_text="none: still", null=True)),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="holdings", to="evidence.watermarkkey"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["key", "held_from"], name="holding_of_key")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("held_until__isnull", True), ("held_until__gt", models.F("held_from")), _connector="OR"
                        ),
                        name="a_holding_ends_after_it_began",
                        violation_error_message="The key is handed over before it was received.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="KeyDeployment",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("registered_by", models.CharField(help_text="actor", max_length=100)),
                ("registered_at", models.DateTimeField()),
                ("deployed_from", models.DateTimeField()),
                ("deployed_until", models.DateTimeField(help_text="none: still", null=True)),
                ("ended_by", models.CharField(blank=True, help_text="actor who entered the end", max_length=100)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deployments",
                        to="evidence.modelversion",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deployments",
                        to="evidence.watermarkkey",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["version", "deployed_from"], name="deployment_of_version")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("deployed_until__isnull", True),
                            ("deployed_until__gt", models.F("deployed_from")),
                            _connector="OR",
                        ),
                        name="a_deployment_ends_after_it_began",
                        violation_error_message="The deployment ends before it begins.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True), models.Q(("ended_by", ""), _negated=True), _connector="XOR"
                        ),
                        name="an_ended_deployment_says_by_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True), ("deployed_until__isnull", False), _connector="OR"
                        ),
                        name="an_ended_deployment_has_its_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WatermarkScheme",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("registered_by", models.CharField(help_text="actor", max_length=100)),
                ("registered_at", models.DateTimeField()),
                ("name", models.CharField(max_length=60)),
                ("version", models.CharField(max_length=40)),
                (
                    "method",
                    models.CharField(help_text="what it does, by the name that its paper gives it", max_length=200),
                ),
                ("parameters", models.JSONField(default=dict, help_text="all that a detector needs but the key")),
                ("detector", models.CharField(help_text="program that finds it", max_length=200)),
                ("detector_version", models.CharField(max_length=40)),
                ("reference", models.CharField(blank=True, help_text="publication", max_length=300)),
            ],
            options={
                "ordering": ["name", "version"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("name", "version"),
                        name="one_scheme_per_name_and_version",
                        violation_error_message="This version of the scheme is registered already.",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="watermarkkey",
            name="scheme",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="keys", to="evidence.watermarkscheme"
            ),
        ),
        migrations.CreateModel(
            name="Canary",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("registered_by", models.CharField(help_text="actor", max_length=100)),
                ("registered_at", models.DateTimeField()),
                ("ref", models.CharField(max_length=20)),
                ("text_sha256", models.CharField(help_text="of its words in UTF-8", max_length=64)),
                ("text", models.TextField(blank=True, help_text="the words; empty where they are kept elsewhere")),
                (
                    "candidates",
                    models.PositiveBigIntegerField(help_text="as many texts it was drawn from, at random", null=True),
                ),
                (
                    "placed",
                    models.CharField(help_text="where in the answers it was served, and how often", max_length=300),
                ),
                ("planted_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(help_text="from then on it was served no more", null=True)),
                ("retired_by", models.CharField(help_text="actor", max_length=100, null=True)),
                ("retired_why", models.CharField(blank=True, max_length=300)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="canaries", to="accounts.account"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "canaries",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["account", "planted_at"], name="canary_of_account")],
                "constraints": [
                    models.UniqueConstraint(fields=("ref",), name="one_canary_per_reference"),
                    models.UniqueConstraint(
                        fields=("text_sha256",),
                        name="a_canary_is_planted_once",
                        violation_error_message="These words were planted already: a canary is for one account alone.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("text_sha256__regex", "^[0-9a-f]{64}$")),
                        name="a_canary_has_its_digest",
                        violation_error_message="The digest is a SHA-256 in 64 hexadecimal digits.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("candidates__isnull", True), ("candidates__gt", 1), _connector="OR"),
                        name="a_canary_is_drawn_from_several",
                        violation_error_message="A canary is drawn from at least two texts.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("retired_at__isnull", True), ("retired_by__isnull", True)),
                                models.Q(("retired_at__isnull", False), ("retired_by__isnull", False)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("retired_at__isnull", True),
                                models.Q(("retired_why", ""), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="a_retired_canary_says_who_and_why",
                        violation_error_message="Say why the canary is retired.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("retired_at__isnull", True), ("retired_at__gte", models.F("planted_at")), _connector="OR"
                        ),
                        name="a_canary_is_retired_after_it_was_planted",
                        violation_error_message="The canary is retired before it was planted.",
                    ),
                ],
            },
        ),
    ]
    operations = together(operations)
