"""The two alerters of ElastAlert2, with rules as people write them. Arguments: address, key, what to do."""

import json
import sys
import warnings
from importlib.metadata import version
from urllib.parse import urlsplit

warnings.simplefilter("ignore")

from elastalert.alerters.iris import IrisAlerter  # noqa: E402
from elastalert.alerters.thehive import HiveAlerter  # noqa: E402
from elastalert.util import EAException  # noqa: E402

MATCH = {
    "@timestamp": "2026-06-05T10:00:03Z",
    "account": "acct_1",
    "ip": "192.0.2.7",
    "rule": {"id": 7},
    "empty": None,
}


def send(alerter, *matches) -> str:
    try:
        alerter.alert(list(matches))
    except EAException as error:
        return str(error)
    return "sent"


def thehive(address: str, key: str) -> dict:
    where = urlsplit(address)
    rule = {
        "name": "volume",
        "alert_text_type": "alert_text_only",
        "hive_connection": {
            "hive_host": f"{where.scheme}://{where.hostname}",
            "hive_port": where.port,
            "hive_apikey": key,
        },
        "hive_alert_config": {
            "type": "volume",
            "source": "elastalert2",
            "title": "Volume of {0}",
            "title_args": ["account"],
            "description": "{0} asks a lot",
            "description_args": ["account"],
            "severity": 3,
            "tags": ["account", "fixed"],
            "tlp": 3,
            "status": "New",
            "follow": True,
            "customFields": [{"name": "rule", "type": "integer", "value": "rule.id"}],
        },
        "hive_observable_data_mapping": [
            {"account": "account", "tlp": 3, "tags": ["who"]},
            {"ip": "ip"},
            {"other": "empty"},
        ],
    }
    wrong = json.loads(json.dumps(rule))
    wrong["hive_alert_config"]["severity"] = 12
    return {"sent": send(HiveAlerter(rule), MATCH, MATCH), "wrong": send(HiveAlerter(wrong), MATCH)}


def iris(address: str, key: str) -> dict:
    where = urlsplit(address)
    rule = {
        "name": "Volume of one account",
        "alert_text_type": "alert_text_only",
        "iris_host": f"{where.hostname}:{where.port}",
        "iris_api_token": key,
        "iris_ignore_ssl_errors": True,
        "iris_alert_context": {"who": "account"},
        "iris_iocs": [{"ioc_value": "ip", "ioc_type_id": 79, "ioc_tlp_id": 2, "ioc_description": "", "ioc_tags": ""}],
        "iris_overwrite_timestamp": True,
    }
    case = rule | {"iris_type": "case"}
    return {"sent": send(IrisAlerter(rule), MATCH), "case": send(IrisAlerter(case), MATCH)}


if __name__ == "__main__":
    address, key, what = sys.argv[1:4]
    print(json.dumps({"version": version("elastalert2"), **globals()[what](address, key)}))
