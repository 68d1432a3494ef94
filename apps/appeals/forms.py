from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from apps.appeals.actions import FILE_BYTES, FILES, LONGEST
from apps.appeals.models import Appeal
from apps.core.uploads import FilesField


class LetterForm(forms.Form):
    """What opens a letter: both stand in it."""

    number = forms.CharField(
        max_length=40,
        label=_("Number of the letter"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("It stands at the top of the letter as “Reference”."),
    )
    code = forms.CharField(
        max_length=40,
        label=_("Code"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
        help_text=_("Eight letters and digits, under “What you can do”."),
    )


class WordsForm(forms.Form):
    """What the recipient of a letter says."""

    words = forms.CharField(
        max_length=LONGEST,
        label=_("What is wrong, in your own words"),
        strip=True,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Say what you used the account for, and which statement of the letter is not right. Any language."),
    )
    enclosed = FilesField(
        required=False,
        label=_("Files"),
        help_text=format_lazy(
            _("If something shows it: at most {files} files of {most} MB each."),
            files=FILES,
            most=FILE_BYTES // 1024**2,
        ),
    )


class MoreForm(WordsForm):
    """The same, once there is an appeal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].label, self.fields["words"].help_text = _("Your words"), ""


class QuestionForm(forms.Form):
    words = forms.CharField(
        max_length=LONGEST,
        label="Your question",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="They read it as it stands, where they filed the appeal.",
    )


class ReasonsForm(forms.Form):
    """The decision on an appeal. The button says which."""

    reasons = forms.CharField(
        label="Reasons",
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="For the letter, to the recipient: answer what they said, point by point. Paragraphs apart by an"
        " empty line.",
    )


class FilterForm(forms.Form):
    state = forms.ChoiceField(choices=[("", "open"), *Appeal.State.choices], required=False, label="State")
    q = forms.CharField(required=False, label="Appeal, letter, case or account")
