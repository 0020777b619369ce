"""The house checks itself: floors, signals, states, permissions and the size of files (docs: architecture)."""

import ast
import importlib
import pkgutil
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.dispatch import Signal
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = {
    "core": 0,
    "notifications": 1,
    "accounts": 2,
    "catalog": 3,
    "payments": 3,
    "carts": 4,
    "orders": 5,
    "rentals": 6,
    "storefront": 8,
    "backoffice": 8,
    "commercia": 9,
}
# Who may be told what. A new signal is a decision: add it here and to the architecture page.
SIGNALS = {
    "accounts": {"signed_in", "email_verified"},
    "catalog": {"stock_changed", "prices_changed"},
    "payments": {"bill_settled"},
    "orders": {
        "order_placed",
        "order_confirmed",
        "shipment_dispatched",
        "shipment_delivered",
        "shipment_returned",
        "return_inspected",
        "lines_cancelled",
    },
}
LONGEST_FILE = 400
HAZY_NAMES = {"utils", "util", "helpers", "helper", "common", "services", "service", "misc", "shared", "lib"}
# Deeds and nouns know no request: these modules of an app may.
FACES = {
    "admin",
    "api",
    "views",
    "webhooks",
    "forms",
    "urls",
    "jinja",
    "context",
    "backends",
    "middleware",
    "apps",
    "site",
    "tests",
    "management",
}


def sources(*, tests=False):
    """Return the first-party Python files, without migrations, and without tests unless asked for."""
    return [
        path
        for name in FLOORS
        for path in sorted((ROOT / name).rglob("*.py"))
        if "migrations" not in path.parts and (tests or "tests" not in path.parts)
    ]


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def place(path, node):
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def trees(**which):
    for path in sources(**which):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


# --- Floors ---------------------------------------------------------------------------------------------------------


def test_every_app_has_a_floor():
    ours = {config.name for config in apps.get_app_configs() if (ROOT / config.name).is_dir()}
    assert ours <= set(FLOORS)


def test_relations_point_to_the_same_or_a_lower_floor():
    upwards = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in FLOORS
        for field in [*model._meta.fields, *model._meta.many_to_many]
        if field.related_model and field.related_model._meta.app_label in FLOORS
        if not may_know(model._meta.app_label, field.related_model._meta.app_label)
        # The machine room's tables name the acting person through AUTH_USER_MODEL, which Django resolves late.
        if field.related_model._meta.label != "accounts.User" or FLOORS[model._meta.app_label] > 1
    ]
    assert upwards == []


def may_know(upper, lower):
    """Tell whether `upper` stands above `lower` (strangers on one floor do not know each other)."""
    return upper == lower or FLOORS[upper] > FLOORS[lower]


def test_migrations_depend_on_the_same_or_a_lower_floor():
    graph = MigrationLoader(None).disk_migrations
    upwards = [
        f"{app}.{name} -> {needed}"
        for (app, name), migration in graph.items()
        if app in FLOORS
        for needed, _ in migration.dependencies
        if needed in FLOORS and not may_know(app, needed) and (FLOORS[app] > 1 or needed != "accounts")
    ]
    assert upwards == []


def test_no_import_cycles():
    """Imports inside functions do not count: they run when everything stands."""
    ours = {module_name(path) for path in sources()}
    graph = {}
    for path, tree in trees():
        name = module_name(path)
        graph[name] = {target for target in imported_at_start(tree, name, path) if target in ours and target != name}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' -> '.join(error.args[1])}")


def imported_at_start(tree, name, path):
    """Yield the modules that importing this one imports."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join(
                    [*package.split(".")[: len(package.split(".")) - node.level + 1], *filter(None, [base])]
                )
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if (ROOT / Path(*inner.split("."))).with_suffix(".py").exists() else base
        waiting.extend(ast.iter_child_nodes(node))


# --- Signals --------------------------------------------------------------------------------------------------------


def test_the_signal_table_is_complete():
    found = {}
    for path in sources():
        module = importlib.import_module(module_name(path)) if path.name == "signals.py" else None
        if module:
            found[path.parent.name] = {name for name, value in vars(module).items() if isinstance(value, Signal)}
    assert found == SIGNALS


def test_signals_are_declared_in_signals_and_heard_in_listeners():
    strays = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Signal" and path.name != "signals.py":
                strays.append(f"{place(path, node)} declares a signal")
            if isinstance(node, ast.ImportFrom) and node.module == "django.db.models.signals":
                strays.append(f"{place(path, node)} listens to a model's signal")
    assert strays == []


# --- Money and states -----------------------------------------------------------------------------------------------


def test_only_core_money_rounds():
    found = [
        place(path, node)
        for path, tree in trees()
        if path != ROOT / "core" / "money.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "quantize"
    ]
    assert found == []


def state_changes(tree):
    """Yield the nodes that assign a state: x.state = …, setattr(x, "state", …), update(state=…), bulk_update of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if any(isinstance(part, ast.Attribute) and part.attr == "state" for part in unpacked(target)):
                    yield node
        elif isinstance(node, ast.Call):
            verb = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if (verb in {"update", "aupdate"} and any(keyword.arg == "state" for keyword in node.keywords)) or (
                verb in {"bulk_update", "setattr"}
                and any(isinstance(part, ast.Constant) and part.value == "state" for part in ast.walk(node))
            ):
                yield node


def unpacked(target):
    """Return what one assignment target assigns to."""
    return target.elts if isinstance(target, ast.Tuple | ast.List) else [target]


def test_only_core_flows_changes_a_state():
    found = [
        place(path, node)
        for path, tree in trees()
        if path != ROOT / "core" / "flows.py"
        for node in state_changes(tree)
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "order.state = 'paid'",
        "self.order.state: str = 'paid'",
        "a, order.state = 1, 'paid'",
        "Order.objects.filter(pk=1).update(note='', state='paid')",
        "Order.objects.bulk_update(orders, ['note', 'state'])",
        "Order.objects.bulk_update(orders, fields=('state',))",
        "setattr(order, 'state', 'paid')",
    ],
)
def test_every_way_to_change_a_state_is_seen(code):
    assert len(list(state_changes(ast.parse(code)))) == 1


@pytest.mark.parametrize(
    "code",
    ["order.state == 'paid'", "Order(state='paid')", "filter(state='paid')", "rows.update(note='x')", "state = 1"],
)
def test_reading_a_state_is_no_change(code):
    assert list(state_changes(ast.parse(code))) == []


# --- Faces ----------------------------------------------------------------------------------------------------------


def test_deeds_and_nouns_know_no_request():
    found = []
    for path, tree in trees():
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] in {"storefront", "backoffice", "commercia"} or any(stands_in_a_face(part) for part in parts[1:]):
            continue
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [
                f"{place(path, node)} imports {name}"
                for name in names
                if name.split(".")[0] == "rest_framework" or name.startswith("django.http")
            ]
    assert found == []


def stands_in_a_face(part):
    return part in FACES or part.startswith("admin_")


def test_each_api_view_names_its_permission():
    for path in sources():
        if "api" in path.parts:
            importlib.import_module(module_name(path))
    silent = [
        f"{view.__module__}.{view.__name__}"
        for view in descendants(APIView)
        if view.__module__.split(".")[0] in FLOORS and ".tests" not in view.__module__
        if not view.__subclasses__() and not names_its_permission(view)
    ]
    assert silent == []


def names_its_permission(view):
    """Tell whether a viewset itself, or one of our classes behind a plain view, says who may use it."""
    classes = [view] if issubclass(view, ViewSetMixin) else view.__mro__
    return any("permission_classes" in vars(cls) for cls in classes if cls.__module__.split(".")[0] in FLOORS)


def descendants(cls):
    """Yield all classes below `cls`."""
    for child in cls.__subclasses__():
        yield child
        yield from descendants(child)


# --- Files ----------------------------------------------------------------------------------------------------------


def test_no_file_is_too_long():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources(tests=True)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_every_module_says_what_it_is():
    hazy = [module_name(path) for path in sources(tests=True) if HAZY_NAMES & set(module_name(path).split("."))]
    assert hazy == []


def test_every_package_can_be_imported():
    for name in FLOORS:
        for module in pkgutil.iter_modules([str(ROOT / name)]):
            if module.name not in {"tests", "settings"}:
                importlib.import_module(f"{name}.{module.name}")
