from app import create_app
from app.lib import logs, memory

app = create_app()
logs.configure(app.config["SETTINGS"])
memory.settle()
