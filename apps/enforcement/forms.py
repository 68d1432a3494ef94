from django import forms

from apps.core.forms import AddressForm
from apps.enforcement.models import Instruction


class ReceiverForm(AddressForm):
    posted = "orders"


class FilterForm(forms.Form):
    state = forms.ChoiceField(choices=[("", "any"), *Instruction.State.choices], required=False, label="State")
    q = forms.CharField(required=False, label="Account")
