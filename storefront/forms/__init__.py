"""What visitors may send us, checked."""

from django.http import HttpRequest, QueryDict


def sent(request: HttpRequest) -> QueryDict | None:
    """Return what a form sent, None when the page was only opened. A form sent empty is sent all the same."""
    return request.POST if request.method == "POST" else None
