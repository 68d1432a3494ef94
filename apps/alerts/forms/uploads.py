from django import forms
from django.core.files.uploadedfile import UploadedFile

UPLOADED_BYTES = 16 * 1024 * 1024  # the whole table is in memory, to be shown before it is sent


class UploadForm(forms.Form):
    file = forms.FileField(label="CSV file", help_text="A header row, then one alert a row.", allow_empty_file=False)

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > UPLOADED_BYTES:
            raise forms.ValidationError(
                f"The file has {file.size:,} bytes, and at most {UPLOADED_BYTES:,} are taken here: part it."
            )
        return file
