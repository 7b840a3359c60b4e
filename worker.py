"""The job workers and the ticker: `python worker.py`, one part of them with `--only mail`, or until all is done with `--burst`."""

import argparse

from app import create_app
from app.lib import logs
from app.ops import workers
from app.schedule import SCHEDULE


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=workers.PARTS, help="run this part alone")
    parser.add_argument("--burst", action="store_true", help="do what waits, then leave")
    asked = parser.parse_args()
    app = create_app()
    logs.configure(app.config["SETTINGS"])
    if asked.burst:
        workers.drain(app)
    else:
        workers.run(app, SCHEDULE, asked.only)


if __name__ == "__main__":
    main()
