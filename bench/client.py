"""A browser for benchmarks: one connection that stays open, a session, and no thinking of its own."""

import gzip
import http.client
import re
import time
from urllib.parse import urlencode, urlsplit

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class Answer:
    """A response, read to its end. `wire` is how many bytes its body took on the way."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.wire = status, headers, len(body)
        self.body = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class Browser:
    """Signed in once; `get` and `post` check the status they are told to expect."""

    def __init__(self, url: str) -> None:
        self.host = urlsplit(url).netloc
        self.connection = http.client.HTTPConnection(self.host, timeout=120)
        self.cookies: dict[str, str] = {}

    def get(self, path: str, *, expect: int = 200, **headers: str) -> Answer:
        """Fetch; RuntimeError for another status."""
        return self.send("GET", path, None, expect, headers)

    def post(self, path: str, form: dict[str, str], *, expect: int = 303, **headers: str) -> Answer:
        """Send a form; RuntimeError for another status."""
        typed = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return self.send("POST", path, urlencode(form).encode(), expect, typed)

    def send(self, method: str, path: str, body: bytes | None, expect: int, headers: dict[str, str]) -> Answer:
        """One request on the open connection."""
        given = {"Accept-Encoding": "gzip", "Accept": "text/html", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if self.cookies:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection.request(method, path, body, given)
        response = self.connection.getresponse()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                pair = value.split(";")[0].split("=", 1)
                self.cookies[pair[0]] = pair[1]
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        if answer.status != expect:
            raise RuntimeError(f"{method} {path}: {answer.status}, not {expect}: {re.sub(r'<[^>]+>', ' ', answer.text)[:400]}")
        return answer

    def sign_in(self, email: str, password: str) -> "Browser":
        """Through the form, as a person does."""
        token = TOKEN.search(self.get("/login").text)
        self.post("/login", {"csrf_token": token[1] if token else "", "email": email, "password": password})
        return self

    def form(self, path: str, action: str = "") -> dict[str, str]:
        """The hidden fields of the form on a page whose address is `action` (else of all forms of the page)."""
        text = self.get(path).text
        for piece in text.split("<form")[1:]:
            if not action or f'action="{action}"' in piece.split(">")[0]:
                found = dict(HIDDEN.findall(piece.split("</form>")[0]))
                if action:
                    return found
                if "form_key" in found:
                    return found
        return dict(HIDDEN.findall(text))


def seconds_of(call: object, times: int) -> float:
    """Wall seconds of so many calls."""
    begun = time.perf_counter()
    for _ in range(times):
        call()  # type: ignore[operator]
    return time.perf_counter() - begun
