import gc

from app import create_app
from app.lib import logs

app = create_app()
logs.configure(app.config["SETTINGS"])
# Frozen objects are not visited by the collector, so the pages of processes that a server forks from this one stay shared.
gc.collect()
gc.freeze()
