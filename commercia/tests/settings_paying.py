"""Settings of processes that tests start beside themselves: the test's own, with the stand-in for Stripe in them."""

import os

from commercia.settings.test import *  # noqa: F403  (settings modules extend each other)

STRIPE_API_BASE = os.environ["TEST_STRIPE_API_BASE"]
STRIPE_SECRET_KEY = os.environ["TEST_STRIPE_KEY"]
STRIPE_WEBHOOK_SECRETS = [os.environ["TEST_STRIPE_SECRET"]]
