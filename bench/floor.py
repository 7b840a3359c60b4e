"""The floor: a bare Flask page under the server that we use."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    """As little as a page can do."""
    return "Hello"
