import pgtrigger
from django.db import models
from django.urls import reverse

from apps.evidence.models.once import WRITTEN_ONCE, written_once
from apps.evidence.models.registry.base import Registered
from apps.evidence.models.registry.protected import ModelVersion


def no_overlap(name: str, table: str, same: str, start: str, end: str, words: str) -> pgtrigger.Trigger:
    """Two rows of the same `same` do not cover one moment. An exclusion constraint would need an extension. The key's
    row is locked first, so that two who write at the same time wait for each other."""
    alike = " AND ".join(f"{column} = NEW.{column}" for column in same.split())
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=f"""
            PERFORM FROM evidence_watermarkkey WHERE id = NEW.key_id FOR UPDATE;
            IF EXISTS (SELECT FROM {table} WHERE id <> NEW.id AND {alike}
                       AND tstzrange({start}, {end}) && tstzrange(NEW.{start}, NEW.{end})) THEN
                RAISE EXCEPTION '{words}' USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
            END IF;
            RETURN NEW;
        """,
    )


class WatermarkScheme(Registered):
    """How a watermark is made and found, so that somebody else can look for it too. A change is another version."""

    name = models.CharField(max_length=60)
    version = models.CharField(max_length=40)
    method = models.CharField(max_length=200, help_text="what it does, by the name that its paper gives it")
    parameters = models.JSONField(default=dict, help_text="all that a detector needs but the key")
    detector = models.CharField(max_length=200, help_text="program that finds it")
    detector_version = models.CharField(max_length=40)
    reference = models.CharField(max_length=300, blank=True, help_text="publication")

    class Meta(Registered.Meta):
        abstract = False
        triggers = WRITTEN_ONCE
        constraints = [
            models.UniqueConstraint(
                fields=["name", "version"],
                name="one_scheme_per_name_and_version",
                violation_error_message="This version of the scheme is registered already.",
            )
        ]
        ordering = ["name", "version"]

    def get_absolute_url(self) -> str:
        return reverse("evidence:scheme", args=[self.pk])

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class WatermarkKey(Registered):
    """The name of a key, and where it is held. The key itself is never in casemgr."""

    key_id = models.CharField(max_length=64)
    scheme = models.ForeignKey(WatermarkScheme, on_delete=models.PROTECT, related_name="keys")
    notes = models.TextField(blank=True)

    class Meta(Registered.Meta):
        abstract = False
        triggers = WRITTEN_ONCE
        constraints = [
            models.UniqueConstraint(
                fields=["key_id"],
                name="one_key_per_name",
                violation_error_message="A key of this name is registered already.",
            ),
            models.CheckConstraint(
                condition=models.Q(key_id__regex=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"),
                name="a_key_is_called_by_a_plain_name",
                violation_error_message="Name a key with letters, digits, dots, hyphens and underscores.",
            ),
        ]
        ordering = ["key_id"]

    def get_absolute_url(self) -> str:
        return reverse("evidence:key", args=[self.key_id])

    def __str__(self) -> str:
        return self.key_id


class KeyHolding(Registered):
    """Who held a key, where, from when to when: its custody."""

    key = models.ForeignKey(WatermarkKey, on_delete=models.PROTECT, related_name="holdings")
    holder = models.CharField(max_length=200, help_text="person or service that could use it")
    storage = models.CharField(max_length=200, help_text="where it lay: a security module, a secret store")
    held_from = models.DateTimeField()
    held_until = models.DateTimeField(null=True, help_text="none: still")

    class Meta(Registered.Meta):
        abstract = False
        triggers = [
            *written_once(but=("held_until",)),
            no_overlap(
                "a_key_has_one_holder_at_a_time",
                "evidence_keyholding",
                "key_id",
                "held_from",
                "held_until",
                "somebody else holds the key at that time",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(held_until__isnull=True) | models.Q(held_until__gt=models.F("held_from")),
                name="a_holding_ends_after_it_began",
                violation_error_message="The key is handed over before it was received.",
            )
        ]
        indexes = [models.Index(fields=["key", "held_from"], name="holding_of_key")]

    def __str__(self) -> str:
        return f"{self.key}: {self.holder}"


class KeyIncident(Registered):
    """Something that may have let a key out. Written once: what became of it is another entry."""

    class Effect(models.TextChoices):
        NONE = "none", "The key did not leave"
        UNKNOWN = "unknown", "Not known whether it left"
        EXPOSED = "exposed", "The key left custody"

    key = models.ForeignKey(WatermarkKey, on_delete=models.PROTECT, related_name="incidents")
    happened_at = models.DateTimeField()
    effect = models.CharField(max_length=10, choices=Effect)
    account = models.TextField(help_text="what happened, and what was done")

    class Meta(Registered.Meta):
        abstract = False
        triggers = WRITTEN_ONCE
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(account=""),
                name="an_incident_is_told",
                violation_error_message="Say what happened and what was done.",
            )
        ]
        indexes = [models.Index(fields=["key", "happened_at"], name="incident_of_key")]

    def __str__(self) -> str:
        return f"{self.key}: {self.get_effect_display()}"


class KeyDeployment(Registered):
    """Since when, and until when, a version's output carried the watermark of a key."""

    key = models.ForeignKey(WatermarkKey, on_delete=models.PROTECT, related_name="deployments")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="deployments")
    deployed_from = models.DateTimeField()
    deployed_until = models.DateTimeField(null=True, help_text="none: still")
    ended_by = models.CharField(max_length=100, blank=True, help_text="actor who entered the end")
    ended_at = models.DateTimeField(null=True)

    class Meta(Registered.Meta):
        abstract = False
        triggers = [
            *written_once(but=("deployed_until", "ended_by", "ended_at")),
            no_overlap(
                "a_key_is_deployed_on_a_version_once_at_a_time",
                "evidence_keydeployment",
                "key_id version_id",
                "deployed_from",
                "deployed_until",
                "the key is deployed on this version at that time already",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(deployed_until__isnull=True)
                | models.Q(deployed_until__gt=models.F("deployed_from")),
                name="a_deployment_ends_after_it_began",
                violation_error_message="The deployment ends before it begins.",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) ^ ~models.Q(ended_by=""),
                name="an_ended_deployment_says_by_whom",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(deployed_until__isnull=False),
                name="an_ended_deployment_has_its_end",
            ),
        ]
        indexes = [models.Index(fields=["version", "deployed_from"], name="deployment_of_version")]

    def __str__(self) -> str:
        return f"{self.key} on {self.version}"
