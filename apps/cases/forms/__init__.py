"""Shapes of what people enter about cases. What it means is checked by the actions."""

from apps.cases.forms.case import (
    AssignForm,
    CloseForm,
    DescribeForm,
    FromGroupForm,
    InviteForm,
    NoQuestions,
    NoteForm,
    OpenForm,
    PartyForm,
    ReasonForm,
    ResponseForm,
    TaskForm,
)
from apps.cases.forms.evidence import (
    AllowWordingForm,
    AssessForm,
    CollectForm,
    ExhibitForm,
    IndependenceForm,
    RaiseForm,
    RatingForm,
)
from apps.cases.forms.fields import labels, numbers
from apps.cases.forms.findings import (
    DecisionForm,
    FindingForm,
    GroundForm,
    ReviewForm,
)
from apps.cases.forms.members import (
    TYPED_ABOVE,
    AddAccountsForm,
    BulkForm,
    ExcludeForm,
    SelectionForm,
)
from apps.cases.forms.sets import FreezeForm, FromRingForm, SampleForm, StepForm

__all__ = [
    "TYPED_ABOVE",
    "AddAccountsForm",
    "AllowWordingForm",
    "AssessForm",
    "AssignForm",
    "BulkForm",
    "CloseForm",
    "CollectForm",
    "DecisionForm",
    "DescribeForm",
    "ExcludeForm",
    "ExhibitForm",
    "FindingForm",
    "FreezeForm",
    "FromGroupForm",
    "FromRingForm",
    "GroundForm",
    "IndependenceForm",
    "InviteForm",
    "NoQuestions",
    "NoteForm",
    "OpenForm",
    "PartyForm",
    "RaiseForm",
    "RatingForm",
    "ReasonForm",
    "ResponseForm",
    "ReviewForm",
    "SampleForm",
    "SelectionForm",
    "StepForm",
    "TaskForm",
    "labels",
    "numbers",
]
