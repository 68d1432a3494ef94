"""What programs send of account records, `POST /api/v1/account-records/<kind>`, and what became of it."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, UnreadablePostError
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from msgspec import Meta
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import intake, queries
from apps.accounts.models import Import
from apps.core import vault
from apps.core.admission import IDEMPOTENCY_KEY, at_work, idempotency_key
from apps.core.contract import Problem, problems, schema
from apps.core.problems import problem

FORMATS = {"application/x-ndjson": "ndjson", "text/csv": "csv", "application/vnd.apache.parquet": "parquet"}
ENCODINGS = ("identity", "gzip", "zstd")
CHUNK = 256 * 1024
SHOWN, MOST = 20, 1000  # rejections: in an answer, and of a page
TAGS = ["Account records"]


class Rejection(msgspec.Struct):
    """A row that was not taken. As it came it is shown to people alone."""

    line: Annotated[int, Meta(ge=1, description="of the file; of Parquet its row, from 1")]
    reason: str


class Shown(msgspec.Struct):
    """An import. Its counts add up to `rows`, which are all that were read so far."""

    id: str
    kind: Literal["accounts", "identifiers", "activity", "acceptances"]
    state: Annotated[
        Literal["running", "done", "failed"],
        Meta(description="failed: the file could not be read to its end; rows before that are taken"),
    ]
    failure: Annotated[str, Meta(description="why not; else empty")]
    filename: str
    sha256: Annotated[str, Meta(description="of the body as it was sent")]
    size: Annotated[int, Meta(description="bytes of the body as it was sent")]
    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    derived: Annotated[int, Meta(description="identifiers that no row names: domains and patterns of e-mail addresses")]
    imported_at: str
    finished_at: str | None
    rejections: Annotated[list[Rejection], Meta(description="a page of them, in the order of the file")]
    next: Annotated[int | None, Meta(description="to be given as `after`; null when there are no more")]
    url: Annotated[str, Meta(description="where this is found again")]


_PROBLEMS = {"_401": (Problem, "No API key, or one that is unknown or revoked.")}
_SHOWN = schema(Shown)
_BODY = {"type": "string", "format": "binary"}


class RecordsView(APIView):
    """Files of account records."""

    permission_classes = [IsAuthenticated]
    parser_classes: list = []

    @extend_schema(
        tags=TAGS,
        operation_id="import_account_records",
        summary="Send a file of account records",
        description=(
            "Accounts, their identifiers, daily activity or acceptances of terms: NDJSON, CSV with a header, or "
            "Parquet, plain or compressed with gzip or zstd. docs/accounts.md says which columns there are.\n\n"
            "Each row is created, updated, unchanged, or rejected with its line and a sentence; good rows of a file "
            "with bad ones are taken. The same file again changes nothing. Of identifiers only a keyed hash and a "
            "masked form are kept.\n\n"
            "* A small body (up to 4 MiB, compressed or Parquet 512 KiB) is written before the answer: 201.\n"
            "* A larger one is kept and written part by part: 202, and `url` says how far it is. It is deleted when "
            "its last part is written.\n\n"
            "Repeat a request whose answer was lost as it was; with `Idempotency-Key` it gets the same import again."
        ),
        parameters=[
            OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=list(Import.Kind.values)),
            IDEMPOTENCY_KEY,
            OpenApiParameter(
                "Content-Encoding",
                str,
                OpenApiParameter.HEADER,
                enum=list(ENCODINGS),
                description="How the body is compressed.",
            ),
            OpenApiParameter(
                "filename", {"type": "string", "maxLength": 255}, description="what people will know the file by"
            ),
            OpenApiParameter(
                "Idempotent-Replayed", str, OpenApiParameter.HEADER, response=[200], enum=["true"], description="always"
            ),
            OpenApiParameter(
                "Retry-After", int, OpenApiParameter.HEADER, response=[429, 503], description="in seconds"
            ),
        ],
        request=dict.fromkeys(FORMATS, _BODY),
        responses={
            (201, "application/json"): OpenApiResponse(_SHOWN, description="Every row was looked at."),
            (202, "application/json"): OpenApiResponse(_SHOWN, description="The body is kept, and is being written."),
            (200, "application/json"): OpenApiResponse(_SHOWN, description="An earlier request with this key."),
        }
        | problems(
            **_PROBLEMS,
            _400=(Problem, "The body cannot be read: `detail` says why. Or the key or a parameter is wrong."),
            _403=(Problem, "This key or person may not import account records."),
            _404=(Problem, "There are no records of this kind."),
            _413=(Problem, "The body is too large."),
            _415=(Problem, "A media type or a Content-Encoding that is none of these."),
            _422=(Problem, "The idempotency key was used for another body."),
            _429=(Problem, "Too many imports of this sender are not done yet; `Retry-After` says when to try again."),
            _503=(Problem, "Too much is being worked on, or the database does not answer: send it again."),
        ),
    )
    def post(self, request: Request, kind: str) -> Response:
        if not request.user.has_perm("accounts.import_records"):
            raise PermissionDenied("This key or person may not import account records.")
        if kind not in Import.Kind.values:
            raise Http404(f"There are no records of the kind “{kind}”: send one of {', '.join(Import.Kind.values)}.")
        key, format_ = idempotency_key(request.headers.get("Idempotency-Key")), _format(request)
        filename = request.query_params.get("filename", "")
        if len(filename) > 255 or not (filename.isprintable() or not filename):
            return problem(400, "`filename` has up to 255 printable characters.", code="filename_invalid")
        try:
            with at_work():
                receipt = intake.take(
                    kind=kind,
                    filename=filename or f"{kind}.{format_}",
                    chunks=_chunks(request._request),
                    by=request.user,
                    format=format_,
                    idempotency_key=key,
                )
        except UnreadablePostError:
            return problem(400, "The body ended before it was complete.", code="body_broken_off")
        except vault.TooLarge:
            return problem(413, f"The body is larger than {settings.UPLOAD_MAX_BYTES:,} bytes.", code="body_too_large")
        except intake.KeyReused as error:
            return problem(422, str(error), code="idempotency_key_reused")
        except ValidationError as error:
            return problem(400, " ".join(error.messages), code="not_readable")
        record = receipt.record
        if record.failure and not record.part:
            return problem(400, record.failure, code="not_readable", id=str(record.pk))
        if receipt.is_replayed:
            return Response(_shown(record), headers={"Idempotent-Replayed": "true"})
        return Response(_shown(record), status=201 if record.finished_at else 202)


class ImportView(APIView):
    """One import by its id."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        tags=TAGS,
        operation_id="get_account_import",
        summary="How far an import is, and which rows were not taken",
        description="A program sees its own imports.",
        parameters=[
            OpenApiParameter("after", {"type": "integer", "minimum": 0}, description="`next` of the page before"),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": SHOWN}),
        ],
        responses={(200, "application/json"): OpenApiResponse(_SHOWN, description="The import.")}
        | problems(
            **_PROBLEMS,
            _400=(Problem, "A parameter cannot be read."),
            _404=(Problem, "No such import, or none that you may see."),
        ),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        found = queries.imports_of(request.user).filter(pk=pk).first()
        if found is None:
            raise Http404("There is no import with this id, or none that you may see.")
        try:
            after = _number(request, "after", 0, 0, 2**53)
            limit = _number(request, "limit", SHOWN, 1, MOST)
        except ValueError as error:
            return problem(400, str(error), code="parameters_wrong")
        return Response(_shown(found, after=after, limit=limit))


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 17 and least <= int(text) <= most):
        raise ValueError(f"`{name}` is a number from {least} to {most}.")
    return int(text)


def _format(request: Request) -> str:
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type not in FORMATS:
        raise UnsupportedMediaType(media_type or "nothing", f"Send one of {', '.join(FORMATS)}.")
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ENCODINGS:
        raise UnsupportedMediaType(encoding, f"Compress with one of {', '.join(ENCODINGS)}; this is “{encoding}”.")
    return FORMATS[media_type]


def _chunks(request: HttpRequest) -> Iterator[bytes]:
    """The body as it arrives. One that says itself that it is too large is not read at all."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if announced.isdigit() and int(announced) > settings.UPLOAD_MAX_BYTES:
        raise vault.TooLarge("announced")
    while chunk := request.read(CHUNK):
        yield chunk


def _shown(record: Import, *, after: int = 0, limit: int = SHOWN) -> dict[str, Any]:
    rejected = list(record.rejections.filter(line__gt=after).order_by("line")[: limit + 1]) if record.rejected else []
    same = "kind failure filename sha256 size rows created updated unchanged rejected derived"
    return {name: getattr(record, name) for name in same.split()} | {
        "id": str(record.pk),
        "state": record.state,
        "imported_at": record.imported_at.isoformat(),
        "finished_at": record.finished_at and record.finished_at.isoformat(),
        "rejections": [{"line": one.line, "reason": one.reason} for one in rejected[:limit]],
        "next": rejected[limit - 1].line if len(rejected) > limit else None,
        "url": f"/api/v1/account-records/imports/{record.pk}",
    }
