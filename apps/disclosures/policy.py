"""What each audience of a report may see, field by field: a table for lawyers to read.

A field that is not in the table is withheld from everybody.

keep              shows it
withhold <rule>   replaces it by the rule, and takes it out of every text of the report
omit <rule>       replaces it by the rule; for what identifies nobody by itself, such as a country
pseudonym <kind>  replaces it, in texts too, by a label that is the same throughout one report and means nothing outside
month             keeps year and month
small             suppresses counts under SMALL_CELL
cell              the same for counts that add up: with a single small one the next smallest goes too, and what is
                  counted beside a suppressed number of accounts goes with it
"""

AUDIENCES = ("regulator", "partner", "public")
SMALL_CELL = 5

# rule: (what stands in place of the value, why)
RULES = {
    "unlisted": ("no policy", "no policy names this field"),
    "staff": ("staff name", "names of our staff"),
    "holder": ("personal data", "personal data of account holders"),
    "organisation": ("organisation", "an organisation is named only where that is necessary"),
    "account": ("account", "identifiers and particulars of single accounts"),
    "method": ("method", "detail that would help to evade detection"),
    "evidence": ("evidence", "evidence is described, not handed over"),
    "small": ("small count", f"counts under {SMALL_CELL}, and counts from which they could be worked out"),
    "month": ("exact day", "exact days"),
}

# path: (regulator, partner, public). `[]` stands for each item of a list.
POLICY = {
    "reference": ("keep", "keep", "keep"),
    "taken_at": ("keep", "keep", "keep"),
    "provider.name": ("keep", "keep", "keep"),
    "provider.address": ("keep", "keep", "keep"),
    "provider.contact": ("keep", "keep", "keep"),
    "case.ref": ("keep", "keep", "keep"),
    "case.title": ("keep", "keep", "keep"),
    "case.state": ("keep", "keep", "keep"),
    "case.opened_on": ("keep", "keep", "month"),
    "case.lead": ("keep", "withhold staff", "withhold staff"),
    "active_from": ("keep", "keep", "month"),
    "active_until": ("keep", "keep", "month"),
    "summary[]": ("keep", "keep", "keep"),
    "method[]": ("keep", "keep", "keep"),
    "limits[]": ("keep", "keep", "keep"),
    "figures[].key": ("keep", "keep", "keep"),
    "figures[].label": ("keep", "keep", "keep"),
    "figures[].value": ("keep", "keep", "small"),
    "figures[].unit": ("keep", "keep", "keep"),
    "figures[].source": ("keep", "keep", "omit method"),
    "activity[].day": ("keep", "keep", "keep"),
    "activity[].exchanges": ("keep", "keep", "cell"),
    "activity[].accounts": ("keep", "keep", "cell"),
    "marks[].day": ("keep", "keep", "month"),
    "marks[].label": ("keep", "keep", "keep"),
    "countries[].country": ("keep", "keep", "keep"),
    "countries[].accounts": ("keep", "keep", "cell"),
    "countries[].exchanges": ("keep", "keep", "cell"),
    "parties[].name": ("keep", "pseudonym organisation", "pseudonym organisation"),
    "parties[].role": ("keep", "keep", "keep"),
    "parties[].country": ("keep", "keep", "omit organisation"),
    "techniques[].id": ("keep", "keep", "keep"),
    "techniques[].name": ("keep", "keep", "keep"),
    "findings[].number": ("keep", "keep", "keep"),
    "findings[].text": ("keep", "keep", "keep"),
    "findings[].likelihood": ("keep", "keep", "keep"),
    "findings[].limits": ("keep", "keep", "keep"),
    "findings[].clauses[].document": ("keep", "keep", "keep"),
    "findings[].clauses[].address": ("keep", "keep", "keep"),
    "findings[].clauses[].lead_in": ("keep", "keep", "keep"),
    "findings[].clauses[].text": ("keep", "keep", "keep"),
    "findings[].clauses[].version_date": ("keep", "keep", "keep"),
    "findings[].clauses[].sha256": ("keep", "keep", "keep"),
    "findings[].exhibits[]": ("keep", "keep", "keep"),
    "findings[].alternatives[].text": ("keep", "keep", "keep"),
    "findings[].alternatives[].outcome": ("keep", "keep", "keep"),
    "findings[].confirmed_on": ("keep", "keep", "month"),
    "findings[].proposed_by": ("keep", "withhold staff", "withhold staff"),
    "findings[].confirmed_by": ("keep", "withhold staff", "withhold staff"),
    "exhibits[].ref": ("keep", "keep", "keep"),
    "exhibits[].title": ("keep", "keep", "keep"),
    "exhibits[].kind": ("keep", "keep", "keep"),
    "exhibits[].shows": ("keep", "keep", "omit method"),
    "exhibits[].collected_on": ("keep", "keep", "month"),
    "exhibits[].collected_by": ("keep", "withhold staff", "withhold staff"),
    "exhibits[].sha256": ("keep", "keep", "keep"),
    "exhibits[].file_name": ("keep", "withhold evidence", "withhold evidence"),
    "exhibits[].strength": ("keep", "keep", "keep"),
    "exhibits[].cap": ("keep", "keep", "keep"),
    "decisions[].action": ("keep", "keep", "keep"),
    "decisions[].scope": ("keep", "keep", "keep"),
    "decisions[].decided_on": ("keep", "keep", "month"),
    "decisions[].accounts": ("keep", "keep", "cell"),
    "decisions[].proposed_by": ("keep", "withhold staff", "withhold staff"),
    "decisions[].approved_by": ("keep", "withhold staff", "withhold staff"),
    "accounts[].ref": ("keep", "pseudonym account", "withhold account"),
    "accounts[].holder": ("withhold holder", "withhold holder", "withhold holder"),
    "accounts[].organisation": ("keep", "pseudonym organisation", "withhold organisation"),
    "accounts[].country": ("keep", "keep", "omit account"),
    "accounts[].plan": ("keep", "keep", "omit account"),
    "accounts[].created_on": ("keep", "month", "omit account"),
    "accounts[].first_active": ("keep", "month", "omit account"),
    "accounts[].last_active": ("keep", "month", "omit account"),
    "accounts[].exchanges": ("keep", "keep", "omit account"),
    "accounts[].ring": ("keep", "keep", "omit account"),
}
