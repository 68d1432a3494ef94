import pgtrigger
from django.db import models
from django.urls import reverse

from apps.evidence.models.items import Item
from apps.evidence.models.once import WRITTEN_ONCE
from apps.evidence.models.registry.base import DigestField, Registered, filled_once, is_digest


class ProtectedModel(Registered):
    """A model of ours that others may copy: what a campaign is after."""

    name = models.CharField(max_length=100)
    family = models.CharField(max_length=100, blank=True, help_text="line of models that it belongs to")
    owner = models.CharField(max_length=200, help_text="who answers for it, in the house")
    notes = models.TextField(blank=True)

    class Meta(Registered.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                name="one_protected_model_per_name",
                violation_error_message="A model of this name is registered already: add a version to it.",
            )
        ]
        ordering = ["name"]

    def get_absolute_url(self) -> str:
        return reverse("evidence:model", args=[self.pk])

    def __str__(self) -> str:
        return self.name


class ModelVersion(Registered):
    """A version of it, with the digests that say which files it is. What it was trained on is named, never held."""

    model = models.ForeignKey(ProtectedModel, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(max_length=60)
    released_on = models.DateField(null=True, help_text="none: not released, and no day is set")
    retired_on = models.DateField(null=True)
    weights = models.JSONField(default=list, help_text="files of the weights: objects of `file` and `digest`")
    tokenizer = DigestField(help_text="digest of the tokenizer")
    architecture = DigestField(help_text="digest of the description of the architecture")
    training_uri = models.CharField(max_length=500, blank=True, help_text="where the training-data manifest lies")
    training_digest = DigestField(help_text="digest of the training-data manifest")
    notes = models.TextField(blank=True)

    class Meta(Registered.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["model", "version"],
                name="one_version_of_a_model_per_name",
                violation_error_message="The model has a version of this name already.",
            ),
            models.CheckConstraint(
                condition=models.Q(retired_on__isnull=True)
                | models.Q(released_on__isnull=False, retired_on__gte=models.F("released_on")),
                name="a_version_retires_after_its_release",
                violation_error_message="The version is retired before it is released.",
            ),
            models.CheckConstraint(
                condition=is_digest("tokenizer", "architecture", "training_digest"),
                name="a_digest_names_its_algorithm",
                violation_error_message="Write a digest as algorithm:hex, for example sha256:ab12….",
            ),
            models.CheckConstraint(
                condition=models.Q(training_digest="") | ~models.Q(training_uri=""),
                name="a_digest_of_a_manifest_says_where_it_lies",
                violation_error_message="Say where the training-data manifest lies that the digest is of.",
            ),
        ]
        triggers = [*Registered.Meta.triggers, filled_once("weights", "tokenizer", "architecture", "training_digest")]
        indexes = [models.Index(fields=["released_on"], name="version_by_release")]

    def get_absolute_url(self) -> str:
        return f"{reverse('evidence:model', args=[self.model_id])}#v{self.pk}"

    def __str__(self) -> str:
        return f"{self.model} {self.version}"


class Attestation(Registered):
    """What somebody stands for: an audit, a control that is in place, where training data come from. Written once."""

    class Kind(models.TextChoices):
        CONTROL = "control", "Control in place: access, hardware, hosting"
        AUDIT = "audit", "Audit by a third party"
        PROVENANCE = "provenance", "Provenance of model or data"
        SUPPLY_CHAIN = "supply_chain", "Guarantee of a supplier or customer"
        OTHER = "other", "Other"

    model = models.ForeignKey(ProtectedModel, on_delete=models.PROTECT, related_name="attestations")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, related_name="attestations")
    kind = models.CharField(max_length=12, choices=Kind)
    issuer = models.CharField(max_length=200, help_text="who stands for it")
    statement = models.TextField(help_text="what is stated, in a sentence or two")
    issued_on = models.DateField()
    expires_on = models.DateField(null=True, help_text="none: without end")
    item = models.ForeignKey(
        Item, on_delete=models.PROTECT, null=True, related_name="attestations", help_text="the document, in the vault"
    )

    class Meta(Registered.Meta):
        abstract = False
        triggers = [
            *WRITTEN_ONCE,
            pgtrigger.Trigger(
                name="an_attestation_is_of_a_version_of_its_model",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__version__isnull=False),
                func="""
                    IF NOT EXISTS (SELECT FROM evidence_modelversion
                                   WHERE id = NEW.version_id AND model_id = NEW.model_id) THEN
                        RAISE EXCEPTION 'the version is one of another model' USING ERRCODE = 'check_violation',
                        CONSTRAINT = 'an_attestation_is_of_a_version_of_its_model';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_on__isnull=True) | models.Q(expires_on__gt=models.F("issued_on")),
                name="an_attestation_expires_after_its_issue",
                violation_error_message="The attestation expires before it is issued.",
            ),
            models.CheckConstraint(
                condition=~models.Q(statement=""),
                name="an_attestation_states_something",
                violation_error_message="Say what is attested.",
            ),
        ]
        indexes = [models.Index(fields=["expires_on"], name="attestation_by_expiry")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.issuer}"


class SignatureCheck(Registered):
    """A signature or attestation of a version, checked here against a key that a person gave. Written once, whatever
    came out: the report lies in the vault as an item of evidence."""

    class Method(models.TextChoices):
        KEY = "key", "OpenSSF model signature, public key"
        CERTIFICATE = "certificate", "OpenSSF model signature, certificate chain"
        STATEMENT = "statement", "in-toto statement in a DSSE envelope"

    class Verdict(models.TextChoices):
        VERIFIED = "verified", "Verified"
        FAILED = "failed", "Not verified"

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="checks")
    method = models.CharField(max_length=12, choices=Method)
    verdict = models.CharField(max_length=10, choices=Verdict)
    signer = models.CharField(max_length=300, blank=True, help_text="key or certificate that the signature is held to")
    subject_digest = DigestField(help_text="digest of what is signed, as the signature states it")
    problem = models.TextField(blank=True, help_text="why it is not verified")
    tool = models.CharField(max_length=100)
    tool_version = models.CharField(max_length=40)
    item = models.OneToOneField(
        Item, on_delete=models.PROTECT, related_name="signature_check", help_text="the report, as a file"
    )

    class Meta(Registered.Meta):
        abstract = False
        triggers = WRITTEN_ONCE
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict="failed") ^ models.Q(problem=""), name="a_failed_check_says_why"
            ),
            models.CheckConstraint(condition=is_digest("subject_digest"), name="a_checked_digest_names_its_algorithm"),
        ]
        indexes = [models.Index(fields=["version", "-registered_at"], name="check_of_version")]

    def __str__(self) -> str:
        return f"{self.get_method_display()}: {self.get_verdict_display()}"
