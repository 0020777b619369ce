"""Queries that are compiled once give what Django's own give, run for run."""

from datetime import timedelta

import pytest

from core import clock
from core.compiled import CompiledQuery, slot
from core.models import DataVersion, Job

pytestmark = pytest.mark.django_db


def test_each_run_has_its_own_values(django_assert_num_queries):
    DataVersion.objects.bulk_create([DataVersion(name="a", number=1), DataVersion(name="b", number=2)])
    built = []

    def build():
        built.append(1)
        return DataVersion.objects.filter(name=slot("name")).values_list("name", "number")

    query = CompiledQuery(build)
    with django_assert_num_queries(3):
        assert query.rows(name="a") == [("a", 1)]
        assert query.rows(name="b") == [("b", 2)]
        assert query.rows(name="x' OR 1=1 -- ") == []
    assert len(built) == 1


def test_moments_are_written_as_the_engine_wants_them():
    now = clock.now()
    Job.objects.create(kind="old", started_at=now - timedelta(days=2))
    Job.objects.create(kind="new", started_at=now)
    query = CompiledQuery(lambda: Job.objects.filter(started_at__gt=slot("since")).order_by().values_list("kind"))
    assert query.rows(since=now - timedelta(days=1)) == [("new",)]
    assert query.rows(since=now) == []


def test_a_missing_value_is_an_error():
    query = CompiledQuery(lambda: DataVersion.objects.filter(name=slot("name")).values_list("number"))
    with pytest.raises(KeyError, match="name"):
        query.rows()
