from django import forms

from apps.accounts.models import Import


class ImportForm(forms.Form):
    kind = forms.ChoiceField(label="What the rows are", choices=Import.Kind.choices)
    file = forms.FileField(label="File", help_text="NDJSON, one object a line, or CSV with a header; UTF-8.")
