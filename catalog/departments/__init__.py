"""The departments of the shop as data: their tree, their specs with units, and what tells variants apart.

One table decides how goods are typed. To add a department or a spec, write it here; `ensure_departments` carries it
into the database, where templates, filters and the admin read it.
"""

from catalog.departments.components import COMPONENTS
from catalog.departments.computers import COMPUTERS, MONITORS
from catalog.departments.cooling import COOLING
from catalog.departments.drives import DRIVES
from catalog.departments.peripherals import NETWORKING, PERIPHERALS, POWER_AND_MORE
from catalog.departments.spec import Department, Kind, Spec
from catalog.listings import mark_dirty
from catalog.models import Category
from core.db import atomic_retry
from core.versions import CATEGORIES, raise_versions

DEPARTMENTS: tuple[Department, ...] = (
    *COMPUTERS,
    *MONITORS,
    *COMPONENTS,
    *COOLING,
    *DRIVES,
    *PERIPHERALS,
    *NETWORKING,
    *POWER_AND_MORE,
)
BY_SLUG = {department.slug: department for department in DEPARTMENTS}

__all__ = ["BY_SLUG", "DEPARTMENTS", "Department", "Kind", "Spec", "ensure_departments"]


@atomic_retry
def ensure_departments() -> dict[str, Category]:
    """Make the database know every department of the table; return the categories by slug.

    Spec definitions and variant axes always follow the table, because imports rest on them. Names, order, place in the
    tree, description and visibility are written once and belong to staff afterwards. A second call writes nothing.
    """
    standing = {category.slug: category for category in Category.objects.filter(slug__in=BY_SLUG)}
    changed = False
    for position, department in enumerate(DEPARTMENTS):
        definitions = [spec.definition() for spec in department.specs]
        axes = list(department.axes)
        category = standing.get(department.slug)
        if category is None:
            parent = standing.get(department.parent)
            standing[department.slug] = Category.objects.create(
                slug=department.slug,
                name=department.name,
                parent=parent,
                path=f"{parent.path}/{department.slug}" if parent else department.slug,
                position=position,
                description=department.description,
                spec_definitions=definitions,
                variant_axes=axes,
            )
        elif (category.spec_definitions, category.variant_axes) != (definitions, axes):
            category.spec_definitions, category.variant_axes = definitions, axes
            category.save(update_fields=["spec_definitions", "variant_axes"])
            # Another fact to filter by or to print on cards: lists of what is there already must learn it.
            mark_dirty(category.products.values_list("pk", flat=True))
        else:
            continue
        changed = True
    if changed:
        raise_versions([CATEGORIES])
    return standing
