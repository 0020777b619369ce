"""How long "Pay" takes while 16 shoppers press it: bench/pay [--orders N].

The shop as production runs it, on MariaDB, with a stand-in for Stripe that answers at once: what is measured is the
shop's own part. Two buttons: to pay an order that was placed, and to place and pay at once. Both lead to Stripe's page.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from bench import places, servers
from bench.shopper import Astray, Guest, hidden, together

GUESTS = 16
SANDBOX_PORT = places.SHOP_PORT + 5
DATABASE = "pay"
ALLOWED_MS = 500
SEE_OTHER = 303
UNITS = 600
FILL = f"""
import django; django.setup()
from catalog.models import Unit, Variant
variant = Variant.objects.filter(units__state="available").order_by("pk").first()
Unit.objects.bulk_create(Unit(variant=variant, state="available") for _ in range({UNITS}))
print(variant.product.slug, variant.sku)
"""


def main() -> None:
    """Start everything, prepare the orders, press the buttons, print the figures, end everything."""
    options = argparse.ArgumentParser(prog="bench/pay", description=__doc__)
    options.add_argument("--orders", type=int, default=320, help="orders for each of the two buttons")
    orders = options.parse_args().orders
    for folder in (places.HOME, places.RUNNING):
        folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        watched = [servers.redis(), servers.mariadb(), _sandbox()]
        for server in watched:
            stack.enter_context(server)
        goods = _fill()
        watched.append(stack.enter_context(_shop()))
        print(f"{GUESTS} shoppers, {orders} orders each; asked: p95 at most {ALLOWED_MS} ms")
        _press("pay an order that was placed", _placed(goods, orders), "pay", watched)
        _press("place an order and pay it", _filled(goods, orders), "place", watched)


def _press(name: str, work: Callable[[], dict[str, float]], step: str, watched: Sequence[servers.Server]) -> None:
    before = [server.cpu_seconds() for server in watched]
    figures = work()
    count = max(1, figures["count"])
    spent = {
        server.name: (server.cpu_seconds() - used) * 1000 / count for server, used in zip(watched, before, strict=True)
    }
    met = "met" if figures["p95"] <= ALLOWED_MS and not figures["errors"] else "NOT met"
    print(
        f"  {name}: p50 {figures['p50']:.0f} ms, p95 {figures['p95']:.0f} ms, {figures['rate']:.0f} a second, "
        f"{figures['count']:.0f} answers, {figures['errors']:.0f} errors: {met}",
        flush=True,
    )
    spent["shoppers"] = figures["shopper CPU ms"]
    print("    CPU ms an answer: " + ", ".join(f"{who} {ms:.1f}" for who, ms in spent.items()), flush=True)


def _placed(goods: tuple[str, str], orders: int) -> Callable[[], dict[str, float]]:
    """Let the crowd place orders by transfer and open their payment pages; return work that presses "Pay" on all."""
    crowd, waiting = _crowd()

    def prepare(guest: Guest) -> None:
        for _ in range(orders // GUESTS):
            guest.forget()
            guest.put_into_cart(*goods)
            where = guest.place(guest.open_checkout())
            _, page, _ = guest.ask("page", f"{where}pay/")
            form = {"csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken"), "method": "card"}
            waiting[guest].append((dict(guest.cookies), f"{where}pay/", form))

    return _work(crowd, waiting, prepare, "pay")


def _filled(goods: tuple[str, str], orders: int) -> Callable[[], dict[str, float]]:
    """Let the crowd fill in checkouts by card; return work that presses all the last buttons."""
    crowd, waiting = _crowd()

    def prepare(guest: Guest) -> None:
        for _ in range(orders // GUESTS):
            guest.forget()
            guest.put_into_cart(*goods)
            form = guest.open_checkout() | {"payment_method": "card"}
            waiting[guest].append((dict(guest.cookies), "/checkout/", form))

    return _work(crowd, waiting, prepare, "place")


Waiting = dict[Guest, list[tuple[dict[str, str], str, dict[str, str]]]]


def _crowd() -> tuple[list[Guest], Waiting]:
    crowd = [Guest(places.SHOP_PORT) for _ in range(GUESTS)]
    return crowd, {guest: [] for guest in crowd}


def _work(
    crowd: list[Guest], waiting: Waiting, prepare: Callable[[Guest], None], step: str
) -> Callable[[], dict[str, float]]:
    if together(crowd, prepare, step="add")["errors"]:
        raise SystemExit("The orders could not be prepared.")

    def press(guest: Guest) -> None:
        for cookies, path, form in waiting[guest]:
            guest.cookies = cookies
            status, _, where = guest.ask(step, path, form)
            if status != SEE_OTHER or not where.startswith(f"http://127.0.0.1:{SANDBOX_PORT}/pay/"):
                raise Astray(f"{path}: {status} {where}")

    def work() -> dict[str, float]:
        for guest in crowd:
            guest.took.clear()
        return together(crowd, press, step=step)

    return work


def _sandbox() -> servers.Server:
    command = [sys.executable, "-m", "sandbox", "--port", str(SANDBOX_PORT), "--secret-key", "sk_test_bench"]
    return servers.Server("sandbox", command, port=SANDBOX_PORT, environment={}, cwd=places.CHECKOUT)


def _environment() -> dict[str, str]:
    return servers.shop_environment("mariadb", 0, port=places.SHOP_PORT) | {
        "DJANGO_SETTINGS_MODULE": "bench.paying_settings",
        "DATABASE_URL": f"mysql://root@127.0.0.1:{places.DATABASE_PORT}/{DATABASE}",
        "BENCH_STRIPE": f"http://127.0.0.1:{SANDBOX_PORT}",
    }


def _shop() -> servers.Server:
    program = str(places.CHECKOUT / ".venv" / "bin" / "granian")
    command = [program, *servers.GRANIAN, "--port", str(places.SHOP_PORT), "commercia.wsgi:application"]
    return servers.Server("shop", command, port=places.SHOP_PORT, environment=_environment(), cwd=places.CHECKOUT)


def _fill() -> tuple[str, str]:
    """Fill a fresh database with the demonstration shop; return slug and SKU of what lies there in hundreds."""
    servers.statement(f"DROP DATABASE IF EXISTS {DATABASE}")
    servers.statement(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci")
    environment = _environment() | {"CELERY_BROKER_URL": "memory://"}
    for command in (["collectstatic", "--no-input"], ["migrate"], ["seed_demo"]):
        # The private server has no time-zone tables; nothing here filters by days.
        _run(["manage.py", *command, "-v0", "--skip-checks"], environment)
    slug, sku = _run(["-c", FILL], environment).split()[-2:]
    return slug, sku


def _run(arguments: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=places.CHECKOUT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


if __name__ == "__main__":
    try:
        main()
    except subprocess.SubprocessError as error:
        raise SystemExit(str(error)) from error
