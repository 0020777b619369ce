"""Amounts as Stripe counts them: whole numbers of the currency's smallest unit."""

from sandbox.stripe_api.errors import ApiError, unreadable

# https://docs.stripe.com/currencies: KHR is not in either list, so a riel has 100 parts at Stripe.
# fmt: off
ZERO_DECIMAL = frozenset(
    {
        "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof",
        "xpf",
    }
)
THREE_DECIMAL = frozenset(
    {
        "bhd", "jod", "kwd", "omr", "tnd",
    }
)
OTHERS = frozenset(
    {
        "usd", "eur", "gbp", "aud", "cad", "chf", "cny", "dkk", "hkd", "idr", "inr", "khr", "lak", "mmk", "myr",
        "nok", "nzd", "php", "pln", "sek", "sgd", "thb", "try", "twd", "zar", "brl", "mxn",
    }
)
# fmt: on
LEAST_USD = 50  # cents; other currencies have least amounts of their own, which the sandbox does not know
MOST = 99_999_999


def currency(name: str, value: object) -> str:
    """Read a currency's three letters, in lower case."""
    code = str(value).lower()
    if code not in ZERO_DECIMAL | THREE_DECIMAL | OTHERS:
        raise unreadable(f"Invalid currency: {code}. Stripe currently supports other currencies.", param=name)
    return code


def decimals(code: str) -> int:
    """Return how many decimals a currency has at Stripe."""
    return 0 if code in ZERO_DECIMAL else 3 if code in THREE_DECIMAL else 2


def written(amount: int, code: str) -> str:
    """Return an amount for people: `12.50 USD`."""
    places = decimals(code)
    digits = f"{abs(amount):0{places + 1}d}"
    number = f"{int(digits[:-places]):,}.{digits[-places:]}" if places else f"{amount:,}"
    return f"{'-' if amount < 0 and places else ''}{number} {code.upper()}"


def check_amount(amount: int, code: str, *, param: str = "amount") -> None:
    """Refuse an amount that Stripe charges to no card.

    Raises ApiError `amount_too_small` or `amount_too_large`.
    """
    error: ApiError | None = None
    if code == "usd" and amount < LEAST_USD:
        error = unreadable("Amount must be at least $0.50 usd", code="amount_too_small", param=param)
    elif amount > MOST:
        error = unreadable(f"Amount must be no more than {written(MOST, code)}", code="amount_too_large", param=param)
    if error:
        raise error
