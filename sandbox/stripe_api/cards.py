"""Stripe's test cards and what their banks say (https://docs.stripe.com/testing)."""

from dataclasses import dataclass

from sandbox.stripe_api.errors import ApiError, card_error, invalid

NEVER, UNLESS_SET_UP, ALWAYS, ON_SESSION = "never", "unless set up", "always", "on session"
HIGHEST_MONTH = 12
SHORT_YEAR = 2  # digits


@dataclass(frozen=True)
class Refusal:
    """Why a bank says no. `code` is Stripe's error code, `decline` the bank's own."""

    code: str
    decline: str
    message: str
    advice: str = "try_again_later"


def declined(decline: str, message: str = "Your card was declined.", advice: str = "try_again_later") -> Refusal:
    """Return a refusal with the plain code `card_declined`."""
    return Refusal("card_declined", decline, message, advice)


REFUSALS = {
    refusal.decline: refusal
    for refusal in (
        declined("generic_decline"),
        declined("insufficient_funds", "Your card has insufficient funds."),
        declined("do_not_honor"),
        declined("try_again_later"),
        declined("lost_card", advice="do_not_try_again"),
        declined("stolen_card", advice="do_not_try_again"),
        declined("pickup_card", advice="do_not_try_again"),
        declined("fraudulent", advice="do_not_try_again"),
        declined("card_not_supported", "Your card does not support this type of purchase.", "do_not_try_again"),
        declined("card_velocity_exceeded", "Your card was declined for making repeated attempts too frequently."),
        Refusal("expired_card", "expired_card", "Your card has expired.", "confirm_card_data"),
        Refusal("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", "confirm_card_data"),
        Refusal(
            "processing_error", "processing_error", "An error occurred while processing your card. Try again later."
        ),
        Refusal(
            "authentication_required",
            "authentication_required",
            "Your card was declined. This transaction requires authentication.",
        ),
    )
}
UNAUTHENTICATED = Refusal(
    "payment_intent_authentication_failure",
    "",
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)


@dataclass(frozen=True)
class Card:
    """A test card: when it wants 3-D Secure, what its bank answers, and what its refunds and holder do later."""

    number: str
    about: str
    brand: str = "visa"
    authentication: str = NEVER
    decline: str = ""
    saves: bool = True
    refund: str = "succeeded"
    dispute: str = ""
    alias: str = ""

    def wants_authentication(self, *, off_session: bool, set_up: bool) -> bool:
        """Tell whether the bank asks for 3-D Secure for this payment."""
        if self.authentication == ON_SESSION:
            return not off_session
        return self.authentication == ALWAYS or (self.authentication == UNLESS_SET_UP and not set_up)


CARDS = {
    card.number: card
    for card in (
        Card("4242424242424242", "pays at once", alias="visa"),
        Card("5555555555554444", "pays at once", brand="mastercard", alias="mastercard"),
        Card("378282246310005", "pays at once", brand="amex", alias="amex"),
        Card(
            "4000002500003155",
            "asks for 3-D Secure unless saved before",
            authentication=UNLESS_SET_UP,
            alias="authenticationRequiredOnSetup",
        ),
        Card(
            "4000002760003184", "asks for 3-D Secure every time", authentication=ALWAYS, alias="authenticationRequired"
        ),
        Card(
            "4000003800000446",
            "asks for 3-D Secure, but not when charged off-session",
            authentication=ON_SESSION,
            alias="authenticationRequiredSetupForOffSession",
        ),
        Card(
            "4000008260003178",
            "asks for 3-D Secure, then has too little money",
            authentication=UNLESS_SET_UP,
            decline="insufficient_funds",
            alias="authenticationRequiredChargeDeclinedInsufficientFunds",
        ),
        Card("4000000000000002", "is declined", decline="generic_decline", saves=False, alias="visa_chargeDeclined"),
        Card(
            "4000000000009995",
            "has too little money",
            decline="insufficient_funds",
            saves=False,
            alias="visa_chargeDeclinedInsufficientFunds",
        ),
        Card("4000000000009987", "was lost", decline="lost_card", saves=False, alias="visa_chargeDeclinedLostCard"),
        Card(
            "4000000000009979", "was stolen", decline="stolen_card", saves=False, alias="visa_chargeDeclinedStolenCard"
        ),
        Card("4000000000000069", "has expired", decline="expired_card", saves=False, alias="chargeDeclinedExpiredCard"),
        Card(
            "4000000000000127",
            "comes with a wrong security code",
            decline="incorrect_cvc",
            saves=False,
            alias="chargeDeclinedIncorrectCvc",
        ),
        Card(
            "4000000000000119",
            "meets a processing error",
            decline="processing_error",
            saves=False,
            alias="chargeDeclinedProcessingError",
        ),
        Card(
            "4000000000006975",
            "was used too often",
            decline="card_velocity_exceeded",
            saves=False,
            alias="visa_chargeDeclinedVelocityLimitExceeded",
        ),
        Card(
            "4000000000000341",
            "can be saved, but every charge fails",
            decline="generic_decline",
            alias="chargeCustomerFail",
        ),
        Card("4000000000007726", "pays; a refund stays pending for a while", refund="pending", alias="pendingRefund"),
        Card("4000000000005126", "pays; a refund fails later", refund="fails", alias="refundFail"),
        Card(
            "4000000000000259",
            "pays; its holder disputes the payment as fraud",
            dispute="fraudulent",
            alias="createDispute",
        ),
        Card(
            "4000000000002685",
            "pays; its holder says nothing came",
            dispute="product_not_received",
            alias="createDisputeProductNotReceived",
        ),
    )
}
ALIASES = {f"pm_card_{card.alias}": card for card in CARDS.values()}


def passes_luhn(number: str) -> bool:
    """Tell whether a card number's check digit fits (ISO/IEC 7812-1)."""
    digits = [int(digit) for digit in reversed(number)]
    return sum(digit if place % 2 == 0 else sum(divmod(digit * 2, 10)) for place, digit in enumerate(digits)) % 10 == 0


def read_card(number: str, month: str, year: str, cvc: str, *, this_month: tuple[int, int]) -> Card:
    """Return the test card a person typed; `this_month` is (year, month) now.

    Raises a 402 ApiError as Stripe does for a number that cannot be, a past expiry, a wrong code, or a real card.
    """
    number = "".join(number.split()).replace("-", "")
    if not (number.isascii() and number.isdigit() and len(number) in range(12, 20) and passes_luhn(number)):
        raise card_error("Your card number is incorrect.", code="incorrect_number", param="number")
    if not (month.isascii() and month.isdigit() and 1 <= int(month) <= HIGHEST_MONTH):
        raise card_error("Your card's expiration month is invalid.", code="invalid_expiry_month", param="exp_month")
    if not (year.isascii() and year.isdigit() and len(year) in {2, 4}):
        raise card_error("Your card's expiration year is invalid.", code="invalid_expiry_year", param="exp_year")
    if (full_year(year), int(month)) < this_month:
        raise card_error("Your card's expiration year is invalid.", code="invalid_expiry_year", param="exp_year")
    if not (cvc.isascii() and cvc.isdigit() and len(cvc) in {3, 4}):
        raise card_error("Your card's security code is invalid.", code="invalid_cvc", param="cvc")
    if number not in CARDS:
        # A real card: neither kept nor shown.
        message = "Your card was declined. Your request was in test mode, but used a non test (live) card."
        raise card_error(message, code="card_declined", decline_code="test_mode_live_card")
    return CARDS[number]


def full_year(year: str) -> int:
    """Return a year of two or four digits as a number of four."""
    return int(year) + 2000 if len(year) == SHORT_YEAR else int(year)


def card_of_alias(alias: str) -> Card:
    """Return the card of a test payment method such as `pm_card_visa`.

    Raises a 400 ApiError for an unknown one.
    """
    if alias not in ALIASES:
        raise missing_alias(alias)
    return ALIASES[alias]


def missing_alias(alias: str) -> ApiError:
    """Return Stripe's words for a payment method that does not exist."""
    return invalid(f"No such PaymentMethod: '{alias}'", code="resource_missing", param="payment_method")
