# ruff: noqa: F401
"""The rooms' own fixtures: what waits for somebody is made there."""

from tests.alerts.conftest import detector, receive, register
from tests.cases.conftest import add_exhibit, case, collect, confirmed, decide, finding, propose, ready, terms
