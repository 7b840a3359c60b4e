"""What is asked of each page, and how it is checked before it is timed."""

from collections.abc import Iterator
from itertools import cycle
from urllib.parse import urlencode

from bench import faqs
from bench.client import Browser
from bench.measure import Row, figure, ratio
from bench.servers import Site

PASSWORD = "hive-demo"
STAFF = "agent@hivetechs.example"
CUSTOMER = "owner@acme.example"
SEARCHES = ("one word", "two words", "a typo", "half typed", "a question")


def rows(site: Site, floor: Site) -> Iterator[Row]:
    """Every page row of performance.md that a browser can measure."""
    staff = Browser(site.url).sign_in(STAFF, PASSWORD)
    customer = Browser(site.url).sign_in(CUSTOMER, PASSWORD)
    visitor = Browser(site.url)
    yield from queue(site, floor, staff)
    yield from tickets(site, floor, staff)
    yield ratio("portal home", site, floor, lambda: customer.get("/"), goal=10)
    yield ratio("customer's own list", site, floor, lambda: customer.get("/tickets"), goal=8)
    yield from writes(site, floor, customer, staff)
    for key in ("24h", "7d", "30d", "90d"):
        yield ratio(f"analytics, {key}", site, floor, lambda key=key: staff.get(f"/desk/analytics?range={key}"), goal=16)
    yield ratio("SLA report, 90 days over everything", site, floor, lambda: staff.get("/desk/sla?range=90d"), goal=150, requests=6, warm=1)
    for kind in SEARCHES:
        asked = cycle(faqs.queries(kind))
        yield ratio(f"FAQ search, 3,000 entries, {kind}", site, floor, lambda asked=asked: search(visitor, next(asked)), goal=10)


def search(visitor: Browser, words: str) -> None:
    """One search of the help centre, of words that were not asked for a moment ago."""
    visitor.get("/help/search?" + urlencode({"q": words}))


def queue(site: Site, floor: Site, staff: Browser) -> Iterator[Row]:
    """The staff queue: first page, a deep page, two filters, searches, and what a cold start costs on the wire."""
    first = ratio("staff queue, first page of 50", site, floor, lambda: staff.get("/desk/queue/all"), goal=10)
    yield first
    deep = deep_page(staff)
    later = ratio("staff queue, a page deep in it", site, floor, lambda: staff.get(deep), goal=None)
    yield later
    yield figure("… as a multiple of the first page", later.value / first.value, 1.3, "×")
    paired = "/desk/queue/all?priority=high&category=cli"
    yield ratio("staff queue, two filters", site, floor, lambda: staff.get(paired), goal=None)
    yield ratio("full text over tickets, rare word", site, floor, lambda: staff.get("/desk/queue/all?q=zanzibar"), goal=10)
    yield ratio("full text over tickets, common word", site, floor, lambda: staff.get("/desk/queue/all?q=consensus"), goal=18)
    yield ratio("search through messages, rare word", site, floor, lambda: staff.get("/desk/search?q=zanzibar"), goal=10)
    yield ratio("search through messages, common word", site, floor, lambda: staff.get("/desk/search?q=consensus"), goal=18)
    page = staff.get("/desk/queue/all")
    part = staff.get("/desk/queue/all", HX_Request="true")
    yield figure("queue HTML of 50 rows, packed", page.wire / 1000, 14, "kB")
    yield figure("HTMX swap of the queue, packed", part.wire / 1000, 9, "kB")
    yield statements("queue", page.headers.get("x-query-count", ""), 5)
    yield from cold(site)


def deep_page(staff: Browser, pages: int = 60) -> str:
    """The address of a page that many clicks on "next" lead to."""
    path = "/desk/queue/all"
    for _ in range(pages):
        found = next((link for link in links(staff.get(path).text) if 'rel="next"' in link), None)
        if found is None:
            break
        path = found.split('href="')[1].split('"')[0].replace("&amp;", "&")
    return path


def links(text: str) -> list[str]:
    """The start tags of all links."""
    return ["<a" + piece.split(">")[0] for piece in text.split("<a")[1:]]


def cold(site: Site) -> Iterator[Row]:
    """Requests and bytes of a first visit to the queue, fonts apart."""
    browser = Browser(site.url).sign_in(STAFF, PASSWORD)
    page = browser.get("/desk/queue/all")
    wanted = {piece.split('"')[0] for piece in page.text.replace("href=", "src=").split('src="')[1:] if piece.startswith("/static/")}
    files = {address.split("#")[0] for address in wanted if "/fonts/" not in address}
    total = page.wire + sum(browser.get(address.replace("&amp;", "&")).wire for address in files)
    yield figure("cold queue page, requests", len(files) + 1, 6, "")
    yield figure("cold queue page, on the wire", total / 1000, 90, "kB")


def tickets(site: Site, floor: Site, staff: Browser) -> Iterator[Row]:
    """A ticket with a short and with a long thread."""
    short = first_ticket(staff)
    yield ratio("ticket with its thread", site, floor, lambda: staff.get(short), goal=10)
    yield statements("ticket", staff.get(short).headers.get("x-query-count", ""), 8)
    long = first_ticket(staff)
    for n in range(46):
        form = staff.form(long, long + "/messages")
        staff.post(
            long + "/messages", {**form, "body": f"Message {n} of a long thread.\n\nWith a second paragraph.", "visibility": "reply"}
        )
    yield ratio("ticket with 50 messages", site, floor, lambda: staff.get(long), goal=18)


def first_ticket(staff: Browser) -> str:
    """The path of some open ticket of the queue."""
    text = staff.get("/desk/queue/all").text
    return "/desk/tickets/" + text.split('href="/desk/tickets/')[1].split('"')[0].split("?")[0]


def writes(site: Site, floor: Site, customer: Browser, staff: Browser) -> Iterator[Row]:
    """Opening a ticket and answering one; the page that carries the form is fetched outside of the figure."""
    yield posted("create by the form", site, floor, customer, "/tickets/new?kind=question", "/tickets/new", {
        "kind": "question", "subject": "How to keep the cache on another disk", "priority": "medium", "category": "cli",
        "body": "Our runners have a small root disk. Which setting moves the cache of the analysis?",
    }, 14)  # fmt: skip
    ticket = first_ticket(staff)
    yield posted("reply", site, floor, staff, ticket, ticket + "/messages", {"body": "Please set `cache_dir`.", "visibility": "reply"}, 12)


def posted(name: str, site: Site, floor: Site, who: Browser, page: str, action: str, fields: dict[str, str], goal: float) -> Row:
    """A form sent many times, each time with the hidden fields of a fresh page. The page's own cost is not counted: it grows as the thread does."""

    def send(hidden: dict[str, str]) -> object:
        return who.post(action, {**hidden, **fields})

    return ratio(name, site, floor, send, before=lambda: who.form(page, action), goal=goal, requests=15)


def statements(name: str, count: str, goal: int) -> Row:
    """SQL statements of a page, as it says itself."""
    return figure(f"SQL statements, {name}", float(count or "nan"), goal, "")
