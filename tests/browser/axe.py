"""axe, which knows what makes a page hard to use for some people: `put_into(page)`, then `violations(page)`."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# The one frame there is, around a mail, is a sandbox without scripts: axe could only complain that nobody answers in it.
RULES = {"resultTypes": ["violations"], "iframes": False, "runOnly": {"type": "tag", "values": LEVELS}}
# axe parses the colour of each element and of all behind it anew, a quarter of its time, and a page has a dozen of them.
COLOURS = """
(() => {
    const colour = axe.commons.color.Color.prototype, parse = colour.parseString, known = new Map()
    colour.parseString = function (text) {
        if (!known.has(text)) {
            const {r, g, b, alpha} = parse.call(this, text)
            known.set(text, {r, g, b, alpha})
        }
        return Object.assign(this, known.get(text))
    }
})()
"""
SCRIPT = f"{Axe().axe_script}; {COLOURS}"


def put_into(page: Page) -> None:
    """Have axe in the page that is open."""
    page.evaluate(SCRIPT)


def violations(page: Page) -> list[str]:
    """What axe finds: the rule, where, and why."""
    found = page.evaluate("rules => axe.run(rules).then(results => results.violations)", RULES)
    return [
        f"{page.url} {page.viewport_size}: {one['id']} at {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]
