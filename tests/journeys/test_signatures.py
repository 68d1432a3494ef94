"""A detector is brought to sign, in a real browser, and its key is changed without a gap."""

import json
import re

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from playwright.sync_api import Page, expect

from apps.alerts.models import Detector, SigningKey
from apps.staff.actions import issue_api_key
from tests.alerts.conftest import alert
from tests.alerts.signatures.conftest import public, signed

ADMIN = "emre.larkhill"


def test_a_detector_is_brought_to_sign_and_changes_its_key(window, story):
    detector = Detector.objects.order_by("slug")[0]
    body = json.dumps(alert(source=detector.slug)).encode()
    client = Client(headers={"Authorization": f"Bearer {issue_api_key(detector.service_account, by=story.emre)[1]}"})

    def status(*keys: object, id: str = "msg_1") -> int:
        made = signed(body, *keys, id=id) if keys else {}
        return client.post("/api/v1/alerts", body, content_type="application/json", headers=made).status_code

    page = window(ADMIN)
    page.goto(f"/detectors/{detector.pk}/")
    card = page.locator("#signatures")
    expect(card.get_by_text("It does not sign")).to_be_visible()
    card.get_by_role("link", name="Set a key").click()
    page.get_by_label("Why", exact=True).fill("Its API key lies in a shared store.")
    page.get_by_role("button", name="Set the key").click()
    shown = page.get_by_role("status").filter(has_text="shown only now")
    secret = re.search(r"whsec_\S+", shown.inner_text())[0]
    expect(card.get_by_text("none yet")).to_be_visible()
    assert (status(), status(secret)) == (201, 200)

    page.goto(f"/detectors/{detector.pk}/")
    expect(card.get_by_text("none yet")).to_have_count(0)
    card.get_by_role("link", name="Have it sign").click()
    page.get_by_label("It has to sign").check()
    page.get_by_label("Why", exact=True).fill("It signs since this morning.")
    page.get_by_role("button", name="Save").click()
    expect(card.get_by_text("Has to sign")).to_be_visible()
    assert status() == 401
    page.reload()
    expect(card.get_by_text("are missing")).to_be_visible()

    key = Ed25519PrivateKey.generate()
    change_to(page, key)
    expect(card.get_by_text("In force until")).to_be_visible()
    assert (status(secret, id="msg_2"), status(key, id="msg_3")) == (200, 200)

    old = SigningKey.objects.get(method="hmac").fingerprint
    card.get_by_role("link", name=f"End the key {old}").click()
    page.get_by_label("Why it ends").fill("All of its machines have the new one.")
    page.get_by_role("button", name="End the key").click()
    expect(card.get_by_text("Ended", exact=True)).to_be_visible()
    assert (status(secret, id="msg_4"), status(key, id="msg_5")) == (401, 200)


def change_to(page: Page, key: Ed25519PrivateKey) -> None:
    """With the overlap that the form offers."""
    page.locator("#signatures").get_by_role("link", name="Change the key").click()
    page.get_by_label("Ed25519: the detector keeps its private key").check()
    page.get_by_label("Why", exact=True).fill("Nobody but the detector needs to have the key.")
    page.get_by_role("textbox", name="Public key").fill(public(key))
    page.get_by_role("button", name="Set the key").click()
