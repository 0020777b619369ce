"""Queries that are compiled once give what Django's own give, run for run."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db.models.functions import Length

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


def test_objects_are_those_of_django_with_annotations_and_relations(django_assert_num_queries):
    user = get_user_model().objects.create(email="sokha@example.com")
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="core")[:2])
    query = CompiledQuery(
        lambda: (
            Permission.objects.filter(user=slot("user"))
            .select_related("content_type")
            .annotate(letters=Length("codename"))
            .order_by("pk")
        )
    )
    own = Permission.objects.filter(user=user).select_related("content_type").order_by("pk")
    assert len(own) == 2
    for _ in range(2):
        with django_assert_num_queries(1):
            found = query.objects(user=user.pk)
            assert [(one.pk, one.codename, one.content_type.app_label) for one in found] == [
                (one.pk, one.codename, one.content_type.app_label) for one in own
            ]
            assert [one.letters for one in found] == [len(one.codename) for one in own]
    assert query.first(user=0) is None
    assert query.first(user=user.pk) == own[0]


def test_objects_have_converted_values():
    now = clock.now()
    Job.objects.create(kind="new", started_at=now)
    query = CompiledQuery(lambda: Job.objects.filter(kind=slot("kind")).only("kind", "started_at"))
    rows = query.rows(kind="new")
    assert [one.started_at for one in query.objects_of(rows)] == [now]
    assert query.first(kind="new").get_deferred_fields() >= {"finished_at"}
