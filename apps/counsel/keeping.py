"""What of counsel is held, and what of it is about a person."""

from apps.counsel.models import Counsel, Element, Note, Theory
from apps.records.reach import part_of
from apps.records.subjects import ERASED, Part, subject

part_of(Counsel, "case")
part_of(Theory, "case")
part_of(Element, "theory")
part_of(Note, "theory")

subject(
    "counsel",
    Counsel,
    title="A lawyer who acts in a case",
    field="pk",
    example="the number in the address of its page",
    parts=[
        Part(
            Counsel,
            rows=lambda counsel: Counsel.objects.filter(pk=counsel.pk),
            instead=lambda row, counsel: {
                "name": ERASED,
                "firm": "",
                "admitted": "",
                "reference": "",
                "email": "",
                "address": "",
            },
            says="name, firm, bar, file number and addresses",
        )
    ],
)
