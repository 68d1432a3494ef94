import apps.core.ids
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models
from apps.core.migrating import together


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("alerts", "0001_initial"),
        ("audit", "0001_functions"),
        ("evidence", "0001_initial"),
        ("policies", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Case",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ref", models.CharField(max_length=20)),
                ("title", models.CharField(max_length=200)),
                ("summary", models.TextField(blank=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("extraction", "Model extraction"),
                            ("intrusion", "Intrusion or insider"),
                            ("licence", "Licence breach"),
                            ("region", "Region policy"),
                        ],
                        default="extraction",
                        max_length=12,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("triage", "Triage"),
                            ("investigation", "Investigation"),
                            ("finding", "Finding"),
                            ("decision", "Decision"),
                            ("notice", "Notice"),
                            ("closed", "Closed"),
                        ],
                        default="triage",
                        max_length=15,
                    ),
                ),
                (
                    "severity",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "Info"), (1, "Low"), (2, "Medium"), (3, "High"), (4, "Critical")], default=2
                    ),
                ),
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
                ("drill", models.CharField(blank=True, max_length=100)),
                ("opened_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(help_text="target of the present state")),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "closure",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("acted", "Acted on"),
                            ("unsubstantiated", "Not substantiated"),
                            ("benign", "Ordinary use"),
                            ("merged", "Continued in another case"),
                        ],
                        max_length=20,
                    ),
                ),
                ("closure_note", models.TextField(blank=True)),
                (
                    "assignee",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assigned_cases",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["state", "-opened_at", "-id"], name="case_by_state"),
                    models.Index(fields=["-opened_at", "-id"], name="case_newest_first"),
                    models.Index(fields=["assignee", "state"], name="case_of_assignee"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("ref",), name="one_case_per_reference"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("closed_at__isnull", False),
                                ("state", "closed"),
                                models.Q(("closure", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "closed"), _negated=True),
                                ("closed_at__isnull", True),
                                ("closure", ""),
                            ),
                            _connector="OR",
                        ),
                        name="a_closed_case_says_when_and_why",
                        violation_error_message="Say how the case ends.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CampaignFigures",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="campaign_figures",
                        serialize=False,
                        to="cases.case",
                    ),
                ),
                (
                    "basis",
                    models.CharField(help_text="of what it was computed: members, linkage run, import", max_length=64),
                ),
                ("figures", models.JSONField()),
                ("computed_at", models.DateTimeField()),
                ("seconds", models.FloatField()),
            ],
        ),
        migrations.CreateModel(
            name="AllowedWording",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("words", models.CharField(help_text="as they are written, in small letters", max_length=100)),
                ("reason", models.TextField(help_text="what carries them")),
                ("allowed_at", models.DateTimeField()),
                (
                    "allowed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="allowed_wordings", to="cases.case"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("case", "words"),
                        name="words_are_allowed_once",
                        violation_error_message="These words are allowed in this case already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="words_are_allowed_for_a_reason",
                        violation_error_message="Say what carries the words. (R8)",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseAccount",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "added_how",
                    models.CharField(help_text="the group or query that brought it in, in words", max_length=300),
                ),
                ("added_at", models.DateTimeField()),
                ("excluded_at", models.DateTimeField(null=True)),
                ("excluded_why", models.CharField(blank=True, max_length=300)),
                ("taken_back_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="in_cases", to="accounts.account"
                    ),
                ),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="members", to="cases.case"
                    ),
                ),
                (
                    "excluded_by",
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
                "indexes": [
                    models.Index(fields=["case", "id"], name="member_of_case"),
                    models.Index(
                        condition=models.Q(("excluded_at__isnull", True)),
                        fields=["case"],
                        name="present_member_of_case",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taken_back_at__isnull", True), ("excluded_at__isnull", False), _connector="OR"
                        ),
                        name="what_was_taken_back_is_out",
                    ),
                    models.UniqueConstraint(fields=("case", "account"), name="an_account_is_in_a_case_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("excluded_at__isnull", True), ("excluded_by__isnull", True), ("excluded_why", "")
                            ),
                            models.Q(
                                ("excluded_at__isnull", False),
                                ("excluded_by__isnull", False),
                                models.Q(("excluded_why", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="an_exclusion_says_who_and_why",
                        violation_error_message="Say why the accounts are taken out.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseGroup",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("added_at", models.DateTimeField()),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="groups", to="cases.case"
                    ),
                ),
                (
                    "group",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="in_case", to="alerts.alertgroup"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="CaseNote",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("body", models.TextField()),
                (
                    "is_privileged",
                    models.BooleanField(default=False, help_text="legal advice: for legal roles only, never exported"),
                ),
                ("written_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="cases.case"
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveSmallIntegerField(help_text="C1, C2, …")),
                (
                    "topic",
                    models.CharField(
                        help_text="what it is about, in the same words for claims on one matter", max_length=120
                    ),
                ),
                ("speaker", models.CharField(max_length=200)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("provider", "Provider of the model"),
                            ("accused", "Organisation that is accused"),
                            ("government", "Government or authority"),
                            ("press", "Press"),
                            ("researcher", "Researcher"),
                            ("customer", "Customer or account holder"),
                            ("other", "Somebody else"),
                        ],
                        max_length=12,
                    ),
                ),
                ("source", models.CharField(help_text="where it was published: title, page, address", max_length=500)),
                ("said_on", models.DateField(help_text="none: the source gives no date", null=True)),
                ("text", models.TextField(help_text="word for word")),
                ("text_sha256", models.CharField(help_text="of the text in UTF-8", max_length=64)),
                ("why_no_capture", models.CharField(blank=True, max_length=300)),
                (
                    "origin",
                    models.CharField(
                        help_text="where the story comes from in the end; one for a wire report, however often printed",
                        max_length=200,
                    ),
                ),
                (
                    "source_grade",
                    models.CharField(default="F", help_text="A to F, see the scale admiralty-source", max_length=1),
                ),
                (
                    "information",
                    models.PositiveSmallIntegerField(
                        default=6, help_text="1 to 6, see the scale admiralty-information"
                    ),
                ),
                ("grading", models.TextField(blank=True, help_text="what the grades rest on")),
                ("graded_at", models.DateTimeField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_why", models.CharField(blank=True, max_length=300)),
                (
                    "capture",
                    models.ForeignKey(
                        help_text="the page, as captured",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="evidence.item",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="claims", to="cases.case"
                    ),
                ),
                (
                    "graded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["case", "number"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("case", "number"), name="claims_are_numbered_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("capture__isnull", False), ("why_no_capture", "")),
                            models.Q(("capture__isnull", True), models.Q(("why_no_capture", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="a_claim_has_its_capture_or_says_why_not",
                        violation_error_message="Name the capture of the page, or say why there is none.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("text_sha256__regex", "^[0-9a-f]{64}$")),
                        name="a_claim_has_the_digest_of_its_text",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", django.db.models.functions.text.Lower("origin")),
                            models.Q(("origin", ""), _negated=True),
                        ),
                        name="an_origin_is_written_one_way",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("graded_at__isnull", True), ("graded_by__isnull", True)),
                                models.Q(("graded_at__isnull", False), ("graded_by__isnull", False)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("graded_at__isnull", False),
                                models.Q(("information", 6), ("source_grade", "F")),
                                _connector="OR",
                            ),
                        ),
                        name="a_grade_says_by_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("information__gte", 1), ("information__lte", 6)),
                        name="information_is_graded_1_to_6",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source_grade__in", ["A", "B", "C", "D", "E", "F"])),
                        name="a_source_is_graded_a_to_f",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(("withdrawn_at__isnull", True), ("withdrawn_by__isnull", True)),
                                models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("withdrawn_at__isnull", True),
                                models.Q(("withdrawn_why", ""), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="a_withdrawn_claim_says_why",
                        violation_error_message="Say why the claim is withdrawn.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ClaimLink",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("repeats", "says the same as"), ("contradicts", "contradicts")], max_length=12
                    ),
                ),
                ("on", models.CharField(help_text="in what they agree, or where they part", max_length=300)),
                ("linked_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="claim_links", to="cases.case"
                    ),
                ),
                (
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links", to="cases.claim"
                    ),
                ),
                (
                    "linked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="linked_from", to="cases.claim"
                    ),
                ),
                (
                    "withdrawn_by",
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
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("claim", "other"),
                        name="two_claims_are_linked_once",
                        violation_error_message="These two claims are linked already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("claim__isnull", True),
                            ("other__isnull", True),
                            models.Q(("claim", models.F("other")), _negated=True),
                            _connector="OR",
                        ),
                        name="a_claim_is_linked_to_another",
                        violation_error_message="Choose another claim: none is linked to itself.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdrawn_at__isnull", True), ("withdrawn_by__isnull", True)),
                            models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_withdrawn_link_says_by_whom",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Exhibit",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveSmallIntegerField(help_text="E1, E2, …")),
                ("shows", models.CharField(help_text="one sentence", max_length=300)),
                (
                    "element",
                    models.CharField(
                        choices=[
                            ("access", "Access: these accounts used the service"),
                            ("coordination", "Coordination: they acted together"),
                            ("harvesting", "Harvesting: output was collected at scale"),
                            ("circumvention", "Circumvention: a control was got round"),
                            ("training", "Training: output was used to train a model"),
                            ("benefit", "Benefit: somebody gained by it"),
                        ],
                        max_length=15,
                    ),
                ),
                (
                    "family",
                    models.CharField(
                        choices=[
                            ("watermark", "watermarks"),
                            ("canary", "canaries"),
                            ("provenance", "model provenance"),
                            ("behaviour", "behaviour of a model"),
                            ("membership", "membership in training data"),
                            ("logits", "logits"),
                            ("prompts", "prompts"),
                            ("timing", "timing"),
                            ("traffic", "traffic"),
                            ("identity", "claimed identity"),
                            ("expert", "expert opinion"),
                            ("publication", "publications"),
                            ("statement", "statements"),
                            ("other", "other"),
                        ],
                        help_text="what kind of evidence it is",
                        max_length=20,
                    ),
                ),
                (
                    "dependency_group",
                    models.CharField(help_text="exhibits from one source are not counted twice", max_length=60),
                ),
                (
                    "log10_lr",
                    models.FloatField(help_text="as reported, after its cap; none where it cannot be said", null=True),
                ),
                ("log10_lr_cap", models.FloatField(null=True)),
                ("added_at", models.DateTimeField()),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="exhibits", to="cases.case"
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="exhibits", to="evidence.item"
                    ),
                ),
            ],
            options={
                "ordering": ["case", "number"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("case", "number"), name="exhibits_are_numbered_once"),
                    models.UniqueConstraint(
                        fields=("case", "item"),
                        name="an_item_is_an_exhibit_once",
                        violation_error_message="This item is an exhibit of the case already.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Explanation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "hypothesis",
                    models.CharField(
                        choices=[
                            ("independent", "Independent development or shared public data"),
                            ("reposted", "Our output was reposted publicly by others"),
                            ("reseller", "Reseller or proxy with many real customers"),
                            ("heavy_user", "Benign heavy user: CI, batch, labelling"),
                            ("benchmark", "Benchmarking or evaluation"),
                            ("integration", "Product integration"),
                            ("authorised", "Authorised distillation or research"),
                            ("victim", "Stolen card, key or identity"),
                            ("shared_infrastructure", "Shared infrastructure: campus, employer, event"),
                            ("misattribution", "Misattribution or false flag"),
                            ("fault", "Detector or logging fault"),
                        ],
                        max_length=25,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("untested", "Not tested"),
                            ("refuted", "Tested: does not fit"),
                            ("not_excluded", "Tested: not excluded"),
                            ("supported", "Tested: fits"),
                            ("open", "Not tested: not excluded"),
                        ],
                        default="untested",
                        max_length=15,
                    ),
                ),
                ("conclusion", models.TextField(blank=True, help_text="what was looked at and what it showed")),
                ("assessed_at", models.DateTimeField(null=True)),
                ("raised_at", models.DateTimeField()),
                (
                    "assessed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="explanations", to="cases.case"
                    ),
                ),
                (
                    "raised_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("case", "hypothesis"), name="an_explanation_is_raised_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", "untested"),
                            models.Q(("assessed_by__isnull", False), models.Q(("conclusion", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="an_assessment_says_who_and_what",
                        violation_error_message="Say what was looked at and what it showed.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("assessed_at__isnull", True), ("assessed_by__isnull", True)),
                            models.Q(("assessed_at__isnull", False), ("assessed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_assessment_has_its_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Assessment",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "rating",
                    models.CharField(
                        choices=[("C", "Consistent"), ("I", "Inconsistent"), ("N/A", "Not applicable")], max_length=3
                    ),
                ),
                ("rated_at", models.DateTimeField()),
                (
                    "rated_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assessments", to="cases.case"
                    ),
                ),
                (
                    "exhibit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assessments", to="cases.exhibit"
                    ),
                ),
                (
                    "explanation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assessments",
                        to="cases.explanation",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("explanation", "exhibit"),
                        name="one_rating_per_explanation_and_exhibit",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("review_note", models.TextField(blank=True)),
                ("proposed_at", models.DateTimeField()),
                ("ref", models.CharField(max_length=20)),
                ("conduct", models.TextField(help_text="what was done, in a sentence fit for a letter")),
                ("conduct_from", models.DateField()),
                ("conduct_to", models.DateField()),
                (
                    "confidence",
                    models.CharField(
                        choices=[
                            ("roughly_even", "roughly even chance (45-55 %)"),
                            ("likely", "likely (55-80 %)"),
                            ("very_likely", "very likely (80-95 %)"),
                            ("almost_certain", "almost certain (95-99 %)"),
                        ],
                        max_length=15,
                    ),
                ),
                ("limits", models.TextField(help_text="what the evidence does not show")),
                ("account_count", models.PositiveIntegerField()),
                (
                    "despite_authorisation",
                    models.TextField(
                        blank=True, help_text="why authorisations of its accounts do not cover the conduct"
                    ),
                ),
                (
                    "standards",
                    models.JSONField(default=dict, help_text="versions of the register and of the theories it goes by"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("confirmed", "Confirmed"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="proposed",
                        max_length=10,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="cases.case"
                    ),
                ),
                (
                    "proposed_by",
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
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("ref",), name="one_finding_per_reference"),
                    models.CheckConstraint(
                        condition=models.Q(("conduct_from__lte", models.F("conduct_to"))),
                        name="conduct_ends_after_it_begins",
                        violation_error_message="The conduct ends before it begins.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("proposed_by__isnull", True),
                            ("reviewed_by__isnull", True),
                            models.Q(("proposed_by", models.F("reviewed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="a_finding_is_reviewed_by_another_person",
                        violation_error_message="Another person reviews a finding than the one who proposed it. (R4)",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                            models.Q(("reviewed_at__isnull", False), ("reviewed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_review_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["confirmed", "rejected"]), _negated=True),
                            ("reviewed_by__isnull", False),
                            _connector="OR",
                        ),
                        name="a_reviewed_finding_has_its_reviewer",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("review_note", models.TextField(blank=True)),
                ("proposed_at", models.DateTimeField()),
                ("ref", models.CharField(max_length=20)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("warn", "Warn"),
                            ("challenge", "Challenge requests"),
                            ("limit", "Limit"),
                            ("degrade", "Degrade output"),
                            ("verify_identity", "Ask for identity verification"),
                            ("suspend", "Suspend"),
                            ("terminate", "Terminate"),
                            ("region_block", "Block a region"),
                            ("cease_and_desist", "Demand to cease and desist"),
                            ("preserve", "Demand preservation"),
                            ("refer", "Refer to an authority"),
                            ("no_violation", "No violation"),
                            ("invalid_report", "Invalid report"),
                        ],
                        max_length=20,
                    ),
                ),
                ("scope", models.CharField(help_text="what exactly, where", max_length=300)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(help_text="its last day; none: until further notice", null=True)),
                ("reasoning", models.TextField(help_text="fit for the letter")),
                ("account_count", models.PositiveIntegerField(help_text="as counted when it was proposed")),
                (
                    "expected_wrongful",
                    models.FloatField(help_text="accounts wrongly acted on that the error rates let expect"),
                ),
                ("expected_wrongful_basis", models.TextField(help_text="how that was computed")),
                (
                    "acknowledged_wrongful",
                    models.FloatField(help_text="the number as whoever proposed it wrote it down", null=True),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("held", "Held"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("overridden", "Overridden"),
                        ],
                        default="proposed",
                        max_length=10,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="cases.case"
                    ),
                ),
                (
                    "proposed_by",
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
                    "finding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="cases.finding"
                    ),
                ),
                (
                    "held_for",
                    models.CharField(blank=True, help_text="why a third person has to release it", max_length=200),
                ),
                (
                    "overrides",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="overridden_by",
                        to="cases.decision",
                    ),
                ),
                (
                    "private_notes",
                    models.TextField(blank=True, help_text="for colleagues; in no letter, report or bundle"),
                ),
                ("release_note", models.TextField(blank=True)),
                ("released_at", models.DateTimeField(help_text="or refused, as the state says", null=True)),
                (
                    "released_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requests_per_day",
                    models.PositiveIntegerField(help_text="of an account, where it is a limit", null=True),
                ),
                ("rollback", models.CharField(blank=True, help_text="how it is undone", max_length=300)),
                (
                    "territory",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            max_length=2, validators=[django.core.validators.RegexValidator("\\A[A-Z]{2}\\Z")]
                        ),
                        blank=True,
                        default=list,
                        help_text="countries (ISO 3166-1, two letters); none: worldwide",
                        size=None,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("ref",), name="one_decision_per_reference"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True), ("ends_on__gt", models.F("starts_on")), _connector="OR"
                        ),
                        name="a_measure_ends_after_it_starts",
                        violation_error_message="The measure ends before it starts.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("proposed_by__isnull", True),
                            ("reviewed_by__isnull", True),
                            models.Q(("proposed_by", models.F("reviewed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="a_decision_is_approved_by_another_person",
                        violation_error_message="Another person approves a decision than the one who proposed it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                            models.Q(("reviewed_at__isnull", False), ("reviewed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_approval_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "proposed"), ("reviewed_by__isnull", False), _connector="OR"),
                        name="an_approved_decision_has_its_approver",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expected_wrongful__gte", 0)), name="wrongful_actions_are_counted"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("account_count__lte", 1),
                            ("acknowledged_wrongful__isnull", False),
                            ("action__in", ("no_violation", "invalid_report")),
                            _connector="OR",
                        ),
                        name="wrongful_actions_are_acknowledged",
                        violation_error_message="Whoever proposes to act on many accounts writes down how many are expected to be hit wrongly. (R16)",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("action", "limit"), ("requests_per_day__isnull", True), _connector="XOR"),
                        name="a_limit_alone_has_a_number",
                        violation_error_message="A limit, and nothing else, says how many requests a day are answered.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("action", "region_block"), _negated=True),
                            models.Q(("territory", []), _negated=True),
                            _connector="OR",
                        ),
                        name="a_region_block_names_its_region",
                        violation_error_message="Name the countries that are blocked.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["proposed", "rejected"]),
                            models.Q(("action__in", ("degrade", "terminate", "region_block")), _negated=True),
                            models.Q(("held_for", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_weighty_decision_is_held",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["approved", "overridden"]), _negated=True),
                            ("held_for", ""),
                            ("released_by__isnull", False),
                            _connector="OR",
                        ),
                        name="a_held_decision_has_its_releaser",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("proposed_by__isnull", True),
                                ("released_by__isnull", True),
                                models.Q(("proposed_by", models.F("released_by")), _negated=True),
                                _connector="OR",
                            ),
                            models.Q(
                                ("reviewed_by__isnull", True),
                                ("released_by__isnull", True),
                                models.Q(("reviewed_by", models.F("released_by")), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="a_decision_is_released_by_a_third_person",
                        violation_error_message="A third person releases what two others agreed on.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("released_at__isnull", True), ("released_by__isnull", True)),
                            models.Q(("released_at__isnull", False), ("released_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_release_has_its_time",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "rejected"), _negated=True),
                        fields=("overrides",),
                        name="a_decision_is_overridden_once",
                        violation_error_message="Another decision overrides it already: override that one.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FindingAccount",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "queries",
                    models.PositiveBigIntegerField(
                        help_text="in the period, as recorded; none if not known", null=True
                    ),
                ),
                ("first_day", models.DateField(null=True)),
                ("last_day", models.DateField(null=True)),
                (
                    "evidence",
                    models.JSONField(
                        help_text="what speaks about this account itself: its activity, alerts, test runs"
                    ),
                ),
                (
                    "clauses",
                    models.JSONField(help_text="which version of which cited clause bound it, from when to when"),
                ),
                (
                    "basis_sha256",
                    models.CharField(help_text="of evidence and clauses as they are stored", max_length=64),
                ),
                (
                    "stands_alone",
                    models.BooleanField(
                        help_text="something beyond its place in a cluster or network speaks against it"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="accounts.account"
                    ),
                ),
                (
                    "finding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="accounts", to="cases.finding"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("finding", "account"), name="an_account_is_found_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("evidence", {}), _negated=True), models.Q(("clauses", []), _negated=True)
                        ),
                        name="an_account_has_its_own_evidence_and_clause",
                        violation_error_message="Each account has its own evidence and its own clause. (R6)",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FindingClause",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("quote", models.TextField()),
                ("quote_sha256", models.CharField(max_length=64)),
                (
                    "clause",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="policies.clause"
                    ),
                ),
                (
                    "finding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="clauses", to="cases.finding"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="policies.version"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("finding", "version", "clause"), name="a_clause_is_cited_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="FindingElement",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("theory", models.CharField(max_length=40)),
                ("element", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=100)),
                (
                    "standard",
                    models.CharField(
                        choices=[
                            ("balance", "balance of probabilities"),
                            ("clear", "clear and convincing evidence"),
                            ("doubt", "beyond reasonable doubt"),
                        ],
                        max_length=20,
                    ),
                ),
                ("is_necessary", models.BooleanField()),
                (
                    "confidence",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("roughly_even", "roughly even chance (45-55 %)"),
                            ("likely", "likely (55-80 %)"),
                            ("very_likely", "very likely (80-95 %)"),
                            ("almost_certain", "almost certain (95-99 %)"),
                        ],
                        help_text="empty: nothing shows it",
                        max_length=15,
                    ),
                ),
                ("exhibits", models.JSONField(default=list, help_text="numbers of the exhibits that show it")),
                ("ordinal", models.PositiveSmallIntegerField()),
                (
                    "finding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="elements", to="cases.finding"
                    ),
                ),
            ],
            options={
                "ordering": ["finding", "ordinal"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("finding", "theory", "element"), name="an_element_is_weighed_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confidence", ""), ("exhibits", [])),
                            models.Q(
                                models.Q(("confidence", ""), _negated=True), models.Q(("exhibits", []), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="an_element_is_shown_by_exhibits",
                        violation_error_message="What is shown is shown by exhibits. (R11)",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FindingExhibit",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "exhibit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="cases.exhibit"
                    ),
                ),
                (
                    "finding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="exhibits", to="cases.finding"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("finding", "exhibit"), name="an_exhibit_carries_a_finding_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="FindingExplanation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("untested", "Not tested"),
                            ("refuted", "Tested: does not fit"),
                            ("not_excluded", "Tested: not excluded"),
                            ("supported", "Tested: fits"),
                            ("open", "Not tested: not excluded"),
                        ],
                        max_length=15,
                    ),
                ),
                ("conclusion", models.TextField()),
                (
                    "explanation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="cases.explanation"
                    ),
                ),
                (
                    "finding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="explanations", to="cases.finding"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("finding", "explanation"), name="an_explanation_is_considered_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status", "untested"), _negated=True),
                        name="a_considered_explanation_was_tested",
                        violation_error_message="An explanation that nobody tested was not considered.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FindingOmission",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("why", models.CharField(max_length=300)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "finding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="omissions", to="cases.finding"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("finding", "account"), name="an_account_is_left_out_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Independence",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("review_note", models.TextField(blank=True)),
                ("groups", models.JSONField(help_text="dependency groups of exhibits that the argument is about")),
                (
                    "argument",
                    models.TextField(
                        help_text="why an error in one line would not bring the same error into the others"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("argued", "Argued"), ("accepted", "Accepted"), ("refused", "Refused")],
                        default="argued",
                        max_length=10,
                    ),
                ),
                ("argued_at", models.DateTimeField()),
                (
                    "argued_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="independences", to="cases.case"
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
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["argued", "accepted"])),
                        fields=("case",),
                        name="one_independence_argument_stands",
                        violation_error_message="An argument stands already: it is refused before another one is made.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("argued_by__isnull", True),
                            ("reviewed_by__isnull", True),
                            models.Q(("argued_by", models.F("reviewed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="independence_is_reviewed_by_another_person",
                        violation_error_message="Another person reviews the argument than the one who made it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                            models.Q(("reviewed_at__isnull", False), ("reviewed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_independence_review_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "argued"), ("reviewed_by__isnull", False), _connector="OR"),
                        name="a_reviewed_independence_has_its_reviewer",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MemberSet",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField(help_text="S1, S2, …")),
                (
                    "pool",
                    models.CharField(
                        choices=[
                            ("present", "Accounts in the case"),
                            ("excluded", "Accounts taken out of the case"),
                            ("new", "Accounts that are not in the case yet"),
                        ],
                        max_length=8,
                    ),
                ),
                ("how", models.CharField(help_text="what picked them, in words", max_length=300)),
                (
                    "query",
                    models.JSONField(blank=True, default=dict, help_text="what picked them, see `selection.Selection`"),
                ),
                ("count", models.PositiveIntegerField()),
                (
                    "sha256",
                    models.CharField(help_text="over the ids of the accounts in order, 16 bytes each", max_length=64),
                ),
                (
                    "unknown",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=128),
                        blank=True,
                        default=list,
                        help_text="references of a file that nobody knows",
                        size=None,
                    ),
                ),
                ("frozen_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sets", to="cases.case"
                    ),
                ),
                (
                    "frozen_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "frozen set",
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("case", "number"), name="frozen_sets_are_numbered_once"),
                    models.CheckConstraint(
                        condition=models.Q(("count__gt", 0)),
                        name="a_frozen_set_has_accounts",
                        violation_error_message="No account is picked by this: nothing was frozen.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MemberPart",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ordinal", models.PositiveIntegerField()),
                ("account_ids", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                (
                    "members",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="cases.memberset"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("members", "ordinal"), name="parts_of_a_set_are_numbered_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="BulkStep",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("add", "Add to the case"),
                            ("exclude", "Take out of the case"),
                            ("restore", "Put back into the case"),
                            ("warn", "Warn"),
                            ("limit", "Limit"),
                            ("verify_identity", "Ask for identity verification"),
                            ("suspend", "Suspend"),
                        ],
                        max_length=15,
                    ),
                ),
                ("why", models.CharField(max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Under way"),
                            ("done", "Done"),
                            ("undoing", "Being undone"),
                            ("undone", "Undone"),
                        ],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("parts", models.PositiveIntegerField()),
                ("parts_done", models.PositiveIntegerField(default=0)),
                ("met", models.PositiveIntegerField(default=0, help_text="accounts that it changed, or would meet")),
                (
                    "put_back",
                    models.PositiveIntegerField(
                        default=0, help_text="of these, as they were before, once it was undone"
                    ),
                ),
                (
                    "expected_wrongful",
                    models.FloatField(
                        help_text="sum of 1 - probability over members of rings; none where no account is in a ring",
                        null=True,
                    ),
                ),
                (
                    "without_probability",
                    models.PositiveIntegerField(default=0, help_text="accounts of no ring, not in that sum"),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(help_text="when somebody asked for it", null=True)),
                (
                    "started_by",
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
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="cases.case"
                    ),
                ),
                (
                    "members",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="cases.memberset"
                    ),
                ),
            ],
            options={
                "verbose_name": "step on many accounts",
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["running", "undoing"])),
                        fields=("case",),
                        name="one_step_on_many_at_a_time",
                        violation_error_message="Another step on many accounts is under way in this case: wait until it ended.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("parts_done__lte", models.F("parts"))), name="no_part_is_done_twice"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("why", ""), _negated=True),
                        name="a_step_on_many_says_why",
                        violation_error_message="Say why: it stays beside each of them.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("undone_at__isnull", True), ("undone_by__isnull", True)),
                            models.Q(("undone_at__isnull", False), ("undone_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_undo_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["running", "done"]), ("undone_at__isnull", False), _connector="OR"
                        ),
                        name="an_undone_step_says_by_whom",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Party",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=200)),
                ("address", models.TextField(blank=True)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("operator", "Operator of the accounts"),
                            ("beneficiary", "Beneficiary"),
                            ("reseller", "Reseller or proxy"),
                            ("infrastructure", "Infrastructure owner"),
                            ("identity_victim", "Person whose identity was used"),
                            ("counsel", "Counsel of a party"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("alleged", "Alleged"), ("assessed", "Assessed"), ("adjudicated", "Adjudicated")],
                        default="alleged",
                        max_length=12,
                    ),
                ),
                ("basis", models.TextField(help_text="what this rests on")),
                ("added_at", models.DateTimeField()),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="parties", to="cases.case"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "parties",
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("awaiting", "Awaits a response"),
                            ("responded", "Responded"),
                            ("no_response", "No response; silence is not an admission"),
                            ("not_invited", "Not invited, for a signed reason"),
                        ],
                        default="awaiting",
                        max_length=12,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("post", "Post"),
                            ("email", "E-mail"),
                            ("counsel", "Through counsel"),
                            ("form", "Contact form"),
                            ("other", "Other"),
                        ],
                        max_length=10,
                    ),
                ),
                ("invited_on", models.DateField(null=True)),
                ("respond_by", models.DateField(null=True)),
                ("response", models.TextField(blank=True, help_text="what the party said, point by point")),
                ("responded_on", models.DateField(null=True)),
                ("reason", models.TextField(blank=True, help_text="why it is not invited")),
                ("recorded_at", models.DateTimeField()),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invitations", to="cases.party"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("party",), name="a_party_is_invited_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("invited_on__isnull", True),
                                ("state", "not_invited"),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "not_invited"), _negated=True),
                                ("invited_on__isnull", False),
                                ("respond_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="an_invitation_or_a_signed_reason",
                        violation_error_message="Say when the party was invited, until when it may answer, or why not. (R13)",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("respond_by__isnull", True), ("respond_by__gt", models.F("invited_on")), _connector="OR"
                        ),
                        name="an_invitation_leaves_time",
                        violation_error_message="The deadline lies after the invitation.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("responded_on__isnull", False),
                                ("state", "responded"),
                                models.Q(("response", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "responded"), _negated=True),
                                ("responded_on__isnull", True),
                                ("response", ""),
                            ),
                            _connector="OR",
                        ),
                        name="a_response_is_recorded_as_it_came",
                        violation_error_message="Say when the response came, and what it said.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FindingLevel",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("account", "These accounts"),
                            ("cluster", "One cluster"),
                            ("operator", "One operator"),
                            ("organisation", "An organisation"),
                            ("state", "A state"),
                        ],
                        max_length=15,
                    ),
                ),
                (
                    "confidence",
                    models.CharField(
                        choices=[
                            ("roughly_even", "roughly even chance (45-55 %)"),
                            ("likely", "likely (55-80 %)"),
                            ("very_likely", "very likely (80-95 %)"),
                            ("almost_certain", "almost certain (95-99 %)"),
                        ],
                        max_length=15,
                    ),
                ),
                ("basis", models.TextField(help_text="what this level rests on")),
                (
                    "finding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="levels", to="cases.finding"
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attributions",
                        to="cases.party",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("finding", "level"), name="a_level_is_concluded_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("level", "organisation"), _negated=True),
                            ("party__isnull", False),
                            _connector="OR",
                        ),
                        name="an_organisation_is_a_party",
                        violation_error_message="Name the organisation as a party of the case first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("basis", ""), _negated=True),
                        name="a_level_has_its_basis",
                        violation_error_message="Say what this level rests on.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Quantity",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "what",
                    models.CharField(
                        help_text="what is counted, in the same words for numbers on one matter", max_length=120
                    ),
                ),
                (
                    "qualifier",
                    models.CharField(
                        choices=[
                            ("exactly", "exactly"),
                            ("about", "about"),
                            ("over", "over"),
                            ("at_least", "at least"),
                            ("under", "under"),
                            ("at_most", "at most"),
                            ("between", "between"),
                            ("order", "in the order of"),
                        ],
                        max_length=10,
                    ),
                ),
                ("value", models.FloatField(help_text="none where only bounds are given", null=True)),
                ("lower", models.FloatField(null=True)),
                ("upper", models.FloatField(null=True)),
                ("unit", models.CharField(max_length=40)),
                ("recorded_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="quantities", to="cases.case"
                    ),
                ),
                (
                    "claim",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quantities",
                        to="cases.claim",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quantities",
                        to="evidence.testrun",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "quantities",
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("claim__isnull", True), ("run__isnull", True), _connector="XOR"),
                        name="a_quantity_has_one_source",
                        violation_error_message="Name the claim or the run that the number comes from: one of them.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("qualifier__in", ["exactly", "about"]), ("value__isnull", False)),
                            models.Q(
                                ("lower", models.F("value")),
                                ("qualifier__in", ["over", "at_least"]),
                                ("upper", None),
                                ("value__isnull", False),
                            ),
                            models.Q(
                                ("lower", None),
                                ("qualifier__in", ["under", "at_most"]),
                                ("upper", models.F("value")),
                                ("value__isnull", False),
                            ),
                            models.Q(
                                ("lower__isnull", False),
                                ("qualifier", "between"),
                                ("upper__isnull", False),
                                ("value", None),
                            ),
                            models.Q(
                                ("lower__isnull", False), ("qualifier", "order"), ("upper", None), ("value", None)
                            ),
                            _connector="OR",
                        ),
                        name="a_qualifier_has_its_bounds",
                        violation_error_message="The bounds do not fit the word in front of the number.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lower__isnull", True),
                            ("upper__isnull", True),
                            ("lower__lte", models.F("upper")),
                            _connector="OR",
                        ),
                        name="a_lower_bound_is_the_smaller",
                        violation_error_message="The lower bound is larger than the upper one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("value__isnull", True),
                            models.Q(
                                models.Q(("lower__isnull", True), ("lower__lte", models.F("value")), _connector="OR"),
                                models.Q(("upper__isnull", True), ("upper__gte", models.F("value")), _connector="OR"),
                            ),
                            _connector="OR",
                        ),
                        name="a_value_lies_within_its_bounds",
                        violation_error_message="The value lies outside its bounds.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Sample",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("seed", models.CharField(max_length=64)),
                (
                    "at_most",
                    models.FloatField(help_text="share of wrong accounts that it is to rule out, when none is found"),
                ),
                ("confidence", models.FloatField(default=0.95)),
                (
                    "account_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), help_text="in the order in which they were drawn", size=None
                    ),
                ),
                ("drawn_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="samples", to="cases.case"
                    ),
                ),
                (
                    "drawn_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "members",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="samples", to="cases.memberset"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("at_most__gt", 0), ("at_most__lt", 1), ("confidence__gt", 0), ("confidence__lt", 1)
                        ),
                        name="a_share_lies_between_0_and_1",
                        violation_error_message="Give a share above 0 % and below 100 %.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SampleMark",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[("right", "Belongs here"), ("wrong", "Does not belong"), ("unsure", "Cannot be said")],
                        max_length=6,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300)),
                ("marked_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "marked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="marks", to="cases.sample"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("sample", "account"), name="an_account_of_a_sample_is_marked_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("title", models.CharField(max_length=200)),
                ("due_on", models.DateField(null=True)),
                ("added_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "assignee",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tasks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tasks", to="cases.case"
                    ),
                ),
                (
                    "done_by",
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at__isnull", True)), fields=["assignee", "due_on"], name="task_to_do"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at__isnull", True), ("done_by__isnull", True)),
                            models.Q(("done_at__isnull", False), ("done_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_done_task_says_by_whom",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BulkPart",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("ordinal", models.PositiveIntegerField()),
                ("at", models.DateTimeField(help_text="stands in every row that it wrote")),
                (
                    "account_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        help_text="those that it met; the others were so already",
                        size=None,
                    ),
                ),
                (
                    "before",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="of those put back: account, when, by whom and why they had been taken out",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="done", to="cases.bulkstep"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("step", "ordinal"), name="a_part_is_dealt_with_once")],
            },
        ),
    ]
    operations = together(operations)
