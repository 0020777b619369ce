"""Production's settings with the stand-in for Stripe in them, which production itself refuses. For bench/pay only."""

import os

from commercia.settings.production import *  # noqa: F403  (settings modules extend each other)

STRIPE_API_BASE = STRIPE_PAGES = os.environ["BENCH_STRIPE"]
STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRETS = "sk_test_bench", ["whsec_bench"]
