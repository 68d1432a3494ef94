"""DFIR-IRIS's client (dfir-iris-client). Arguments: address, key, what to do."""

import inspect
import json
import logging
import sys
from importlib.metadata import version

from dfir_iris_client.admin import AdminHelper
from dfir_iris_client.alert import Alert
from dfir_iris_client.case import Case
from dfir_iris_client.customer import Customer
from dfir_iris_client.global_search import global_search_notes
from dfir_iris_client.session import ClientSession
from dfir_iris_client.users import User

logging.disable(logging.CRITICAL)

ALERT = {
    "alert_title": "Ring of accounts",
    "alert_description": "They ask the same at the same time.",
    "alert_source": "ring-finder",
    "alert_source_ref": "ring-7",
    "alert_source_link": "https://rings.example/7",
    "alert_severity_id": 5,
    "alert_status_id": 2,
    "alert_customer_id": 1,
    "alert_source_event_time": "2026-06-05T10:00:03.500",
    "alert_tags": "ring,synchrony",
    "alert_context": {"window": "24h"},
    "alert_source_content": {"rule": {"id": 100200, "level": 12}},
    "alert_iocs": [
        {"ioc_value": "192.0.2.7", "ioc_type_id": 79, "ioc_tlp_id": 1, "ioc_tags": "b,a"},
        {"ioc_value": "192.0.2.7", "ioc_type_id": 79, "ioc_tlp_id": 1, "ioc_tags": "c"},
    ],
    "alert_assets": [{"asset_name": "acct_1", "asset_type_id": 1}, {"asset_name": "acct_2", "asset_type_id": 1}],
}


def answer(response) -> list:
    return [bool(response), response.get_msg(), response.get_data()]


def work(session: ClientSession) -> dict:
    alerts = Alert(session)
    done: dict = {"added": answer(alerts.add_alert(ALERT))}
    number = done["added"][2]["alert_id"]
    done["again"] = answer(alerts.add_alert(ALERT))
    done["got"] = answer(alerts.get_alert(number))
    more = {"alert_title": "Larger ring", "alert_severity_id": 6, "alert_status_id": 2,
            "alert_assets": [{"asset_name": "acct_3", "asset_type_id": 1}]}  # fmt: skip
    done["updated"] = answer(alerts.update_alert(number, more))
    done["listed"] = answer(alerts.get_alerts([number]))
    done["filtered"] = answer(alerts.filter_alerts(alert_source="ring-finder", alert_title="ring", per_page=5))
    done["none"] = answer(alerts.filter_alerts(alert_title="nothing of the kind"))
    done["missing"] = answer(alerts.add_alert({"alert_title": "x", "alert_severity_id": None}))
    done["wrong"] = answer(alerts.add_alert(ALERT | {"alert_severity_id": 99}))
    done["closed"] = answer(alerts.update_alert(number, {"alert_status_id": 6}))
    done["escalated"] = answer(alerts.escalate_alert(number, [], [], "note", "title", "tags"))
    done["merged"] = answer(alerts.merge_alert(number, 1, [], [], "note"))
    done["unmerged"] = answer(alerts.unmerge_alert(number, 1))
    done["deleted"] = answer(alerts.delete_alert(number))
    done["nobody"] = answer(alerts.get_alert(12))
    return done


def key(session: ClientSession) -> dict:
    try:
        ClientSession(apikey="cmk_no_key", host=sys.argv[1])
    except ValueError as error:
        return {"wrong": str(error)}
    return {}


def every_call(session: ClientSession) -> dict:
    """Each method that takes numbers, names or nothing; what the client sends is what counts."""
    done: dict = {"search": answer(global_search_notes(session, "ring"))}
    for thing in (Case(session), AdminHelper(session), Customer(session), User(session)):
        for name, call in inspect.getmembers(thing, inspect.ismethod):
            wanted = [p for p in inspect.signature(call).parameters.values() if p.default is p.empty]
            if not name.startswith("_") and all(p.annotation in (int, str) for p in wanted):
                try:
                    found = call(*[1 if p.annotation is int else "name" for p in wanted])
                except Exception as error:
                    done[f"{type(thing).__name__}.{name}"] = ["raised", f"{type(error).__name__}: {error}"]
                else:
                    if hasattr(found, "get_msg"):
                        done[f"{type(thing).__name__}.{name}"] = [bool(found), found.get_msg()]
    return done


if __name__ == "__main__":
    address, apikey, what = sys.argv[1:4]
    found = globals()[what](ClientSession(apikey=apikey, host=address))
    print(json.dumps({"version": version("dfir-iris-client"), **found}))
