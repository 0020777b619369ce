"""News of orders for the floors above. All are sent inside the transaction: an error in a listener stops the deed."""

from django.dispatch import Signal

# Arguments: order, lines.
order_placed = Signal()
# Arguments: order.
order_confirmed = Signal()
# Arguments: shipment.
shipment_dispatched = Signal()
shipment_delivered = Signal()
shipment_returned = Signal()
# Arguments: order, lines.
lines_cancelled = Signal()
# Arguments: returned (a Return).
return_inspected = Signal()
