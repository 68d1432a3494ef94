import apps.core.ids
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("cases", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Message",
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
                ("attempt", models.PositiveSmallIntegerField()),
                ("part", models.PositiveIntegerField()),
                ("account_count", models.PositiveIntegerField()),
            ],
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
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tries", to="enforcement.message"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("ref", models.CharField(max_length=24)),
                (
                    "direction",
                    models.CharField(choices=[("apply", "Apply"), ("roll_back", "Roll back")], max_length=10),
                ),
                ("why", models.CharField(max_length=300)),
                ("account_count", models.PositiveIntegerField()),
                ("ordered_at", models.DateTimeField()),
                ("ordered_by", models.CharField(help_text="the actor, as the trail names it", max_length=100)),
                (
                    "account",
                    models.ForeignKey(
                        help_text="the only one it is about",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="cases.case"
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="cases.decision"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="message",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="enforcement.order"
            ),
        ),
        migrations.CreateModel(
            name="Instruction",
            fields=[
                (
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("part", models.PositiveIntegerField(help_text="number of the message of this attempt that it is in")),
                ("attempt", models.PositiveSmallIntegerField(default=1)),
                ("sequence", models.PositiveBigIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("acknowledged", "Acknowledged"),
                            ("in_effect", "In effect"),
                            ("rolled_back", "Rolled back"),
                            ("failed", "Failed"),
                            ("overtaken", "Overtaken by a later order"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(blank=True, help_text="why it failed", max_length=300)),
                ("effective_at", models.DateTimeField(help_text="since when, as the receiver says", null=True)),
                ("told_at", models.DateTimeField(help_text="when casemgr last heard of it", null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instructions",
                        to="accounts.account",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instructions",
                        to="enforcement.order",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Receiver",
            fields=[
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
                    "id",
                    models.UUIDField(default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("set_up_at", models.DateTimeField(help_text="decisions that hold since are ordered by themselves")),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)), fields=("is_active",), name="orders_go_to_one_receiver"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("previous_until__isnull", True),
                            models.Q(("sealed_previous", ""), _negated=True),
                            _connector="XOR",
                        ),
                        name="a_receivers_secret_before_has_its_end",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="message",
            name="receiver",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="enforcement.receiver"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["case", "-ordered_at"], name="orders_of_a_case"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("ref",), name="one_order_per_reference"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                fields=("decision", "number"), name="orders_of_a_decision_are_numbered_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("direction", "apply")),
                fields=("decision",),
                name="a_decision_is_applied_once",
                violation_error_message="It is ordered already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("account__isnull", True), ("direction", "roll_back")),
                fields=("decision",),
                name="a_decision_is_rolled_back_once",
                violation_error_message="It is rolled back already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("account__isnull", False)),
                fields=("decision", "account"),
                name="an_account_is_let_off_once",
                violation_error_message="It is rolled back for this account already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("account__isnull", True),
                    models.Q(("account_count", 1), ("direction", "roll_back")),
                    _connector="OR",
                ),
                name="one_account_alone_is_only_let_off",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(condition=models.Q(("why", ""), _negated=True), name="an_order_says_why"),
        ),
        migrations.AddIndex(
            model_name="instruction",
            index=models.Index(fields=["order", "state"], name="instructions_by_state"),
        ),
        migrations.AddConstraint(
            model_name="instruction",
            constraint=models.UniqueConstraint(fields=("order", "account"), name="an_account_is_in_an_order_once"),
        ),
        migrations.AddConstraint(
            model_name="instruction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="a_failure_has_its_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(condition=models.Q(("state", "waiting")), fields=["due_at"], name="message_due"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                fields=("order", "attempt", "part"), name="a_part_of_an_order_is_one_message"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "waiting"), ("finished_at__isnull", False), _connector="XOR"),
                name="a_finished_message_has_its_time",
            ),
        ),
    ]
