"""The API's contract in OpenAPI terms, made from the types that decode the alerts, so that the two cannot differ."""

from typing import Annotated, Any, Literal, get_args

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from msgspec import UNSET, Meta, Struct, UnsetType

from apps.alerts import native
from apps.core.admission import IDEMPOTENCY_KEY
from apps.core.contract import Problem, problems, response, schema


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """How a detector signs in; defining the class registers it."""

    target_class = "apps.staff.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "cmk_<prefix>_<secret>"}


class Verdict(Struct):
    """The answer for one item, at its place in the request."""

    position: Annotated[int, Meta(ge=0)]
    source_ref: str
    verdict: Literal["created", "updated", "duplicate", "rejected"]
    id: Annotated[str, Meta(description="of the alert, or of the rejection")]
    code: str | UnsetType = UNSET
    field: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    ref_collision: Annotated[bool, Meta(description="its short reference was taken by another alert")] | UnsetType = (
        UNSET
    )


class Answer(Struct):
    """What became of a request: the counts add up to `received`."""

    batch: str
    received: int
    created: int
    updated: int
    duplicates: int
    rejected: int
    items: list[Verdict]
    batches: Annotated[list[str], Meta(description="of a long request, which is written in parts")] | UnsetType = UNSET


class Unreadable(Problem):
    """The request as a whole could not be read; `batch` holds its bytes, where they were kept."""

    batch: str | UnsetType = UNSET
    received: int | UnsetType = UNSET
    created: int | UnsetType = UNSET
    updated: int | UnsetType = UNSET
    duplicates: int | UnsetType = UNSET
    rejected: int | UnsetType = UNSET
    items: list[Verdict] | UnsetType = UNSET


class AllRejected(Unreadable):
    """Every item was rejected, or an idempotency key came with another body (then without the counts)."""

    batches: list[str] | UnsetType = UNSET


class Group(Struct):
    """The group that the alert folded into."""

    id: str
    title: str
    state: Literal["open", "claimed", "dismissed", "escalated"]
    priority: Annotated[int, Meta(ge=0, le=100)]


class Shown(Struct):
    """An alert and what became of it."""

    id: str
    source: str
    source_ref: str
    is_open: bool
    occurrences: int
    received_at: native.Moment
    updated_at: native.Moment
    content_sha256: native.Sha256
    group: Group | None
    ref_collision: Annotated[bool, Meta(description="its short reference was taken by another alert before")]
    alert: Annotated[native.Alert | None, Meta(description="null for people, who read it on its page, on record")]


class Page(Struct):
    """Alerts, perhaps none, and where the next page goes on."""

    alerts: list[Shown]
    next: Annotated[str, Meta(description="to be given as `cursor`")] | None
    has_more: Annotated[bool, Meta(description="whether there is more at this moment")]


SAMPLE = {
    "schema": native.SCHEMA,
    "source": "synchrony-watch",
    "source_ref": "2026-06-05T10:00Z/cl-118",
    "action": "create",
    "detector": {
        "version": "2.3.1",
        "threshold": 0.95,
        "calibration": {"set_id": "benign-2026w20", "n": 10000, "false_positives": 3, "as_of": "2026-05-20"},
        "known_false_positives": ["reseller", "ci-batch"],
    },
    "title": "Synchronised cluster, 812 accounts",
    "kind": "synchrony",
    "severity": 3,
    "window": {"start": "2026-06-04T00:00:00Z", "end": "2026-06-05T00:00:00Z"},
    "detected_at": "2026-06-05T10:00:03Z",
    "subject": {"type": "cluster", "cluster_ref": "cl-118", "n_accounts": 812, "accounts": ["acct_9f01"]},
    "score": {"value": 0.992, "type": "probability_calibrated", "p": 2.1e-7, "p_floor": 1e-9, "n_tested": 24000},
    "alternatives": [{"h": "reseller", "status": "tested", "note": "no contract; entropy low"}],
    "ext": {},
}
_ID = "0197f3a2-6c1e-7b3c-9d55-3f2a8d1c0b7e"
CREATED = {
    "batch": "0197f3a2-6c1d-7f00-8a41-5b1f6e2d9c03",
    "received": 2,
    "created": 1,
    "updated": 0,
    "duplicates": 0,
    "rejected": 1,
    "items": [
        {"position": 0, "source_ref": "2026-06-05T10:00Z/cl-118", "verdict": "created", "id": _ID},
        {
            "position": 1,
            "source_ref": "2026-06-05T10:00Z/cl-119",
            "verdict": "rejected",
            "id": "0197f3a2-6c1e-7b3c-9d55-3f2a8d1c0b7f",
            "code": "invalid",
            "field": "severity",
            "reason": "severity: a whole number of at most 4 is expected.",
        },
    ],
}

TAGS = ["Alerts"]
POST: dict[str, Any] = {
    "tags": TAGS,
    "operation_id": "post_alerts",
    "summary": "Post alerts",
    "description": (
        "One alert, a list, or lines (NDJSON); OCSF events and STIX bundles are read as alerts too. A body may be "
        "compressed. Each item is judged by itself, in order:\n\n"
        "* `created`: new under its `source` and `source_ref`.\n"
        "* `duplicate`: this content was received before; `id` is the existing alert's. Harmless, also much later.\n"
        "* `updated`: known, with new content. The newest content counts and the window never shrinks; an item whose "
        "`window.start` is before the one on record is rejected. `action` `close` says that the detector takes it "
        "back. An `update` of an alert that casemgr never saw creates it: messages may overtake each other.\n"
        "* `ref_collision` stands beside `created` where a reference of less than 8 characters was taken already by "
        "an alert of another title or kind: both are kept.\n"
        "* `rejected`: with `code`, `field` and `reason`. The others of the request are taken all the same.\n\n"
        "An answer of 200 or 201 means that the bytes and the records are committed. Repeat a request whose answer was "
        "lost as it was; with `Idempotency-Key` it gets the very same answer again. An item of another detector's "
        "`source` is rejected with the code `wrong_source`. One alert has at most 256 KiB, and prompts or completions "
        "are never sent inline. Unknown fields at the top level are rejected; put what has no place into `ext`.\n\n"
        "A detector may sign its messages, and one that has to is refused unless it does: `webhook-id`, "
        "`webhook-timestamp` and `webhook-signature` as Standard Webhooks says, over the bytes as they are sent. "
        "`webhook-id` is then the idempotency key: the same message again, within the window or signed anew, gets the "
        "first answer and changes nothing."
    ),
    "parameters": [
        IDEMPOTENCY_KEY,
        OpenApiParameter(
            "Content-Encoding",
            str,
            OpenApiParameter.HEADER,
            enum=["identity", "gzip", "zstd"],
            description="How the body is compressed; any media type may be.",
        ),
        OpenApiParameter(
            "webhook-id",
            {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-\\-/-~]+$"},
            OpenApiParameter.HEADER,
            description="Of a signed message: its id, the same for each attempt to send it.",
        ),
        OpenApiParameter(
            "webhook-timestamp",
            {"type": "string", "pattern": "^[0-9]{1,12}$"},
            OpenApiParameter.HEADER,
            description="Of a signed message: the time of this attempt in seconds since 1970, within five minutes.",
        ),
        OpenApiParameter(
            "webhook-signature",
            {"type": "string", "minLength": 1},
            OpenApiParameter.HEADER,
            description=(
                "Of a signed message: `v1,` and the HMAC-SHA256, or `v1a,` and the Ed25519 signature, in base64, of "
                "id, timestamp and body, joined by dots. Several are apart by spaces; one that matches is enough."
            ),
        ),
        OpenApiParameter("Retry-After", int, OpenApiParameter.HEADER, response=[429, 503], description="in seconds"),
        OpenApiParameter(
            "Idempotent-Replayed",
            str,
            OpenApiParameter.HEADER,
            response=[200, 201, 400, 413, 422],
            enum=["true"],
            description="An earlier request of this key and body got this answer already.",
        ),
    ],
    "request": {
        "application/json": {"oneOf": [schema(native.Alert), {"type": "array", "items": schema(native.Alert)}]},
        "application/x-ndjson": {"type": "string", "description": "one alert a line"},
        "application/vnd.casemgr.ocsf+json": {
            "description": "OCSF Detection Finding (class 2004, schema 1.1 to 1.9): an event, a list, or one a line",
            "type": ["object", "array"],
            "items": {"type": "object"},
        },
        "application/stix+json": {
            "description": "STIX 2.1 bundle; each sighting, observed-data, indicator and report becomes an alert",
            "type": "object",
        },
    },
    "examples": [
        OpenApiExample("one alert", value=SAMPLE, request_only=True, media_type="application/json"),
    ],
    "responses": {
        (201, "application/json"): response(Answer, "At least one alert was created.", mixed=CREATED),
        (200, "application/json"): response(Answer, "Nothing was created; there are duplicates or updates."),
        **problems(
            _400=(
                Unreadable,
                "The body is not UTF-8, not JSON, empty, or no alert at all; or a signed message has an "
                "`Idempotency-Key` other than its `webhook-id`.",
            ),
            _401=(
                Problem,
                "No API key, or one that is unknown or revoked; or a signature that is missing, stale, or matches no "
                "key: `type` ends with `signature_missing`, `signature_malformed`, `signature_stale`, "
                "`signature_early`, `signature_wrong` or `signature_without_key`, and `detail` says what to do.",
            ),
            _403=(Problem, "The key belongs to no detector, or to one that was switched off."),
            _413=(Unreadable, "The body is too large, or holds too many alerts."),
            _415=(Problem, "A media type or a Content-Encoding that is none of these."),
            _429=(Problem, "The key sends more than it may, a second or a day; `Retry-After` says when it may again."),
            _503=(
                Problem,
                "Too much is being taken in at this moment, or the database or the disk fail; `Retry-After` says when "
                "to try again. Nothing was acknowledged: the same request again does no harm.",
            ),
            _422=(AllRejected, "Every item was rejected, or the idempotency key was used for another body."),
        ),
    },
}
_READ_PROBLEMS = {"_401": (Problem, "Not signed in."), "_404": (Problem, "No such alert, or none that you may see.")}
_MOMENT = {"type": "string", "format": "date-time"}


def _parameter(name: str, schema: dict[str, Any], description: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, description=description)


def _text(longest: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest}


LIST: dict[str, Any] = {
    "tags": TAGS,
    "operation_id": "list_alerts",
    "summary": "List alerts, follow them, or find one",
    "description": (
        "* Without `updated_since`: the last changed first. `next` is null on the last page.\n"
        "* With `updated_since`: in the order of their last change, from that moment on. `next` is always there: ask "
        "again with it, as often as you like, and every alert that was created or changed in the meantime comes, at "
        "least once and as it is then. Nothing is lost to requests that are still being written: they hold the feed "
        "back until they are done.\n"
        "* With `source` and `source_ref`: that alert itself, or 404; `HEAD` asks only whether it is there.\n\n"
        "For a page at most 10,000 alerts are looked at where `kind`, `severity`, `state` or `open` is asked for: it "
        "may hold fewer than `limit`, even none, while `has_more` is true. Go on with `next` until it is false.\n\n"
        "Give the same filters with each cursor. A detector sees its own alerts."
    ),
    "parameters": [
        _parameter("source", _text(64), "the detector's slug"),
        _parameter("source_ref", _text(200), "its own reference; with source"),
        _parameter("kind", {"type": "string", "enum": list(get_args(native.Kind))}, "what kind of detector saw it"),
        _parameter("severity", {"type": "integer", "minimum": 0, "maximum": 4}, "at least so severe"),
        _parameter("state", {"type": "string", "enum": ["open", "claimed", "dismissed", "escalated"]}, "of its group"),
        _parameter("open", {"type": "boolean"}, "false: the detector took it back"),
        _parameter("account", _text(128), "an account that it names, or named once"),
        _parameter("since", _MOMENT, "changed at this time or later"),
        _parameter("until", _MOMENT, "changed before this time"),
        _parameter("updated_since", _MOMENT, "follow along from this time on; without since and until"),
        _parameter("cursor", _text(500), "`next` of the answer before"),
        _parameter("limit", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}, "alerts a page"),
    ],
    "responses": {
        (200, "application/json"): OpenApiResponse(
            {"oneOf": [schema(Page), schema(Shown)]}, description="A page, or the one alert that was named."
        ),
        **problems(
            _400=(Problem, "A parameter is wrong, or unknown."),
            _403=(Problem, "The key or the person may not read alerts."),
            **_READ_PROBLEMS,
        ),
    },
}
ONE: dict[str, Any] = {
    "tags": TAGS,
    "operation_id": "get_alert",
    "summary": "One alert by its id",
    "responses": {
        (200, "application/json"): response(Shown, "The alert and what became of it."),
        **problems(**_READ_PROBLEMS),
    },
}
