from app import create_app
from app.lib import logs

app = create_app()
logs.configure(app.config["SETTINGS"])
