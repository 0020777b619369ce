"""News of the catalogue for the floors above."""

from django.dispatch import Signal

# Sent after the commit, robustly. Arguments: variant_ids (a sorted list). Other numbers of these are available now.
stock_changed = Signal()
# Sent inside the transaction. Arguments: variant_ids. These variants have another price.
prices_changed = Signal()
