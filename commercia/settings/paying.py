"""Who collects money for the shop, and by which keys (how-to: connect Stripe). Nothing is offered without keys."""

from typing import Any

import environ


def providers(env: environ.Env) -> dict[str, Any]:
    """Return the settings of the payment providers."""
    stand_in = env.str("STRIPE_API_BASE", default="").strip().rstrip("/")
    return {
        "STRIPE_SECRET_KEY": env.str("STRIPE_SECRET_KEY", default="").strip(),
        # More than one while one replaces another.
        "STRIPE_WEBHOOK_SECRETS": env.str("STRIPE_WEBHOOK_SECRETS", default="").replace(",", " ").split(),
        "STRIPE_ACCOUNT": env.str("STRIPE_ACCOUNT", default="").strip(),
        # Only for the sandbox; empty means Stripe itself.
        "STRIPE_API_BASE": stand_in,
        # Where the payment page is; another address when Stripe serves it under a domain of the shop's own.
        "STRIPE_PAGES": env.str("STRIPE_PAGES", default=stand_in or "https://checkout.stripe.com").strip().rstrip("/"),
        "BAKONG_TOKEN": env.str("BAKONG_TOKEN", default="").strip(),
        "BAKONG_API_BASE": env.str("BAKONG_API_BASE", default="").strip().rstrip("/"),
        "KHQR_ACCOUNT": env.str("KHQR_ACCOUNT", default="").strip(),
        "KHQR_MERCHANT_NAME": env.str("KHQR_MERCHANT_NAME", default="").strip(),
        "KHQR_MERCHANT_CITY": env.str("KHQR_MERCHANT_CITY", default="").strip(),
        "KHQR_MERCHANT_ID": env.str("KHQR_MERCHANT_ID", default="").strip(),
        "KHQR_ACQUIRING_BANK": env.str("KHQR_ACQUIRING_BANK", default="").strip(),
        "KHQR_CATEGORY": env.str("KHQR_CATEGORY", default="").strip(),
    }
