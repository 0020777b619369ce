"""Answers have the shape of Stripe's own fixtures (stripe_shapes.json, MIT) and of the pinned client's classes."""

import importlib
import json

import pytest
import stripe

from sandbox.stripe_api import schemas
from sandbox.stripe_api.events import API_VERSION
from sandbox.tests.running import ROOT
from sandbox.tests.selling import paid_intent, pay_session, save_card, start_session

SHAPES = json.loads((ROOT / "sandbox" / "tests" / "stripe_shapes.json").read_text(encoding="utf-8"))
CLASSES = {
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "refund": stripe.Refund,
    "setup_intent": stripe.SetupIntent,
}
# In the fixtures, but no longer a part of the pinned version's answer, or there only when expanded.
GONE = {"charge": {"refunds"}, "checkout.session": set()}
ALIKE = {
    "payment_method": [["card"], ["card", "checks"], ["billing_details"]],
    "charge": [["payment_method_details", "card"], ["billing_details"]],
    "dispute": [["evidence"], ["evidence_details"], ["payment_method_details", "card"]],
    "checkout.session": [
        ["automatic_tax"],
        ["custom_text"],
        ["invoice_creation", "invoice_data"],
        ["customer_details"],
    ],
    "event": [["request"]],
}


@pytest.fixture
def made(sandbox, client):
    """One object of each kind, with as much in it as can be."""
    customer, _ = save_card(sandbox, client)
    session = start_session(client, customer=customer, payment_intent_data={"setup_future_usage": "off_session"})
    pay_session(sandbox, session)
    client.v1.refunds.create({"payment_intent": paid_intent(client).id})
    sandbox.control("POST", "stripe/disputes", {"payment_intent": paid_intent(client).id})
    sources = {
        "balance_transaction": client.v1.balance_transactions,
        "charge": client.v1.charges,
        "checkout.session": client.v1.checkout.sessions,
        "customer": client.v1.customers,
        "dispute": client.v1.disputes,
        "event": client.v1.events,
        "payment_intent": client.v1.payment_intents,
        "refund": client.v1.refunds,
        "setup_intent": client.v1.setup_intents,
    }
    things = {kind: source.list({"limit": 1}).data[0].to_dict() for kind, source in sources.items()}
    saved = client.v1.payment_methods.list({"customer": customer}).data[0].to_dict()
    return {**things, "payment_method": saved}


@pytest.mark.parametrize("kind", sorted(CLASSES))
def test_an_object_has_the_fixtures_keys_and_no_others_than_the_clients(made, kind):
    thing, shape = made[kind], SHAPES[kind]
    known = set(CLASSES[kind].__annotations__)
    assert set(shape) - set(thing) - GONE.get(kind, set()) == set()
    assert set(thing) - known - set(shape) == set()
    for key in set(thing) & set(shape):
        ours, theirs = thing[key], shape[key]
        if ours is not None and theirs is not None:
            assert type(ours) is type(theirs), key


@pytest.mark.parametrize("kind", sorted(ALIKE))
def test_inner_parts_have_the_fixtures_keys(made, kind):
    for path in ALIKE[kind]:
        ours, theirs = made[kind], SHAPES[kind]
        for step in path:
            ours, theirs = ours[step], theirs[step]
        assert set(ours) == set(theirs), path


def test_no_note_of_the_sandbox_gets_out(made):
    assert '"_' not in json.dumps(made)


def test_line_items_have_the_fixtures_keys(client):
    session = start_session(client)
    [item] = client.v1.checkout.sessions.line_items.list(session.id).data
    # The client's class knows `price` and `taxes`, too; an item made from `price_data` has them when expanded.
    assert set(item.to_dict()) <= set(stripe.LineItem.__annotations__)
    assert (item.amount_total, item.description, item.quantity) == (50500, "ThinkPad T14", 1)


def test_the_version_is_the_clients():
    assert stripe.api_version == API_VERSION


@pytest.mark.parametrize(
    ("schema", "module", "name"),
    [
        (schemas.CREATE_CUSTOMER, "_customer_create_params", "CustomerCreateParams"),
        (schemas.UPDATE_CUSTOMER, "_customer_update_params", "CustomerUpdateParams"),
        (schemas.CREATE_METHOD, "_payment_method_create_params", "PaymentMethodCreateParams"),
        (schemas.UPDATE_METHOD, "_payment_method_update_params", "PaymentMethodUpdateParams"),
        (schemas.ATTACH, "_payment_method_attach_params", "PaymentMethodAttachParams"),
        (schemas.CREATE_INTENT, "_payment_intent_create_params", "PaymentIntentCreateParams"),
        (schemas.CONFIRM_INTENT, "_payment_intent_confirm_params", "PaymentIntentConfirmParams"),
        (schemas.UPDATE_INTENT, "_payment_intent_update_params", "PaymentIntentUpdateParams"),
        (schemas.CANCEL_INTENT, "_payment_intent_cancel_params", "PaymentIntentCancelParams"),
        (schemas.SEARCH, "_payment_intent_search_params", "PaymentIntentSearchParams"),
        (schemas.CREATE_SETUP, "_setup_intent_create_params", "SetupIntentCreateParams"),
        (schemas.CONFIRM_SETUP, "_setup_intent_confirm_params", "SetupIntentConfirmParams"),
        (schemas.UPDATE_SETUP, "_setup_intent_update_params", "SetupIntentUpdateParams"),
        (schemas.CANCEL_SETUP, "_setup_intent_cancel_params", "SetupIntentCancelParams"),
        (schemas.CREATE_SESSION, "checkout._session_create_params", "SessionCreateParams"),
        (schemas.UPDATE_SESSION, "checkout._session_update_params", "SessionUpdateParams"),
        (schemas.CREATE_REFUND, "_refund_create_params", "RefundCreateParams"),
        (schemas.UPDATE_REFUND, "_refund_update_params", "RefundUpdateParams"),
        (schemas.UPDATE_DISPUTE, "_dispute_update_params", "DisputeUpdateParams"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_is_taken_that_the_client_does_not_know(schema, module, name):
    params = importlib.import_module(f"stripe.params.{module}")
    assert compared(schema, params, name) == []


def compared(schema, params, name):
    """Return what the schema takes and the client's class `name` does not, inner classes included."""
    known = getattr(params, name).__annotations__
    strange = [f"{name}.{key}" for key in schema if key not in known]
    for key, read in schema.items():
        inner = getattr(read, "schema", None)
        inner_name = name + "".join(word.capitalize() for word in key.split("_"))
        if inner and hasattr(params, inner_name):
            strange += compared(inner, params, inner_name)
    return strange
