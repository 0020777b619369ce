"""Which parameters each call takes: a part of what the pinned `stripe` client knows (a test compares them)."""

from sandbox.stripe_api.disputes import EVIDENCE
from sandbox.stripe_api.listing import ADDRESS, EXPAND
from sandbox.stripe_api.money import currency
from sandbox.stripe_api.params import (
    Reader,
    amount,
    boolean,
    boolean_or,
    choice,
    integer,
    many,
    metadata,
    nested,
    optional_text,
    required,
    text,
    url,
)

Schema = dict[str, Reader]
CARD_ONLY = many(choice("card"))
FUTURE = choice("off_session", "on_session")
WORDS: Schema = {"description": optional_text, "metadata": metadata}
CANCEL_INTENT: Schema = {
    "cancellation_reason": choice("duplicate", "fraudulent", "requested_by_customer", "abandoned"),
    **EXPAND,
}
CANCEL_SETUP: Schema = {"cancellation_reason": choice("abandoned", "requested_by_customer", "duplicate"), **EXPAND}
CUSTOMER: Schema = {
    "address": ADDRESS,
    "email": optional_text,
    "name": optional_text,
    "phone": optional_text,
    "preferred_locales": many(text),
    **WORDS,
    **EXPAND,
}
CREATE_CUSTOMER: Schema = {**CUSTOMER, "payment_method": text}
UPDATE_CUSTOMER: Schema = {**CUSTOMER, "invoice_settings": nested(default_payment_method=optional_text)}
BILLING = nested(address=ADDRESS, email=optional_text, name=optional_text, phone=optional_text)
CREATE_METHOD: Schema = {
    "type": required(choice("card")),
    "card": required(nested(number=required(text), exp_month=required(integer), exp_year=required(integer), cvc=text)),
    "billing_details": BILLING,
    "metadata": metadata,
    **EXPAND,
}
UPDATE_METHOD: Schema = {"billing_details": BILLING, "metadata": metadata, **EXPAND}
ATTACH: Schema = {"customer": required(text), **EXPAND}
CREATE_INTENT: Schema = {
    "amount": required(amount),
    "currency": required(currency),
    "allowed_payment_method_types": CARD_ONLY,
    "automatic_payment_methods": nested(enabled=required(boolean), allow_redirects=choice("always", "never")),
    "capture_method": choice("automatic", "automatic_async"),
    "confirm": boolean,
    "confirmation_method": choice("automatic"),
    "customer": text,
    "error_on_requires_action": boolean,
    "off_session": boolean_or("one_off", "recurring"),
    "payment_method": text,
    "receipt_email": optional_text,
    "return_url": url,
    "setup_future_usage": FUTURE,
    "statement_descriptor": text,
    "statement_descriptor_suffix": text,
    **WORDS,
    **EXPAND,
}
CONFIRM_INTENT: Schema = {
    "error_on_requires_action": boolean,
    "off_session": boolean_or("one_off", "recurring"),
    "payment_method": text,
    "receipt_email": optional_text,
    "return_url": url,
    "setup_future_usage": FUTURE,
    **EXPAND,
}
UPDATE_INTENT: Schema = {
    "amount": amount,
    "currency": currency,
    "customer": text,
    "payment_method": text,
    "receipt_email": optional_text,
    "setup_future_usage": FUTURE,
    "statement_descriptor": text,
    "statement_descriptor_suffix": text,
    **WORDS,
    **EXPAND,
}
SEARCH: Schema = {"query": required(text), "limit": integer, "page": text, **EXPAND}
CREATE_SETUP: Schema = {
    "allowed_payment_method_types": CARD_ONLY,
    "confirm": boolean,
    "customer": text,
    "payment_method": text,
    "return_url": url,
    "usage": FUTURE,
    **WORDS,
    **EXPAND,
}
CONFIRM_SETUP: Schema = {"payment_method": text, "return_url": url, **EXPAND}
UPDATE_SETUP: Schema = {**WORDS, **EXPAND}
ITEM = nested(
    price_data=required(
        nested(
            currency=required(currency),
            unit_amount=required(integer),
            product_data=required(nested(name=required(text), description=text, images=many(text), metadata=metadata)),
        )
    ),
    quantity=integer,
)
CREATE_SESSION: Schema = {
    "mode": required(choice("payment", "setup")),
    "success_url": required(url),
    "allowed_payment_method_types": CARD_ONLY,
    "billing_address_collection": choice("auto", "required"),
    "cancel_url": url,
    "client_reference_id": text,
    "currency": currency,
    "custom_text": nested(submit=nested(message=required(text))),
    "customer": text,
    "customer_creation": choice("always", "if_required"),
    "customer_email": text,
    "expires_at": integer,
    "line_items": many(ITEM),
    "locale": text,
    "metadata": metadata,
    "payment_intent_data": nested(
        **WORDS,
        capture_method=choice("automatic", "automatic_async"),
        receipt_email=text,
        setup_future_usage=FUTURE,
        statement_descriptor=text,
        statement_descriptor_suffix=text,
    ),
    "setup_intent_data": nested(**WORDS),
    "submit_type": choice("auto", "book", "donate", "pay", "subscribe"),
    "ui_mode": choice("hosted_page"),
    **EXPAND,
}
UPDATE_SESSION: Schema = {"metadata": metadata, **EXPAND}
CREATE_REFUND: Schema = {
    "amount": amount,
    "charge": text,
    "payment_intent": text,
    "reason": choice("duplicate", "fraudulent", "requested_by_customer"),
    "metadata": metadata,
    **EXPAND,
}
UPDATE_REFUND: Schema = {"metadata": metadata, **EXPAND}
UPDATE_DISPUTE: Schema = {
    "evidence": nested(**dict.fromkeys(EVIDENCE, optional_text)),
    "metadata": metadata,
    "submit": boolean,
    **EXPAND,
}
