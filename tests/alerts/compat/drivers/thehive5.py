"""TheHive's client of today (thehive4py 2), as a detector would use it. Arguments: address, key, what to do."""

import inspect
import json
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from thehive4py import TheHiveApi
from thehive4py.endpoints._base import EndpointBase
from thehive4py.errors import TheHiveError
from thehive4py.query.filters import Eq, Gte, In, Like
from thehive4py.query.page import Paginate
from thehive4py.query.sort import Asc, Desc

ALERT = {
    "type": "linkage",
    "source": "ring-finder",
    "sourceRef": "ring-41",
    "title": "Forty accounts on one card",
    "description": "One card pays for forty accounts.",
    "severity": 3,
    "date": 1780650000000,
    "tags": ["ring", "card"],
    "tlp": 3,
    "customFields": {"queries": 541233, "model": "northlight-2"},
    "observables": [
        {"dataType": "account", "data": ["acct_1", "acct_2"], "tags": ["member"]},
        {"dataType": "ip", "data": "192.0.2.7", "ioc": True},
        {"dataType": "ip", "data": "192.0.2.7", "tags": ["again"]},
    ],
}


FILES = tempfile.TemporaryDirectory()


def sample() -> str:
    path = Path(FILES.name) / "sample.bin"
    path.write_bytes(b"\x00\r\n--not a boundary\r\n\xff")
    return str(path)


def work(hive: TheHiveApi) -> dict:
    """What a forwarder does in its life."""
    done: dict = {"created": hive.alert.create(ALERT)}
    one = done["created"]["_id"]
    done["again"] = hive.alert.create(ALERT)
    done["undated"] = [hive.alert.create({k: v for k, v in ALERT.items() if k != "date"} | {"sourceRef": "u"})
                       for _ in range(2)]  # fmt: skip
    attached = ALERT | {"sourceRef": "with-file", "observables": [{"dataType": "file", "attachment": "part1"}]}
    done["attached"] = hive.alert.create(attached, attachment_map={"part1": sample()})
    hive.alert.update(one, {"title": "Forty-one accounts on one card", "severity": 4, "addTags": ["grown"]})
    done["updated"] = hive.alert.get(one)
    done["observable"] = hive.alert.create_observable(one, {"dataType": "account", "data": "acct_3"})
    done["file"] = hive.alert.create_observable(one, {"dataType": "file", "tags": ["log"]}, sample())
    done["observables"] = hive.alert.find_observables(one)
    hive.alert.bulk_update({"ids": [one, done["attached"]["_id"]], "tlp": 2})
    hive.alert.follow(one)
    mine = Eq("type", "linkage") & Eq("source", "ring-finder") & Eq("sourceRef", "ring-41")
    done["found"] = [row["_id"] for row in hive.alert.find(filters=mine)]
    liked = Like("title", "forty") & Gte("severity", 3) & In("status", ["New", "InProgress"])
    done["liked"] = [row["_id"] for row in hive.alert.find(filters=liked | Eq("_id", one), sortby=Asc("date"))]
    done["page"] = [row["_id"] for row in hive.alert.find(sortby=Desc("_createdAt"), paginate=Paginate(0, 2))]
    done["count"] = [hive.alert.count(), hive.alert.count(~Eq("sourceRef", "ring-41"))]
    done["me"] = hive.user.get_current()
    done["unknown filter"] = refused(hive.alert.find, Eq("customFields.queries", 3))
    done["bad"] = refused(hive.alert.create, {"type": "x"})
    done["closed"] = refused(hive.alert.update, one, {"status": "Ignored"})
    return done


def refused(call, *arguments) -> list:
    try:
        return ["done", repr(call(*arguments))]
    except TheHiveError as error:
        return [error.response.status_code if error.response is not None else "not sent", error.message]


def strict(hive: TheHiveApi) -> dict:
    return {"created": hive.alert.create(ALERT)["_id"], "again": refused(hive.alert.create, ALERT)}


def basic(hive: TheHiveApi) -> dict:
    api = TheHiveApi(hive.session.hive_url, username="anything", password=sys.argv[2])
    wrong = TheHiveApi(hive.session.hive_url, apikey="cmk_no_key")
    return {"created": api.alert.create(ALERT)["_id"], "wrong": refused(wrong.alert.create, ALERT)}


def every_call(hive: TheHiveApi) -> dict:
    """Each method of each endpoint, with an argument of each kind: what the client makes of the answer."""
    known, done = hive.alert.create(ALERT)["_id"], {}
    for name, endpoint in vars(hive).items():
        if isinstance(endpoint, EndpointBase):
            for method, call in inspect.getmembers(endpoint, inspect.ismethod):
                if not method.startswith("_"):
                    arguments = [argument(p, known if name == "alert" else "~1") for p in required(call)]
                    done[f"{name}.{method}"] = refused(call, *arguments)
    return done


def required(call) -> list[inspect.Parameter]:
    return [p for p in inspect.signature(call).parameters.values() if p.default is p.empty]


def argument(parameter: inspect.Parameter, known: str):
    if parameter.name.endswith("_paths"):
        return [sample()]
    if parameter.name.endswith("_path"):
        return sample()
    if parameter.name.endswith("ids"):
        return [known]
    kind = str(parameter.annotation)
    return known if "str" in kind and "Dict" not in kind and "List" not in kind else [] if "List" in kind else {}


if __name__ == "__main__":
    address, key, what = sys.argv[1:4]
    began = time.monotonic()
    found = globals()[what](TheHiveApi(address, apikey=key))
    print(json.dumps({"version": version("thehive4py"), "seconds": time.monotonic() - began, **found}))
