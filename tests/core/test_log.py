"""The log says what went wrong, and no secrets."""

import logging

import pytest
from django.test import Client, override_settings
from django.urls import path


def fail(request):
    secret = "cmk_thisisakey"
    raise RuntimeError(f"broken, with a variable of {len(secret)} characters")


urlpatterns = [path("fail/", fail)]


@override_settings(ROOT_URLCONF=__name__, LOGIN_URL="/")
def test_an_error_is_logged_with_its_request_but_without_values_of_variables(db, caplog, capsys):
    fail.login_required = False
    with caplog.at_level(logging.INFO):
        assert Client(raise_request_exception=False).get("/fail/").status_code == 500
    text = caplog.text + "".join(capsys.readouterr())
    assert "broken, with a variable of 14 characters" in text
    assert "request_id" in text
    assert "cmk_thisisakey" not in text.replace('secret = "cmk_thisisakey"', "")


def test_a_request_that_went_well_is_not_worth_a_line(db, caplog):
    with caplog.at_level(logging.INFO):
        assert Client().get("/healthz").status_code == 200
    assert not [record for record in caplog.records if "request" in record.getMessage()]


@pytest.fixture(autouse=True)
def _root_at_info():
    """As in production: INFO from casemgr, WARNING from the middleware that logs requests."""
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.INFO)
    yield
    logging.getLogger().setLevel(level)
