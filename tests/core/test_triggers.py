"""The index of the triggers' registry says what the library's own search would."""

import pgtrigger
import pytest
from pgtrigger import registry

from apps.core.models import Job
from apps.core.triggers import Registry


def test_every_trigger_is_in_the_index():
    index = registry._registry
    assert isinstance(index, Registry)
    assert len(index) > 500
    assert index.by_db_table == super(Registry, index).by_db_table
    assert index.pg_function_names == super(Registry, index).pg_function_names


def test_one_that_is_taken_out_leaves_it():
    trigger = pgtrigger.Protect(name="not_for_long", operation=pgtrigger.Delete)
    known = set(registry._registry.pg_function_names)
    trigger.register(Job)
    assert len(registry._registry.pg_function_names) == len(known) + 1
    trigger.unregister(Job)
    assert registry._registry.pg_function_names == known
    assert (Job._meta.db_table, "not_for_long") not in registry._registry.by_db_table


def test_a_name_is_given_once():
    first, second = (pgtrigger.Protect(name="of_one", operation=done) for done in (pgtrigger.Delete, pgtrigger.Update))
    first.register(Job)
    try:
        with pytest.raises(KeyError, match="already used"):
            second.register(Job)
    finally:
        first.unregister(Job)
