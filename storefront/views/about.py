"""The shop's own pages: what its grades mean, how it ships, what its warranty is worth."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.staff_sessions import is_open
from catalog import promises
from storefront.models import TextPage
from storefront.prose import parse, sections

MANY_SECTIONS = 4


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """One page of text. What is not published is there for staff who may see it, and for nobody else."""
    page = get_object_or_404(TextPage, slug=slug.lower())
    if not page.is_published and not (is_open(request) and request.user.has_perm("storefront.view_textpage")):
        raise Http404
    if page.slug != slug:
        return redirect(page, permanent=True)
    body = parse(page.body)
    parts = sections(body)
    return render(
        request,
        "pages/text.html",
        {
            "page": page,
            "body": body,
            "parts": parts if len(parts) >= MANY_SECTIONS else [],
            "return_promise": promises.return_promise(),
        },
    )
