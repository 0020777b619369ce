"""Staff look at letters and send again what was given up."""

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from core import clock
from notifications.models import Email

pytestmark = [pytest.mark.django_db, pytest.mark.urls("notifications.tests.urls")]
CHANGELIST = "/admin/notifications/email/"


@pytest.fixture
def staff_client(client):
    client.force_login(
        get_user_model().objects.create_superuser("chief@example.com", "three quiet otters"),
        backend="accounts.backends.EmailBackend",
    )
    return client


def test_list_and_search(staff_client, queue):
    queue("k1", to="dara@example.com")
    queue("k2", to="sok@example.com")
    answer = staff_client.get(CHANGELIST, {"q": "sok@"})
    assert answer.status_code == 200
    assert [row.to for row in answer.context["cl"].result_list] == ["sok@example.com"]


def test_list_costs_the_same_for_one_and_three_letters(staff_client, queue, django_assert_num_queries):
    staff_client.get(CHANGELIST)
    queue("k1")
    with django_assert_num_queries(8):
        staff_client.get(CHANGELIST)
    queue("k2")
    queue("k3")
    with django_assert_num_queries(8):
        staff_client.get(CHANGELIST)


def test_letter_is_shown_without_its_links_and_cannot_be_typed(staff_client, queue):
    email = queue(name="see https://shop.example/account/password/reset/MQ/secret-key/ please")
    page = staff_client.get(reverse("admin:notifications_email_change", args=[email.pk])).content.decode()
    assert "Dear see [link] please" in page
    assert "secret-key" not in page.replace(email.subject, "")
    assert "<textarea" not in page
    assert staff_client.get(CHANGELIST + "add/").status_code == 403
    assert staff_client.post(reverse("admin:notifications_email_delete", args=[email.pk])).status_code == 403


def test_send_again_takes_the_failed_ones_and_names_the_others(staff_client, queue):
    failed, sent = queue("k1"), queue("k2")
    Email.objects.filter(pk=failed.pk).update(state="failed", tries=8)
    Email.objects.filter(pk=sent.pk).update(state="sent", sent_at=clock.now())
    answer = staff_client.post(
        CHANGELIST, {"action": "send_again", "_selected_action": [failed.pk, sent.pk], "confirmed": "yes"}
    )
    assert [(result.row.pk, result.done) for result in answer.context["results"]] == [
        (failed.pk, True),
        (sent.pk, False),
    ]
    assert list(Email.objects.order_by("pk").values_list("state", "tries")) == [("queued", 0), ("sent", 0)]


def test_send_again_needs_the_permission(staff_client, client, queue):
    failed = queue()
    Email.objects.update(state="failed")
    get_user_model().objects.update(is_superuser=False)
    button = reverse("admin:notifications_email_send_again", args=[failed.pk])
    assert client.post(button).status_code == 403
    assert Email.objects.get().state == "failed"
    get_user_model().objects.update(is_superuser=True)
    assert client.post(button).status_code == 302
    assert Email.objects.get().state == "queued"
