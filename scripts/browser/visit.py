"""One browser window on a real controller: what it must never see, how a keyboard moves in it, and how a page is looked at."""

import gzip
import urllib.parse

from axe_playwright_python.sync_playwright import Axe

PASSWORD = "heron under seven bridges"
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}}
SIZES = {"360": (360, 740), "1440": (1440, 900)}
# A page with all its files, in bytes as they travel.
LARGEST = 60_000
faults = []
# Paths of all pages that were looked at, by whomever.
seen = set()


def fault(words):
    faults.append(words)
    print(f"FAULT  {words}", flush=True)


class Visit:
    """One browser window: what it must never see, and how a keyboard moves in it."""

    seen = seen

    def __init__(self, browser, base, **options):
        self.base = base
        self.context = browser.new_context(ignore_https_errors=True, **options)
        self.page = self.context.new_page()
        self.page.on("console", self.console)
        self.page.on("pageerror", lambda error: fault(f"{self.page.url}: {error}"))
        self.page.on("dialog", lambda dialog: (fault(f"{self.page.url}: a dialog opened"), dialog.dismiss()))
        self.page.on("request", self.request)
        self.transferred = 0
        self.wire = self.context.new_cdp_session(self.page)
        self.wire.send("Network.enable")
        self.wire.on("Network.loadingFinished", self.loaded)

    def loaded(self, event):
        self.transferred += event["encodedDataLength"]

    def console(self, message):
        # A refused sign-in is an answer of status 401, which Chromium notes there too.
        if message.type == "error" and "status of 4" not in message.text:
            fault(f"{self.page.url}: {message.text}")

    def request(self, request):
        if not request.url.startswith(self.base):
            fault(f"{self.page.url}: asks for {request.url}")

    def go(self, path):
        return self.page.goto(self.base + path, wait_until="load")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def focused(self):
        return self.page.evaluate("document.activeElement?.id || document.activeElement?.innerText || ''").strip()

    def tab_to(self, name):
        """Moves by Tab until the element with this id or text has the focus."""
        for _ in range(80):
            if self.focused() == name:
                return
            self.press("Tab")
        fault(f"{self.page.url}: '{name}' is not reached by Tab")

    def type_into(self, **fields):
        for name, text in fields.items():
            self.tab_to(name)
            self.page.keyboard.press("Control+A")
            self.page.keyboard.type(text)

    def submit(self):
        with self.page.expect_navigation():
            self.press("Enter")

    def heading(self, words):
        found = self.page.locator("h1").inner_text()
        if found != words:
            fault(f"{self.page.url}: the heading is '{found}', not '{words}'")


def keyboard_reaches_everything(visit, name):
    """Tab goes once through every control, in the page's order, and each shows that it has the focus."""
    # Links that are the same twice are one: the second leads where the first does.
    controls = visit.page.evaluate("""() => [...document.querySelectorAll(
        'a[href], button, input:not([type=hidden]), select, textarea, summary')]
        .filter(e => e.getClientRects().length && e.checkVisibility()).map(e => e.outerHTML.slice(0, 120))""")
    count = len(set(controls))
    # From the top, also where a page has given the focus away already.
    visit.page.evaluate("""() => { const b = document.body; b.tabIndex = -1; b.focus(); b.removeAttribute("tabindex");
        window.scrollTo(0, 0); }""")
    seen = []
    for _ in range(len(controls) + 40):
        visit.press("Tab")
        state = visit.page.evaluate("""() => {
            const e = document.activeElement, s = getComputedStyle(e);
            return e === document.body ? null : [e.outerHTML.slice(0, 120), s.outlineStyle, parseFloat(s.outlineWidth)]; }""")
        if state is None:
            break
        seen.append(state[0])
        if state[1] == "none" or state[2] < 2:
            fault(f"{name}: no visible focus on {state[0]}")
    # A group of radio buttons is one stop.
    radios = visit.page.evaluate("document.querySelectorAll('input[type=radio]').length")
    if len(set(seen)) < count - max(0, radios - 1):
        fault(f"{name}: Tab reaches {len(set(seen))} of {count} controls")


def weigh(visit, path, name):
    """The bytes that travel for a page and all its files where the browser has none of them yet, heads included."""
    visit.wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    visit.transferred = 0
    response = visit.go(path)
    visit.wire.send("Network.setCacheDisabled", {"cacheDisabled": False})
    if not 0 < visit.transferred <= LARGEST:
        fault(f"{name}: {visit.transferred} bytes with its files")
    if response.headers.get("content-encoding") != "gzip":
        fault(f"{name}: it is not compressed")
    return visit.transferred


def examine(visit, name):
    """What is wrong with the page as it stands: by axe, and wider than the screen."""
    found = Axe().run(visit.page, options=RULES)
    for violation in found.response["violations"]:
        nodes = [node["html"][:100] for node in violation["nodes"][:3]]
        fault(f"{name}: {violation['id']} ({violation['impact']}): {violation['help']}: {nodes}")
    over = visit.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if over > 0:
        fault(f"{name}: {over} pixels wider than the screen")


def look_here(visit, screenshots, label):
    """The page that answers to a form, which no address leads to: at both widths, light and dark, and what it weighs itself."""
    before = visit.page.viewport_size
    for width, (wide, high) in SIZES.items():
        for scheme in ("light", "dark"):
            visit.page.set_viewport_size({"width": wide, "height": high})
            visit.page.emulate_media(color_scheme=scheme, media="screen")
            examine(visit, f"{label}-{width}-{scheme}")
            visit.page.screenshot(path=screenshots / f"{label}-{width}-{scheme}.png", full_page=True)
            if scheme == "light":
                keyboard_reaches_everything(visit, f"{label}-{width}")
    visit.page.emulate_media(color_scheme="light", media="screen")
    visit.page.set_viewport_size(before)
    # As much as it is packed: its files are those of every page.
    bytes_sent = len(gzip.compress(visit.page.content().encode(), 6))
    if bytes_sent > LARGEST:
        fault(f"{label}: {bytes_sent} bytes")
    visit.seen.add(urllib.parse.urlsplit(visit.page.url).path)
    print(f"looked at {label}, {bytes_sent} bytes", flush=True)


def look(visit, path, screenshots, label):
    """What a page weighs; the page at both widths, light and dark, and as it is printed."""
    bytes_sent = weigh(visit, path, label)
    visit.seen |= {urllib.parse.urlsplit(path).path, urllib.parse.urlsplit(visit.page.url).path}
    for width, (wide, high) in SIZES.items():
        for scheme in ("light", "dark"):
            visit.page.set_viewport_size({"width": wide, "height": high})
            visit.page.emulate_media(color_scheme=scheme, media="screen")
            response = visit.go(path)
            name = f"{label}-{width}-{scheme}"
            examine(visit, name)
            visit.page.screenshot(path=screenshots / f"{name}.png", full_page=True)
            if scheme == "light":
                keyboard_reaches_everything(visit, name)
            if "content-security-policy" not in response.headers:
                fault(f"{name}: no content security policy")
    visit.page.emulate_media(color_scheme="light", media="print")
    visit.page.screenshot(path=screenshots / f"{label}-print.png", full_page=True)
    visit.page.emulate_media(media="screen")
    print(f"looked at {label}: {path.split('?')[0]}, {bytes_sent} bytes with its files", flush=True)
