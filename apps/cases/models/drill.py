"""What the database itself refuses of drills (R18), whichever way a row comes."""

import pgtrigger


def never_leaves(name: str, states: tuple[str, ...] = (), *, drafts: bool = False) -> pgtrigger.Trigger:
    """For tables of what is handed out: no row of a drill gets into one of these states, or, unless `drafts` may be
    written to exercise with, is made at all."""
    refused = [f"NEW.state = '{state}'" for state in states] + ([] if drafts else ["TG_OP = 'INSERT'"])
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=f"""
            IF ({" OR ".join(refused)})
               AND EXISTS (SELECT FROM cases_case WHERE id = NEW.case_id AND drill <> '') THEN
                RAISE EXCEPTION 'what is of a drill never enters a disclosure'
                USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
            END IF;
            RETURN NEW;
        """,
    )


def stays_apart(name: str, other: str) -> pgtrigger.Trigger:
    """For rows of a case: what they bring (`other` selects whether it is of a drill) is of a drill as the case is."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
            IF EXISTS (SELECT FROM cases_case c, LATERAL ({other}) brought (drill)
                       WHERE c.id = NEW.case_id AND (c.drill <> '') <> (brought.drill <> '')) THEN
                RAISE EXCEPTION 'drills and real cases are kept apart'
                USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
            END IF;
            RETURN NEW;
        """,
    )


STAYS_A_DRILL = pgtrigger.Trigger(
    name="a_drill_stays_one",
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("drill"),
    condition=~pgtrigger.Q(old__drill="") & pgtrigger.Q(old__drill__df=pgtrigger.F("new__drill")),
    func="""
        RAISE EXCEPTION 'what was opened as a drill stays one'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_drill_stays_one';
    """,
)
