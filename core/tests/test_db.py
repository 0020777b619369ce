"""Transactions: repeated when the database asks for it, never half committed."""

import pytest
from django.db import OperationalError, connection, connections, transaction

from core.db import (
    LockedRowsSkipped,
    atomic_retry,
    count_each,
    is_outermost,
    trust_a_fresh_connection,
    waits_for_locks,
)
from core.models import Job


class Flaky:
    """A deed that fails with these errors before it succeeds."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.runs = 0
        self.waited = []

    def deed(self):
        self.runs += 1
        self.waited.append(waits_for_locks())
        Job.objects.create(kind="flaky")
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def run(flaky):
    @atomic_retry
    def flaky_deed():
        return flaky.deed()

    return flaky_deed()


@pytest.mark.django_db
def test_a_deadlock_is_repeated_and_leaves_one_row():
    flaky = Flaky(OperationalError(1213, "Deadlock found"), OperationalError(1205, "Lock wait timeout"))
    assert run(flaky) == "done"
    assert flaky.runs == 3
    assert Job.objects.count() == 1


@pytest.mark.django_db
def test_after_four_tries_the_error_is_told():
    flaky = Flaky(*[OperationalError(1213, "Deadlock found")] * 4)
    with pytest.raises(OperationalError):
        run(flaky)
    assert flaky.runs == 4
    assert Job.objects.count() == 0


@pytest.mark.django_db
def test_other_database_errors_are_not_repeated():
    flaky = Flaky(OperationalError(1054, "Unknown column"))
    with pytest.raises(OperationalError):
        run(flaky)
    assert flaky.runs == 1


@pytest.mark.django_db
def test_skipped_rows_make_the_next_run_wait():
    flaky = Flaky(LockedRowsSkipped())
    assert run(flaky) == "done"
    assert flaky.waited[1] is True
    assert Job.objects.count() == 1


@pytest.mark.django_db
def test_inside_another_transaction_it_joins_and_does_not_repeat():
    flaky = Flaky(OperationalError(1213, "Deadlock found"))
    with pytest.raises(OperationalError), transaction.atomic():
        assert not is_outermost()
        run(flaky)
    assert flaky.runs == 1


@pytest.mark.django_db(transaction=True)
def test_a_swallowed_deadlock_cannot_commit_the_other_half():
    from django.db import connection

    def deadlock(execute, sql, params, many, context):
        if "core_job" in sql and "INSERT" in sql:
            raise OperationalError(1213, "Deadlock found")
        return execute(sql, params, many, context)

    with pytest.raises(transaction.TransactionManagementError), transaction.atomic():
        connection.execute_wrappers.insert(0, connection.execute_wrappers.pop())
        with connection.execute_wrapper(deadlock):
            try:
                Job.objects.create(kind="swallowed")
            except OperationalError:
                Job.objects.count()


@pytest.mark.services
@pytest.mark.django_db
def test_the_server_cuts_no_joined_list():
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@SESSION.group_concat_max_len, @@SESSION.sql_mode")
        assert cursor.fetchone() == (1048576, "STRICT_TRANS_TABLES")


@pytest.mark.django_db
def test_several_counts_are_one_query(django_assert_num_queries):
    Job.objects.bulk_create([Job(kind=kind) for kind in ("a", "a", "a", "b")])
    of = {kind: Job.objects.filter(kind=kind) for kind in ("a", "b", "c")}
    with django_assert_num_queries(1):
        assert count_each([of["a"], of["a"][:2], of["b"], of["c"]]) == [3, 2, 1, 0]


@pytest.mark.django_db
@pytest.mark.parametrize(("rested", "is_trusted"), [(0.0, True), (0.49, True), (0.51, False), (None, False)])
def test_only_a_connection_that_has_just_answered_is_not_asked_whether_it_lives(monkeypatch, rested, is_trusted):
    Job.objects.count()
    ours = connections["default"]
    now = ours.answered_at + (rested or 0.0)
    monkeypatch.setattr("core.db.time.monotonic", lambda: now)
    monkeypatch.setattr(ours, "health_check_done", False)
    if rested is None:
        monkeypatch.setattr(ours, "answered_at", None)
    trust_a_fresh_connection()
    assert ours.health_check_done is is_trusted
