"""Tags are proposed for what clauses forbid, and what a clause permits is never read as forbidden."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.policies.clauses import split_clauses
from apps.policies.history import Record, read_history
from apps.policies.tags import Conduct, Polarity, propose

SIGNS = {"-": Polarity.PROHIBITS, "+": Polarity.PERMITS, "=": Polarity.DEFINES}


def tags(text: str, **around) -> set[str]:
    """As "-resale": the clause prohibits it; + permits, = defines."""
    signs = {polarity: sign for sign, polarity in SIGNS.items()}
    return {f"{signs[one.polarity]}{one.conduct}" for one in propose(text, **around)}


# --- what governs the words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You may use Output to train your own models.", "+competing_model"),
        ("Nothing in these Terms prohibits you from using Output to train AI models.", "+competing_model"),
        ("You are not prohibited from distilling the model.", "+competing_model +extraction"),
        ("Customers are permitted to fine-tune language models on Output.", "+competing_model"),
        ("We allow you to distil our models into smaller models.", "+extraction"),
        ("You may use Output for any purpose, including training models that compete with ours.", "+competing_model"),
        ("This restriction does not apply to training classification models on Output.", "+competing_model"),
        ("For the avoidance of doubt, distillation is permitted.", "+extraction"),
        ("Distillation of the model is not prohibited.", "+extraction"),
        ("You can use automated means to access the API.", "+automated_access"),
        ("You may train models on Output, provided you credit us.", "+competing_model"),
        ("Notwithstanding the foregoing, you may extract data from the Services through the API.", "+extraction"),
        ("Using Output to train models will not be considered a breach of these Terms.", "+competing_model"),
        ("You are free to resell the Services.", "+resale"),
        ("Reselling the Services is allowed for Partners.", "+resale"),
        ("The licence grants you the right to reverse engineer the models.", "+extraction"),
        ("You may use the Services, and we do not restrict distillation.", "+extraction"),
        ("Users may create multiple accounts.", "+multiple_accounts"),
        ("There are no restrictions on training models with Output.", "+competing_model"),
        ("You retain all rights and may, without limitation, train AI models on the Output.", ""),
        ("We do not object to you training AI models.", "+competing_model"),
        ("You shall be entitled to use Outputs to develop competing models.", "+competing_model"),
        ("Output can be used to train machine learning models.", "+competing_model"),
        ("We will not prevent you from training models on Output.", "+competing_model"),
        ("We impose no limits on scraping.", "+extraction"),
        ("It is not a violation of these terms to scrape the Output.", "+extraction"),
        ("Nothing herein shall be construed to prohibit distillation.", "+extraction"),
        ("You may, but are not required to, distil the model.", "+competing_model +extraction"),
        ("The foregoing shall not restrict Customer from training AI models.", "+competing_model"),
        ("You are welcome to scrape our documentation.", "+extraction"),
        ("Training your own models with the Outputs is encouraged.", ""),
        ("You do not need our permission to train models on the Output.", "+competing_model"),
        ("No permission is needed to distil the model.", "+competing_model +extraction"),
        ("We waive any claim against users who distil the model.", ""),
        ("You will not be liable for training models on Output.", ""),
        ("The prohibition on model distillation has been removed.", ""),
        ("You may not resell the Services, but you may use Output to train models.", "+competing_model -resale"),
        ("You may sublicense your Output.", "+resale"),
        ("You may not use Output to train your own models.", "-competing_model"),
        ("Distillation is strictly prohibited.", "-extraction"),
        ("You agree not to scrape the Services.", "-extraction"),
        ("Users shall refrain from scraping the Services.", "-extraction"),
        ("Nothing in these Terms permits you to train AI models on Output.", "-competing_model"),
        ("No user may scrape the Services.", "-extraction"),
        ("You must never scrape the Services.", "-extraction"),
        ("We do not permit distillation of our models.", "-extraction"),
        ("You may use Output for any purpose other than training models that compete with us.", "-competing_model"),
        ("Except as expressly permitted, you may not scrape the Services.", "-extraction"),
        ("It is forbidden to distil the models.", "-competing_model -extraction"),
        ("Customer shall not, directly or indirectly, resell the Services.", "-resale"),
        ("You are not allowed to bypass rate limits.", "-circumvention"),
        ("Scraping the Services requires our prior written consent.", "-extraction"),
        ("Without our prior consent, you may not extract data from the service.", "-extraction"),
        ("You may use the Services provided that you do not use Output to train models.", "-competing_model"),
        ("Do not scrape.", "-extraction"),
        ("Model distillation is a violation of these Terms.", "-extraction"),
        ("You will not, and will not permit others to, train models with Output.", "-competing_model"),
        ("We prohibit model extraction.", "-extraction"),
        ("Any attempt to extract model weights is prohibited.", "-extraction"),
        ("You agree that you will not use bots to access the service.", "-automated_access"),
        ("In no event may Customer resell the Services.", "-resale"),
        ("You may only use the Services in supported countries.", "-region"),
        ("Under no circumstances may you distil the model.", "-competing_model -extraction"),
        ("You are prohibited from creating multiple accounts.", "-multiple_accounts"),
        ("Neither you nor your affiliates may resell the Services.", "-resale"),
        ("You may not permit any third party to scrape the Services.", "-extraction"),
        ("Access is limited to human users; robots are not permitted.", "-automated_access"),
        ("You shall not be permitted to train AI models on Output.", "-competing_model"),
        ("We reserve the right to suspend accounts that scrape.", ""),
        ("We may train our models on your Content.", ""),
        (
            "You may apply the Inputs and Outputs of the Services to a wide range of use cases, including "
            "personal use, academic research, derivative product development, training other models (such as "
            "model distillation), etc.",
            "+extraction +competing_model",
        ),
        (
            "(3) Users can apply the inputs and outputs of the Services to a wide range of use cases, including "
            "training other models (such as model distillation).",
            "+extraction +competing_model",
        ),
        (
            "You will not use the Llama Materials or any output or results of the Llama Materials to improve any "
            "other large language model (excluding Llama 2 or derivative works thereof).",
            "-competing_model",
        ),
        (
            "If you use the Llama Materials or any outputs or results of the Llama Materials to create, train, "
            "fine tune, or otherwise improve an AI model, which is distributed or made available, you shall also "
            "include “Llama” at the beginning of any such AI model name.",
            "",
        ),
        (
            "You may use Outputs for any lawful purpose, except to create or improve any foundational generative "
            "AI model.",
            "-competing_model",
        ),
        (
            "For the avoidance of doubt, You are allowed to use the Outputs to train Your own models.",
            "+competing_model",
        ),
        ("You retain ownership of Output and can use it to train models.", ""),
        ("You own the Output, including the right to use it for training AI models.", ""),
        (
            "We grant you a licence to use, reproduce and distribute the Outputs, including for the purpose of "
            "training machine learning models.",
            "+competing_model",
        ),
        ("You are solely responsible for the Outputs that you use to train AI models.", ""),
        ("Unless you are an enterprise customer, you may not resell the Services.", "-resale"),
        ("Only enterprise customers may resell the Services.", "+resale"),
        ("You may not resell the Services unless you are a Partner.", "-resale"),
        ("You may resell the Services only with our prior written consent.", "+resale"),
        (
            "You shall not use the Services: (a) to scrape data; (b) to train AI models; or (c) to resell "
            "access. You may, however, use Output to train your own classifiers and AI models.",
            "-extraction -competing_model +competing_model -resale",
        ),
        ("The Services may be used to develop AI models.", "+competing_model"),
        ("Customer may permit its contractors to resell the Services.", "+resale"),
        (
            "No provision of these Terms restricts you from distilling our open models into your own models.",
            "+extraction",
        ),
        ("We encourage research, including model extraction attacks, under our bug bounty.", ""),
        ("You hereby agree that we may use bots to check the Service.", ""),
        (
            "These Terms do not prohibit distillation, reverse engineering or training competing models.",
            "+extraction +competing_model",
        ),
        ("The license permits you to distil the model.", "+extraction +competing_model"),
        ("Model distillation: allowed.", ""),
        ("Model distillation: not allowed.", ""),
        ("Is distillation allowed? Yes, you may distil the model.", "+extraction +competing_model"),
        (
            "It is prohibited to use the Services outside supported countries; it is permitted to use automated "
            "means through the API.",
            "+automated_access -region",
        ),
        (
            "Without limiting the foregoing, you will not, directly or indirectly, use the API to train, "
            "fine-tune or distil a model that competes with ours.",
            "-extraction -competing_model",
        ),
        ("You must obtain our written permission before scraping the Services.", ""),
        ("Scraping is not prohibited provided that you respect robots.txt.", "+extraction"),
        ("You agree to not create multiple accounts.", "-multiple_accounts"),
        ("You will be suspended if you create multiple accounts.", ""),
        ("Users of the free tier may not train AI models with Output; users of the paid tier may.", "-competing_model"),
    ],
)
def test_words_are_read_as_what_governs_them_says(text, expected):
    assert tags(text) == set(expected.split())


@pytest.mark.parametrize(
    ("item", "around", "expected"),
    [
        ("Scrape the Services.", {"lead_in": "You may not:"}, "-extraction"),
        ("Scrape the Services.", {"lead_in": "You may:"}, "+extraction"),
        ("Scrape the Services.", {"lead_in": "You must not do this […]\nExamples of harm, including:"}, "-extraction"),
        ("Not scrape the Services.", {"lead_in": "You must:"}, "-extraction"),
        ("Scrape the Services.", {"headings": ["What you cannot do"]}, "-extraction"),
        ("Scrape the Services.", {"headings": ["What you can do"]}, "+extraction"),
        ("Scraping without prior authorization", {"lead_in": "This includes using our services for:"}, "-extraction"),
        ("Scrape the Services.", {"lead_in": "We use automated systems to find who may:"}, ""),
        ("You may scrape your own Output.", {"headings": ["Restrictions"]}, "+extraction"),
        ("To scrape other than your own Output.", {"lead_in": "You may not use the Services:"}, "-extraction"),
        ("For anything other than scraping the Services.", {"lead_in": "You may not use it:"}, "+extraction"),
    ],
)
def test_an_item_says_what_its_lead_in_and_headings_make_of_it(item, around, expected):
    assert tags(item, **around) == set(expected.split())


def test_cues_are_the_words_in_their_places():
    lead_in = "You may not use our Services for harm. For example, you may not: […]"
    [found] = propose("Use Output to develop models that compete with us.", lead_in=lead_in)
    assert [(cue.part, cue.shows) for cue in found.cues] == [("text", "conduct"), ("lead_in", "polarity")]
    conduct, rule = found.cues
    assert "Use Output to develop models that compete with us."[conduct.start : conduct.end] == "models that compete"
    assert lead_in[rule.start : rule.end] == "may not"
    assert rule.start > 30  # the second of the two


# --- paraphrases ------------------------------------------------------------------------------------------------------

CONDUCT = {
    "extraction": ("scrape the Services", "scraping the Services"),
    "competing_model": ("use Output to train artificial intelligence models", "using Output to train AI models"),
    "automated_access": ("use automated means to reach the Services", "using automated means to reach the Services"),
    "multiple_accounts": ("create more than one account", "creating more than one account"),
    "resale": ("resell the Services", "reselling the Services"),
    "circumvention": ("bypass any rate limits", "bypassing any rate limits"),
}
WHO = ["You", "Customer", "Customers", "End users", "The Customer", "Any user"]
FORBIDS = [
    "{who} may not {do}", "{who} must not {do}", "{who} shall not {do}", "{who} will not {do}", "{who} cannot {do}",
    "{who} shall not, directly or indirectly, {do}", "{who} agree not to {do}", "{who} shall never {do}",
    "{who} are prohibited from {doing}", "{who} are not permitted to {do}", "{who} shall refrain from {doing}",
    "{who} may use the Services, but may not {do}", "{who} may use Output for any purpose except {doing}",
    "Except as the law requires, {who} may not {do}", "Nothing in these Terms permits {who} to {do}",
    "We do not allow {doing}", "{Doing} is prohibited", "{Doing} is not allowed", "{Doing} requires our prior consent",
    "{who} may not help another person to {do}", "Do not {do}", "Under no circumstances may {who} {do}",
]  # fmt: skip
ALLOWS = [
    "{who} may {do}", "{who} may also {do}", "{who} can {do}", "{who} are free to {do}", "{who} are allowed to {do}",
    "{who} are not prohibited from {doing}", "Nothing in these Terms prohibits {doing}", "{Doing} is permitted",
    "We do not restrict {doing}", "We permit {who} to {do}", "{Doing} is not prohibited",
    "{who} may, if they wish, {do}",
    "This restriction does not apply to {doing}", "There are no restrictions on {doing}",
    "{who} shall be entitled to {do}",
    "{who} may not use the Services for any purpose other than {doing}", "{who} are no longer barred from {doing}",
    "{who} may not harm others, but may {do}", "{Doing} will not be considered a breach of these Terms",
]  # fmt: skip
AFTER = ["", ", subject to the Usage Policy", " in any way", " (see Section 3.3)", ", provided that the law allows it"]


@st.composite
def paraphrases(draw, forms: list[str]) -> tuple[str, str]:
    conduct = draw(st.sampled_from(sorted(CONDUCT)))
    do, doing = CONDUCT[conduct]
    sentence = draw(st.sampled_from(forms)).format(
        who=draw(st.sampled_from(WHO)), do=do, doing=doing, Doing=doing[0].upper() + doing[1:]
    )
    before = draw(st.sampled_from(["", "We may change the Services. ", "3.3. Use. ", "You must be 13 years old. "]))
    return conduct, f"{before}{sentence}{draw(st.sampled_from(AFTER))}."


@given(paraphrases(FORBIDS))
def test_however_it_is_forbidden_it_is_read_as_forbidden(clause):
    conduct, text = clause
    assert tags(text) == {f"-{conduct}"}


@given(paraphrases(ALLOWS))
def test_however_it_is_permitted_it_is_never_read_as_forbidden(clause):
    conduct, text = clause
    found = tags(text)
    assert f"-{conduct}" not in found
    assert found <= {f"+{conduct}"}


@given(st.text(alphabet='may not you scrape we . , ; ( ) \n"“” except:', max_size=200), st.text(max_size=60))
def test_any_text_is_read(text, lead_in):
    for found in propose(text, lead_in=lead_in, headings=[lead_in]):
        parts = {"text": text, "lead_in": lead_in, "heading": lead_in}
        assert all(0 <= cue.start < cue.end <= len(parts[cue.part]) for cue in found.cues)


# --- the recorded terms of real services ------------------------------------------------------------------------------

# Every clause of these records was read by a person; what is not listed speaks of none of it. Clauses by the last part
# of their address; - prohibits, + permits, = defines a word that a prohibition uses.
HAND: dict[str, dict[str, str]] = {
    "b17f2125": {
        "3.1": "-resale",
        "3.3": "-extraction -competing_model -resale -circumvention",
        "16.11": "-region",
        "16.12": "-region",
        "permitted-exception-means-customer-using-output": "+competing_model",
        "reverse-engineer-means-reverse-assemble-reverse": "=extraction",
        "supported-countries-and-territories-means-the": "=region",
    },
    "e7d6e114": {
        "bypass-security-controls-such-as-authenticated": "-circumvention",
        "coordinate-malicious-activity-across-multiple-accounts": "-multiple_accounts -circumvention",
        "circumvent-a-ban-through-the-use": "-multiple_accounts -circumvention",
        "access-or-facilitate-account-or-api": "-region",
        "intentionally-bypass-capabilities-restrictions-or-guardrails": "-circumvention",
        "utilization-of-inputs-and-outputs-to": "-extraction -competing_model",
    },
    "e0e1daa1": {
        "D.2": "-region",
        "D.4": "-extraction -competing_model -resale",
    },
    "8f977d4a": {
        "you-may-not-share-your-account": "-resale",
        "3": "-region",
        "3.2": "-competing_model -resale",
        "3.3": "-extraction",
        "3.4": "-extraction -automated_access",
        "3.7": "-automated_access",
        "you-also-must-not-abuse-harm": "-circumvention",
        "export-controls": "-region",
    },
    "5dc54447": {
        "spamming-hacking-or-bypassing-our-systems": "-circumvention",
        "jailbreaking-adversarial-prompting-or-prompt-injection": "-circumvention",
        "creating-fake-accounts-or-content-including": "-multiple_accounts",
        "reverse-engineering-our-services-or-underlying": "-extraction",
        "using-automated-means-to-access-content": "-extraction -automated_access",
        "using-ai-generated-content-from-our": "-competing_model",
        "you-may-not-copy-modify-distribute": "-resale",
        "use-restrictions": "-competing_model",
        "the-services-include-safety-features-to": "-circumvention",
    },
    "97092700": {
        "2": "-extraction -competing_model -resale -circumvention",
        "3.1": "-competing_model",
    },
    "811f51b5": {
        "registration": "-resale",
        "modifying-copying-leasing-selling-reselling-distributing": "-extraction -automated_access -resale",
        "using-the-service-or-any-output": "-extraction -competing_model -resale",
        "operating-in-a-regulated-industry-without": "-region",
    },
    "46a1b3d1": {
        "restrictions": "-multiple_accounts -resale",
        "output-ownership": "-extraction",
        "not-use-the-services-to-circumvent": "-circumvention",
        "not-interfere-with-or-circumvent-mechanisms": "-circumvention",
        "not-interfere-with-circumvent-or-bypass": "-circumvention",
        "not-bypass-attempt-to-bypass-alter": "-circumvention",
        "not-use-the-services-in-any": "-competing_model",
        "not-extract-by-permanent-or-temporary": "-extraction",
        "not-seek-to-reverse-engineer-or": "-extraction",
        "not-grant-a-license-sub-licence": "-resale",
        "not-use-our-services-for-competitive": "-competing_model",
        "not-use-outputs-to-develop-model": "-extraction -competing_model",
    },
    "2005695d": {
        "dont-use-plugins-to-circumvent-or": "-circumvention",
    },
    "a1da2dcc": {
        "2.c": "-extraction -competing_model -automated_access -resale -region",
        "4.e": "-multiple_accounts",
        "9.i": "-region",
    },
    "d9d49b2d": {
        "registration": "-resale",
        "modify-copy-lease-sell-or-distribute": "-resale",
        "attempt-to-or-assist-anyone-to": "-extraction",
        "automatically-or-programmatically-extract-data-or": "-extraction -automated_access",
        "interfere-with-or-disrupt-our-services": "-circumvention",
        "use-output-to-develop-models-that": "-competing_model",
        "trade-controls": "-region",
    },
    "a1fe1808": {
        "3": "-circumvention",
    },
    "82bced3f": {
        "2.2.1": "-extraction",
        "2.2.2": "-extraction +extraction -automated_access +automated_access",
        "2.2.3": "-competing_model",
        "2.2.4": "-resale",
        "2.2.5": "-extraction -automated_access -resale",
        "2.2.9": "-competing_model",
        "2.2.11": "-circumvention",
        "2.2.14": "-extraction -automated_access",
        "3.3": "-competing_model",
        "8.1": "-extraction -resale -circumvention",
        "you-acknowledge-that-your-permission-to": "-circumvention",
    },
}


@pytest.fixture(scope="module")
def clauses(real_terms):
    found = {}
    for record in read_history(real_terms):
        assert isinstance(record, Record)
        if record.commit[:8] in HAND:
            found[record.commit[:8]] = split_clauses(record.text)
    return found


@pytest.mark.parametrize("commit", HAND)
def test_the_clauses_of_real_terms_are_tagged_as_a_person_reads_them(clauses, commit):
    read = [(c.address.rpartition("/")[2], tags(c.text, lead_in=c.lead_in, headings=c.path)) for c in clauses[commit]]
    by_hand = [(place, set(tagged.split())) for place, tagged in HAND[commit].items()]
    assert [(place, tagged) for place, tagged in read if tagged] == by_hand


def test_no_clause_that_permits_something_is_read_as_forbidding_it(clauses):
    """The definition of the exceptions from a prohibition, and search engines' permission inside another."""
    permitting = {address for tagged in HAND.values() for address, found in tagged.items() if "+" in found}
    assert permitting == {"permitted-exception-means-customer-using-output", "2.2.2"}


def test_every_kind_of_conduct_is_found_in_real_terms():
    assert {tag[1:] for tagged in HAND.values() for found in tagged.values() for tag in found.split()} == set(Conduct)
