"""A repeated request gets the first answer."""

import pytest
import time_machine

from core.idempotency import answer_once, fingerprint
from core.models import IdempotencyKey
from core.refusals import Conflict, Refusal
from core.tasks import forget_old_idempotency_keys

pytestmark = pytest.mark.django_db


class Operation:
    """An operation that counts how often it ran."""

    def __init__(self, error=None):
        self.runs = 0
        self.error = error

    def __call__(self):
        self.runs += 1
        if self.error:
            raise self.error
        return 201, {"code": f"run {self.runs}"}


def test_the_second_request_gets_the_first_answer():
    operation = Operation()
    first = answer_once("orders:guest", "k1", {"a": 1, "b": 2}, operation)
    again = answer_once("orders:guest", "k1", {"b": 2, "a": 1}, operation)
    assert first == again == (201, {"code": "run 1"})
    assert operation.runs == 1


def test_keys_belong_to_their_scope():
    operation = Operation()
    answer_once("orders:1", "k1", {}, operation)
    answer_once("orders:2", "k1", {}, operation)
    assert operation.runs == 2


def test_another_payload_is_refused_and_the_first_answer_stays():
    operation = Operation()
    answer_once("s", "k1", {"a": 1}, operation)
    with pytest.raises(Refusal) as refused:
        answer_once("s", "k1", {"a": 2}, operation)
    assert refused.value.code == "idempotency_key_reused"
    assert answer_once("s", "k1", {"a": 1}, operation) == (201, {"code": "run 1"})


def test_a_running_request_is_a_conflict_until_it_is_stale():
    with time_machine.travel("2027-01-01T00:00:00Z", tick=False) as clock:
        IdempotencyKey.objects.create(scope="s", key="k1", fingerprint=fingerprint({}))
        with pytest.raises(Conflict) as refused:
            answer_once("s", "k1", {}, Operation())
        assert refused.value.code == "request_in_progress"
        clock.shift(61)
        assert answer_once("s", "k1", {}, Operation()) == (201, {"code": "run 1"})


def test_a_refused_request_frees_its_key():
    with pytest.raises(Refusal):
        answer_once("s", "k1", {}, Operation(Refusal("no", "No.")))
    assert IdempotencyKey.objects.count() == 0
    assert answer_once("s", "k1", {"other": True}, Operation()) == (201, {"code": "run 1"})


def test_old_keys_are_forgotten():
    with time_machine.travel("2027-01-01T00:00:00Z", tick=False) as clock:
        answer_once("s", "old", {}, Operation())
        clock.shift(47 * 3600)
        answer_once("s", "young", {}, Operation())
        clock.shift(2 * 3600)
        assert forget_old_idempotency_keys() == 1
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["young"]
