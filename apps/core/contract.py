"""The API's contract in OpenAPI terms, made from the types that decode what is sent, so that the two cannot differ."""

from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from msgspec import Struct


class Problem(Struct):
    """RFC 9457. `type` is `about:blank` or `urn:casemgr:problem:<code>`."""

    type: str
    title: str
    status: int
    detail: str


def schema(type_: Any) -> dict:
    """JSON schema of a type with nothing referred to, as OpenAPI 3.1 takes it."""
    whole = msgspec.json.schema(type_)
    definitions = whole.pop("$defs", {})

    def inline(node: Any) -> Any:
        if isinstance(node, list):
            return [inline(child) for child in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return inline(definitions[node["$ref"].rpartition("/")[2]])
        if (several := node.get("prefixItems")) and all(one == several[0] for one in several):
            # A pair of numbers, said as more programs that read schemas understand it.
            node = {key: value for key, value in node.items() if key != "prefixItems"} | {"items": several[0]}
        return {key: inline(value) for key, value in node.items()}

    return inline(whole)


def response(type_: Any, description: str, **examples: Any) -> OpenApiResponse:
    shown = [OpenApiExample(name.replace("_", " "), value=value) for name, value in examples.items()]
    return OpenApiResponse(schema(type_), description=description, examples=shown)


def problems(**by_status: tuple[type, str]) -> dict[tuple[int, str], OpenApiResponse]:
    media_type = "application/problem+json"
    return {(int(s[1:]), media_type): response(type_, text) for s, (type_, text) in by_status.items()}
