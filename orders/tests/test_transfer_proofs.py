"""Pictures of transfers: kept anew and private, hostile ones refused or cleaned, and never a payment by themselves."""

from decimal import Decimal as D
from io import BytesIO

import pytest
from django.urls import reverse
from PIL import Image

from accounts.tests.factories import make_staff, make_user
from backoffice.roles import sync_roles
from backoffice.tests.audits import offences
from catalog.models import Hold
from core import clock
from core.refusals import Conflict, Refusal
from core.tests import pictures
from core.tests.pictures import animation, bomb, photo_with_place, picture, polyglot, upload
from notifications.models import Email
from orders.expiry import expire_unpaid_orders
from orders.guest_access import order_token
from orders.models import Order
from orders.tests.factories import make_order, make_paid_order
from orders.transfer_proofs import approve_transfer, bill_to_prove, reject_transfer, show_transfer
from payments import proving
from payments.models import Payment, PaymentProof
from payments.models.proof import private_files

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    return make_order()


@pytest.fixture
def finance(client):
    sync_roles()
    staff = make_staff("finance@example.com", groups=["Finance"])
    client.force_login(staff)
    return staff


def show(order, content=None, name="transfer.jpg", **told):
    return show_transfer(order, upload=upload(content or picture(), name), by=None, **told)


def stored():
    """Return the names of all files that are kept."""
    try:
        return set(private_files().listdir("proofs")[1])
    except FileNotFoundError:
        return set()


def content_of(proof):
    with proof.image.open("rb") as file:
        return file.read()


def unpaid(order):
    order.refresh_from_db()
    return (order.state, Payment.objects.filter(state="captured").count()) == ("pending", 0)


def test_a_picture_is_written_anew_and_pays_nothing(order):
    proof = show(order, photo_with_place(), "../../etc/passwd")
    assert (proof.state, proof.uploaded_by, proof.bill.order_bill.order) == ("waiting", None, order)
    assert proof.image.name.startswith("proofs/")
    assert proof.image.name.endswith(".webp")
    assert "passwd" not in proof.image.name
    kept = content_of(proof)
    assert len(kept) == proof.size
    image = Image.open(BytesIO(kept))
    assert (image.format, image.size, dict(image.getexif())) == ("WEBP", (640, 480), {})
    assert pictures.CAMERA.encode() not in kept
    assert unpaid(order)
    assert proof.bill.events.filter(kind="proof_uploaded").count() == 1
    assert offences() == []


def test_what_is_hidden_behind_a_picture_stays_behind(order):
    kept = content_of(show(order, polyglot()))
    assert pictures.SCRIPT not in kept
    assert b"PK\x03\x04" not in kept


def test_a_huge_photo_becomes_a_readable_one(order):
    proof = show(order, picture(4000, 3000))
    assert (proof.width, proof.height) == (1600, 1200)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (pictures.SVG, "transfer.svg", "image_not_recognised"),
        (pictures.HTML, "transfer.png", "image_not_recognised"),
        (b"GIF89a" + b"\0" * 50, "transfer.gif", "image_not_recognised"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "transfer.eps", "image_not_recognised"),
        (picture()[:2000], "transfer.jpg", "image_broken"),
        (bomb(), "transfer.png", "image_too_many_pixels"),
        (picture(6000, 5000, kind="PNG"), "transfer.png", "image_too_many_pixels"),
        (animation("WEBP"), "transfer.webp", "image_moves"),
        (picture() + b"\0" * 5_000_000, "transfer.jpg", "image_too_large"),
        (b"", "transfer.jpg", "image_empty"),
    ],
    ids=["svg", "html", "gif", "eps", "cut off", "bomb", "30 megapixels", "moves", "too many bytes", "empty"],
)
def test_a_hostile_file_is_refused_and_nothing_is_kept(order, content, name, code):
    before = stored()
    with pytest.raises(Refusal) as refused:
        show_transfer(order, upload=upload(content, name), by=None)
    assert refused.value.code == code
    assert PaymentProof.objects.count() == 0
    assert stored() == before
    assert unpaid(order)


def test_the_same_picture_is_one_proof(order):
    assert show(order) == show(order)
    assert (PaymentProof.objects.count(), order.order_bills.get().bill.proofs.count()) == (1, 1)


def test_five_pictures_are_enough(order):
    before = stored()
    for number in range(5):
        show(order, picture(600 + number, 400))
    assert len(stored() - before) == 5
    for number in range(20):
        with pytest.raises(Refusal) as refused:
            show(order, picture(700 + number, 400))
        assert refused.value.code == "too_many_proofs"
    assert len(stored() - before) == 5


def test_hostile_files_are_looked_into_twenty_times_an_hour(order):
    codes = []
    for _ in range(25):
        with pytest.raises(Refusal) as refused:
            show(order, pictures.SVG)
        codes.append(refused.value.code)
    assert codes == ["image_not_recognised"] * 20 + ["too_many_tries"] * 5


def test_the_bytes_of_an_order_are_bounded(order, monkeypatch):
    monkeypatch.setattr(proving, "MOST_BYTES", show(order).size + 10)
    before = stored()
    with pytest.raises(Refusal) as refused:
        show(order, picture(800, 600))
    assert refused.value.code == "too_many_proofs"
    assert stored() == before


def test_a_storage_that_is_silent_is_said_so(order, monkeypatch):
    def silent(*told):
        raise OSError("no space left")

    monkeypatch.setattr(type(private_files()), "save", silent)
    with pytest.raises(Refusal) as refused:
        show(order)
    assert refused.value.code == "storage_silent"
    assert PaymentProof.objects.count() == 0


def test_only_an_order_that_waits_for_a_transfer_takes_a_picture():
    for other in (make_paid_order(), make_order(payment_method="cash_on_delivery")):
        assert bill_to_prove(other, [link.bill for link in other.order_bills.all()]) is None
        with pytest.raises(Conflict) as refused:
            show(other)
        assert refused.value.code == "no_proof_needed"


def test_approving_books_what_the_bank_says(order, finance):
    proof = show(order)
    approve_transfer(proof, by=finance, amount=D(order.total), reference="ABA 81-4402")
    proof.refresh_from_db()
    order.refresh_from_db()
    assert (proof.state, proof.decided_by, order.state) == ("approved", finance, "confirmed")
    assert Payment.objects.get(state="captured").reference == "ABA 81-4402"
    assert offences() == []


def test_who_paid_too_late_shows_it_and_the_order_comes_back(order, finance):
    Hold.objects.update(expires_at=clock.now())
    assert expire_unpaid_orders() == 1
    order.refresh_from_db()
    proof = show(order)
    approve_transfer(proof, by=finance, amount=D(order.total), reference="ABA 1")
    order.refresh_from_db()
    assert order.state == "confirmed"
    assert offences() == []


def test_rejecting_tells_the_customer_why(order, finance):
    proof = reject_transfer(show(order), by=finance, reason=" the reference cannot be read ")
    assert (proof.state, proof.reason) == ("rejected", "the reference cannot be read")
    letter = Email.objects.get(kind="proof_rejected")
    assert letter.to == order.email
    assert unpaid(order)
    with pytest.raises(Conflict) as refused:
        reject_transfer(proof, by=finance, reason="again")
    assert refused.value.code == "wrong_state"
    assert Email.objects.filter(kind="proof_rejected").count() == 1


def test_a_rejection_without_a_reason_changes_nothing(order, finance):
    proof = show(order)
    with pytest.raises(Refusal) as refused:
        reject_transfer(proof, by=finance, reason="  ")
    assert refused.value.code == "reason_missing"
    proof.refresh_from_db()
    assert proof.state == "waiting"


# --- Staff ----------------------------------------------------------------------------------------------------------


def test_staff_look_and_approve(order, finance, client):
    proof = show(order)
    page = client.get(reverse("admin:payments_paymentproof_change", args=[proof.pk])).content.decode()
    url = reverse("admin:payments_paymentproof_picture", args=[proof.pk])
    assert f'src="{url}"' in page
    picture_of = client.get(url)
    assert picture_of["Content-Disposition"].startswith("attachment")
    assert (picture_of["Content-Type"], picture_of["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    assert b"".join(picture_of.streaming_content) == content_of(proof)
    approve = reverse("admin:payments_paymentproof_approve", args=[proof.pk])
    refused = client.post(approve, {"amount": "0", "reference": ""})
    assert refused.status_code == 400
    assert unpaid(order)
    client.post(approve, {"amount": str(order.total), "reference": "ABA 7"})
    order.refresh_from_db()
    assert order.state == "confirmed"


def test_staff_reject_with_a_reason(order, finance, client):
    proof = show(order)
    client.post(reverse("admin:payments_paymentproof_reject", args=[proof.pk]), {"reason": "another order's transfer"})
    proof.refresh_from_db()
    assert (proof.state, proof.decided_by) == ("rejected", finance)


@pytest.mark.parametrize("role", ["Support", "Warehouse", "Auditor"])
def test_who_may_not_decide_does_not(order, client, role):
    sync_roles()
    client.force_login(make_staff("other@example.com", groups=[role]))
    proof = show(order)
    for deed in ("approve", "reject"):
        assert client.post(reverse(f"admin:payments_paymentproof_{deed}", args=[proof.pk])).status_code == 403
    seen = client.get(reverse("admin:payments_paymentproof_picture", args=[proof.pk]))
    assert seen.status_code == (403 if role == "Warehouse" else 200)
    assert not seen.streaming or b"".join(seen.streaming_content) == content_of(proof)
    proof.refresh_from_db()
    assert proof.state == "waiting"


def test_nobody_from_outside_sees_a_picture(order, client):
    proof = show(order)
    url = reverse("admin:payments_paymentproof_picture", args=[proof.pk])
    assert client.get(url).status_code == 302
    client.force_login(make_user("dara@example.com"))
    assert client.get(url).status_code == 302
    assert proof.image.name not in client.get("/media/" + proof.image.name).content.decode()
    assert client.get("/media/" + proof.image.name).status_code == 404


# --- The customer, on the web and over the API ----------------------------------------------------------------------


def test_a_guest_sends_a_picture_from_the_page_of_the_order(order, client):
    token = order_token(order)
    page = client.get(f"/orders/view/{token}/").content.decode()
    assert 'enctype="multipart/form-data"' in page
    answer = client.post(f"/orders/view/{token}/transfer/", {"picture": upload(picture())}, follow=True)
    page = answer.content.decode()
    assert "Thank you for the picture." in page
    assert "Being checked" in page
    assert PaymentProof.objects.count() == 1
    answer = client.post(f"/orders/view/{token}/transfer/", {"picture": upload(pictures.HTML, "x.png")}, follow=True)
    assert "This is not a JPEG, PNG, WebP or AVIF picture" in answer.content.decode()
    answer = client.post(f"/orders/view/{token}/transfer/", follow=True)
    assert "Choose a picture first." in answer.content.decode()
    assert PaymentProof.objects.count() == 1
    assert unpaid(order)


def test_an_account_sends_one_for_its_own_order_only(client):
    owner, other = make_user("owner@example.com"), make_user("other@example.com")
    order = make_order(user=owner)
    client.force_login(other)
    assert client.post(f"/orders/{order.code}/transfer/", {"picture": upload(picture())}).status_code == 404
    assert PaymentProof.objects.count() == 0
    client.force_login(owner)
    assert client.post(f"/orders/{order.code}/transfer/", {"picture": upload(picture())}).status_code == 302
    assert PaymentProof.objects.get().uploaded_by == owner


def test_the_page_of_a_rejected_picture_says_why_and_takes_another(order, client, finance):
    reject_transfer(show(order), by=finance, reason="the amount is cut off")
    client.logout()
    page = client.get(f"/orders/view/{order_token(order)}/").content.decode()
    assert "the amount is cut off" in page
    assert "Send the picture" in page


def api(order, **headers):
    return f"/api/v1/orders/{order.code}/proofs/", {"X-Order-Token": order_token(order), **headers}


def test_a_picture_over_the_api(order, client):
    url, headers = api(order)
    made = client.post(url, {"picture": upload(picture())}, headers=headers)
    assert made.status_code == 201
    proof = PaymentProof.objects.get()
    assert made.json() == {
        "id": proof.code,
        "state": "waiting",
        "uploaded_at": made.json()["uploaded_at"],
        "reason": "",
    }
    assert client.get(url, headers=headers).json() == [made.json()]
    assert unpaid(order)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"picture": pictures.SVG}, 422, "image_not_recognised"),
        ({"picture": b"\0" * 17_000_000}, 413, "body_too_large"),
        ({}, 400, "invalid"),
        ({"picture": picture(), "state": "approved"}, 400, "invalid"),
    ],
    ids=["svg", "17 MB", "nothing", "more than a picture"],
)
def test_bad_bodies_over_the_api(order, client, body, status, code):
    url, headers = api(order)
    sent = {name: upload(value) if isinstance(value, bytes) else value for name, value in body.items()}
    answer = client.post(url, sent, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert PaymentProof.objects.count() == 0


def test_another_customers_order_takes_no_picture_over_the_api(order, client):
    url, _ = api(order)
    for headers in ({}, {"X-Order-Token": order_token(make_order())}, {"X-Order-Token": "nonsense"}):
        assert client.post(url, {"picture": upload(picture())}, headers=headers).status_code == 404
        assert client.get(url, headers=headers).status_code == 404
    assert client.post(url, "{}", content_type="application/json", headers=api(order)[1]).status_code == 415
    assert (PaymentProof.objects.count(), Order.objects.filter(state="pending").count()) == (0, 2)
