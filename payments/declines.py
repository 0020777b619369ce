"""What to tell a customer whose card was not charged. A bank's own reason is a hint, never the whole truth."""

from django.utils.translation import gettext, gettext_noop

OTHER_CARD = gettext_noop("Your bank did not accept the card. Try another card, or ask your bank.")
ADVICE = {
    "insufficient_funds": gettext_noop("There is not enough money on the card. Try another card."),
    "expired_card": gettext_noop("The card has expired. Use a newer card."),
    "incorrect_cvc": gettext_noop("The security code was wrong. Check the three or four digits and try again."),
    "incorrect_number": gettext_noop("The card number was wrong. Check it and try again."),
    "invalid_expiry_year": gettext_noop("The expiry date was wrong. Check it and try again."),
    "invalid_expiry_month": gettext_noop("The expiry date was wrong. Check it and try again."),
    "processing_error": gettext_noop("The bank could not be reached. Try again in a moment."),
    "try_again_later": gettext_noop("The bank could not be reached. Try again in a moment."),
    "card_velocity_exceeded": gettext_noop("The card was used too often today. Try another card, or tomorrow."),
    "withdrawal_count_limit_exceeded": gettext_noop("The card has reached its limit. Try another card, or tomorrow."),
    "currency_not_supported": gettext_noop("The card cannot pay in this currency. Try another card."),
    "card_not_supported": gettext_noop("The card cannot be used for this purchase. Try another card."),
    "authentication_required": gettext_noop("Your bank wants you to confirm the payment. Try again and confirm it."),
    "payment_intent_authentication_failure": gettext_noop(
        "The payment was not confirmed with your bank. Try again and confirm it, or try another card."
    ),
    "bakong_failed": gettext_noop("Your bank could not make the payment. Scan the code again, or choose another way."),
    "refused": gettext_noop("The payment could not be started. Nothing was charged. Choose another way to pay."),
    # What thieves are told must not differ from what everybody is told.
    "lost_card": OTHER_CARD,
    "stolen_card": OTHER_CARD,
    "fraudulent": OTHER_CARD,
    "pickup_card": OTHER_CARD,
    "do_not_honor": OTHER_CARD,
    "expired": gettext_noop("The payment page was open for too long. Nothing was charged; start again."),
    "mismatch": gettext_noop("Money has arrived that does not fit this order. We look at it and write to you."),
}


def advice(code: str) -> str:
    """Return what a customer can do about a failure, "" when there was none."""
    return gettext(ADVICE.get(code, OTHER_CARD)) if code else ""
