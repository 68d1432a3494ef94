"""How much of what an API key may send is left."""

from django.db import models


class Allowance(models.Model):
    """Requests that a key has left at this moment, and what it sent today. Written by `limits` only, and not audited:
    it is forgotten within a day."""

    key = models.OneToOneField("staff.ApiKey", on_delete=models.CASCADE, primary_key=True, related_name="allowance")
    requests = models.FloatField(help_text="left; they grow again with time")
    refilled_at = models.DateTimeField()
    day = models.DateField(help_text="in UTC, that the items are of")
    items = models.PositiveBigIntegerField(help_text="taken on that day")

    def __str__(self) -> str:
        return f"{self.key} {self.day}"
