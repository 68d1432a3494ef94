from apps.core.forms import AddressForm


class WebhookForm(AddressForm):
    posted = "verdicts"
