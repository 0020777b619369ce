"""News of people for the floors above."""

from django.dispatch import Signal

# Arguments: user, request_cart_code and request_wishlist_code (str | None). Sent after commit, robustly: a failed merge
# never fails a login.
signed_in = Signal()
# Arguments: user. Sent inside the transaction.
email_verified = Signal()
