"""TheHive's client of the generation before (thehive4py 1.8). Arguments: address, key, what to do."""

import inspect
import io
import json
import sys
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")

from thehive4py.api import TheHiveApi  # noqa: E402
from thehive4py.models import Alert, AlertArtifact, CustomFieldHelper, Version  # noqa: E402
from thehive4py.query import And, Between, Eq, Gt, In, Not, String  # noqa: E402


def alert(**changes) -> Alert:
    artifacts = [
        AlertArtifact(dataType="account", data="acct_1", tags=["b", "a"]),
        AlertArtifact(dataType="ip", data="192.0.2.7"),
        AlertArtifact(dataType="ip", data="192.0.2.7", tags=["again"], tlp=3),
        AlertArtifact(dataType="file", data=(io.BytesIO(b"hello"), "note.txt")),
    ]
    fields = CustomFieldHelper().add_string("model", "northlight-2").add_number("queries", 3).build()
    said = {"title": "Odd volume", "type": "volume", "source": "meter", "sourceRef": "m-1", "description": "A lot."}
    said |= {"tags": ["z", "y"], "date": 1780650000000, "artifacts": artifacts, "customFields": fields}
    return Alert(**said | changes)


def answer(response) -> list:
    body = response.json() if response.text else None
    return [response.status_code, body, response.headers["Content-Type"] if response.text else ""]


def work(hive: TheHiveApi) -> dict:
    hive4 = TheHiveApi(hive.url, hive.principal, version=Version.THEHIVE_4.value, organisation="northlight")
    done: dict = {"created": answer(hive.create_alert(alert()))}
    one = done["created"][1]["id"]
    done["again"] = answer(hive.create_alert(alert()))
    done["fourth"] = answer(hive4.create_alert(alert(sourceRef="m-2", externalLink="https://meter.example/2")))
    done["updated"] = answer(hive.update_alert(one, alert(title="Very odd volume", severity=4), ["title", "severity"]))
    done["whole"] = answer(hive.update_alert(one, alert(title="Very odd volume", severity=4)))
    done["artifact"] = answer(hive4.create_alert_artifact(one, AlertArtifact(dataType="account", data="acct_2")))
    file = AlertArtifact(dataType="file", data=(io.BytesIO(b"other"), "log.txt"))
    done["file"] = answer(hive4.create_alert_artifact(one, file))
    done["got"] = answer(hive.get_alert(one, similar_cases=True))
    named = And(Eq("type", "volume"), Eq("source", "meter"), Eq("sourceRef", "m-1"))
    done["found"] = [row["id"] for row in hive.find_alerts(query=named).json()]
    other = And(Gt("severity", 1), Not(In("sourceRef", ["m-1"])), Between("date", 1, 1880650000000))
    done["others"] = [row["id"] for row in hive.find_alerts(query=other, sort=["-date"], range="0-5").json()]
    done["all"] = len(hive.find_alerts().json())
    done["me"] = answer(hive.get_current_user())
    done["string"] = answer(hive.find_alerts(query=String("title:odd")))
    for name in ("mark_alert_as_read", "mark_alert_as_unread", "promote_alert_to_case", "delete_alert"):
        done[name] = answer(getattr(hive, name)(one))
    done["merge"] = answer(hive.merge_alert_into_case(one, "~3"))
    return done


def every_call(hive: TheHiveApi) -> dict:
    """Each method that asks for something by an id, or for everything."""
    hive, done = TheHiveApi(hive.url, hive.principal, version=Version.THEHIVE_4.value), {}
    for name, call in inspect.getmembers(hive, inspect.ismethod):
        wanted = [p for p in inspect.signature(call).parameters.values() if p.default is p.empty]
        texts = [
            p for p in wanted if p.kind == p.POSITIONAL_OR_KEYWORD and p.name.endswith(("_id", "principal", "url"))
        ]
        others = [p for p in wanted if p.kind == p.POSITIONAL_OR_KEYWORD]
        if not name.startswith("_") and name not in LOCAL and texts == others:
            done[name] = answer(call(*["~1"] * len(texts)))
    return done


# They read what an earlier call did not give them, or are not about an address at all.
LOCAL = ("do_patch", "find_first", "download_task_log_attachment", "download_observable_attachment")

if __name__ == "__main__":
    address, key, what = sys.argv[1:4]
    print(json.dumps({"version": version("thehive4py"), **globals()[what](TheHiveApi(address, key))}))
