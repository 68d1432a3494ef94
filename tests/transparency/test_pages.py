"""Exports in the browser: started, looked at, released where they were withheld, downloaded and sent."""

import hashlib
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from apps.notices.models import Notice
from apps.transparency.models import Export, GeneralText
from tests.transparency.conftest import finished, send
from tests.transparency.test_export import GENERAL, planted  # noqa: F401 - fixture


def address(verb: str, export: Export) -> str:
    return reverse(f"transparency:{verb}", args=[export.ref])


def said(client: Any, url: str) -> str:
    """The words of a page, without its tags."""
    return " ".join(strip_tags(shown(client, url)).split())


def shown(client: Any, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def test_from_the_list_to_the_database(mailed, people, sign_in, database):
    counsel = sign_in(people.counsel)
    assert "No export yet" in shown(counsel, reverse("transparency:list"))
    start = reverse("transparency:start_export")
    today = timezone.now().date().isoformat()
    assert f'value="{today}"' in shown(counsel, start)  # since the first letter that has no statement
    refused = counsel.post(start, {"first_day": "2026-01-01", "last_day": "2026-01-02"})
    assert refused.status_code == 422
    assert "No letter of this period" in refused.content.decode()
    response = counsel.post(start, {"first_day": today, "last_day": today})
    export = Export.objects.get()
    assert response.url == export.get_absolute_url()
    assert "hx-get" in shown(counsel, address("progress", export))
    finished(export)
    page = said(counsel, export.get_absolute_url())
    assert "0 of 5 statements are in the database" in page
    assert "nobody can take it back" in page
    file = counsel.get(reverse("transparency:file", args=[export.ref, 1]))
    body = b"".join(file.streaming_content)
    batch = export.batches.get()
    assert hashlib.sha256(body).hexdigest() == batch.sha256
    assert f'filename="{export.ref}-0001.json"' in file["Content-Disposition"]
    counsel.post(address("send_export", export))
    assert send(export) == 1
    assert "5 of 5 statements are in the database" in said(counsel, export.get_absolute_url())
    assert "hx-get" not in shown(counsel, export.get_absolute_url())
    assert "In the database 5" in said(counsel, reverse("transparency:list"))


@pytest.mark.parametrize("planted", ["jane.doe@example.org"], indirect=True)
def test_what_is_withheld_says_why_leads_to_its_letter_and_is_released(planted, start, people, sign_in):  # noqa: F811
    export, counsel, approver = start(), sign_in(people.counsel), sign_in(people.approver)
    page = shown(counsel, export.get_absolute_url())
    assert "<code>decision_facts</code>: an e-mail address" in page
    assert "jane" not in page
    listed = shown(approver, f"{address('statements', export)}?state=withheld")
    for letter in Notice.objects.filter(state="issued"):
        assert reverse("notices:notice", args=[letter.pk]) in listed
    text = reverse("transparency:write_general_text", args=[planted.ref])
    assert text in page
    assert text not in shown(approver, export.get_absolute_url())
    assert "There is an e-mail address" in shown(counsel, text)
    refused = counsel.post(text, GENERAL | {"facts": "Ask jane@example.org."})
    assert refused.status_code == 422
    assert "There is an e-mail address in it." in refused.content.decode()
    response = counsel.post(text, GENERAL)
    assert response.url == export.get_absolute_url()
    assert GeneralText.objects.get().written_by == people.counsel
    finished(export)
    assert "Withheld" not in shown(counsel, export.get_absolute_url())


def test_without_a_database_in_the_settings_nothing_can_be_sent(export, people, sign_in):
    counsel = sign_in(people.counsel)
    page = shown(counsel, export.get_absolute_url())
    assert "The settings name no database to send to" in page
    answer = counsel.post(address("send_export", export), follow=True)
    assert "TRANSPARENCY_URL" in answer.content.decode()
    export.refresh_from_db()
    assert export.state == "ready"


def test_a_pause_is_seen_and_ended(export, people, sign_in, database, settings):
    counsel = sign_in(people.counsel)
    counsel.post(address("send_export", export))
    settings.TRANSPARENCY_TOKEN = "an-old-token"
    send(export)
    page = shown(counsel, export.get_absolute_url())
    assert "The database does not accept the token (401)." in page
    assert "an-old-token" not in page
    counsel.post(address("resume_export", export))
    counsel.post(address("pause_export", export))
    assert "Paused" in shown(counsel, address("progress", export))


def test_the_list_is_no_business_of_analysts(people, sign_in):
    assert sign_in(people.analyst).get(reverse("transparency:list")).status_code == 404
    assert "Transparency" in shown(sign_in(people.auditor), reverse("transparency:list"))
