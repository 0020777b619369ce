"""Start the sandbox: `python -m sandbox --port 8420 --webhook-url URL --state FILE`."""

import argparse
import sys
from pathlib import Path

import uvicorn

from sandbox.app import Sandbox
from sandbox.refusing import BadControl
from sandbox.web import CuttableProtocol
from sandbox.world import Settings, World

HOST = "127.0.0.1"
PORT = 8420


def parser() -> argparse.ArgumentParser:
    """Return what the command line takes."""
    made = argparse.ArgumentParser(
        prog="python -m sandbox", description="Play Stripe and Bakong on loopback. No real money."
    )
    made.add_argument("--port", type=int, default=PORT, help="port on 127.0.0.1 (default %(default)s)")
    made.add_argument("--public-url", default="", help="how browsers reach the sandbox (default http://127.0.0.1:PORT)")
    made.add_argument("--webhook-url", default="", help="where Stripe's webhooks go; this machine only")
    made.add_argument("--webhook-secret", action="append", default=[], help="may be given twice while secrets rotate")
    made.add_argument("--secret-key", action="append", default=[], help="accepted Stripe API key")
    made.add_argument("--bakong-token", default="", help="accepted Bakong token, good for 90 days from its first start")
    made.add_argument("--state", type=Path, help="SQLite file that keeps what happened; without it all is forgotten")
    made.add_argument("--clock-file", type=Path, help="file with the clock's offset in seconds, shared with the shop")
    made.add_argument("--lock-patience", type=float, default=5.0, help="seconds a call waits for another (default 5)")
    made.add_argument("--log-level", default="warning", choices=("debug", "info", "warning", "error"))
    return made


def main() -> None:
    """Run until a signal."""
    arguments = parser().parse_args()
    defaults = Settings()
    settings = Settings(
        public_url=(arguments.public_url or f"http://{HOST}:{arguments.port}").rstrip("/"),
        secret_keys=tuple(arguments.secret_key) or defaults.secret_keys,
        webhook_url=arguments.webhook_url,
        webhook_secrets=tuple(arguments.webhook_secret) or defaults.webhook_secrets,
        state_file=arguments.state,
        clock_file=arguments.clock_file,
        bakong_token=arguments.bakong_token,
        lock_patience=arguments.lock_patience,
    )
    try:
        world = World(settings)
    except BadControl as refusal:
        parser().error(str(refusal))
    config = uvicorn.Config(
        Sandbox(world),
        host=HOST,
        port=arguments.port,
        http=CuttableProtocol,
        lifespan="on",
        log_level=arguments.log_level,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    sys.stdout.write(f"Sandbox at {settings.public_url} (no real money).\n")
    sys.stdout.flush()
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
