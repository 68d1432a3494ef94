"""Personal values beside events, which only commit to them: erasable, under a key of each subject."""

from django.db import models

from apps.audit.models.audited import erased_on_record


class SubjectKey(models.Model):
    """The data key of one subject, wrapped. Without it the subject's private values cannot be read by anyone."""

    subject = models.CharField(max_length=100, primary_key=True)
    wrapped = models.BinaryField()

    class Meta:
        triggers = erased_on_record("audit_key_goes_last")

    def __str__(self) -> str:
        return self.subject


class PrivateValue(models.Model):
    """A value to which an event's body holds only a commitment. Erasing it leaves every proof valid."""

    pk = models.CompositePrimaryKey("event_uuid", "field")
    event_uuid = models.UUIDField()
    field = models.CharField(max_length=80, help_text="column, with .new")
    subject = models.CharField(max_length=100)
    nonce = models.BinaryField()
    ciphertext = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["subject"], name="private_value_of_subject")]
        triggers = erased_on_record("audit_refuse_held_value")

    def __str__(self) -> str:
        return f"{self.subject} {self.field}"
