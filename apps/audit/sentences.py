"""One plain sentence per event.

A room words its verbs in `templates/audit/verbs/<app>.<verb>.html` (or `.txt`), one line each; the generic sentence
stands in where there is none. No full stop at the end; keep to the past tense:

    {{ actor }} assigned {{ object }} to {{ new.assignee }}
    {{ actor }} added {{ rows }} accounts to {{ object }}: {{ details.how }}

The context, the same for every verb:

    actor        who did it, by name: "Ada Analyst", "casemgr (worker)", "detector volume-watch"
    on_behalf_of for whom casemgr worked, by name; empty where nobody asked
    object       the object as it is called now (`str(row)`), a link where it has a page; "F-2026-0001". Empty for a
                 batch that is about no single row
    kind         what the object is, in words: "alert group"
    new, old     what the event wrote, and what was there, by field name. Choices by their label, foreign keys as
                 the name of the other row, times as datetimes: `{{ new.state }}`, `{{ new.due_at|date:"Y-m-d" }}`.
                 Values that the trail only commits to read "(withheld)". A column that did not change is empty
    details      what the action added: `ledger.note(row, methods=...)` gives `{{ details.methods }}`
    rows         how many rows a batch wrote, all tables together; `tables` maps table to number
    reason       the reason given, or empty. The page shows it below the sentence: no need to repeat it
    case         reference of the case file it belongs to, or empty
    verb         "cases.assign"
    at           when
    event        the entry itself (`apps.audit.models.Event`)

Everything is escaped. A template that ends in .txt is written without HTML.
"""
