"""A real Chromium signs in to a real controller by keyboard alone and looks at every page.

Usage: scripts/browser/run.py --programs bin [--chromium /usr/bin/chromium] [--screenshots FOLDER]
Each page is looked at 360 and 1,440 pixels wide, in light and dark: axe-core finds nothing at WCAG 2.1 AA, nothing is wider
than the screen, everything is reached by Tab and shows that it has the focus, nothing breaks the content security policy, and
the page with all its files is at most 60 KB. Then the same work is done without any script, and hostile names are shown.
"""

import argparse
import pathlib
import sys
import tempfile
import zipfile

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from controller import Controller  # noqa: E402

PASSWORD = "heron under seven bridges"
HOSTILE = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '"\u0301 onfocus=alert(1) autofocus x="',
           "\u202egnp.exe", "x" * 100]
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}}
SIZES = {"360": (360, 740), "1440": (1440, 900)}
LARGEST = 60_000
faults = []


def fault(words):
    faults.append(words)
    print(f"FAULT  {words}", flush=True)


class Visit:
    """One browser window: what it must never see, and how a keyboard moves in it."""

    def __init__(self, browser, base, **options):
        self.base = base
        self.context = browser.new_context(ignore_https_errors=True, **options)
        self.page = self.context.new_page()
        self.page.on("console", self.console)
        self.page.on("pageerror", lambda error: fault(f"{self.page.url}: {error}"))
        self.page.on("dialog", lambda dialog: (fault(f"{self.page.url}: a dialog opened"), dialog.dismiss()))
        self.page.on("request", self.request)

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
        'a[href], button, input:not([type=hidden]), select, summary')]
        .filter(e => e.getClientRects().length && e.checkVisibility()).map(e => e.outerHTML.slice(0, 120))""")
    count = len(set(controls))
    visit.page.evaluate("document.activeElement?.blur(); window.scrollTo(0, 0)")
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


def look(visit, path, screenshots, label):
    """A page at both widths, light and dark, and as it is printed."""
    for width, (wide, high) in SIZES.items():
        for scheme in ("light", "dark"):
            visit.page.set_viewport_size({"width": wide, "height": high})
            visit.page.emulate_media(color_scheme=scheme, media="screen")
            response = visit.go(path)
            name = f"{label}-{width}-{scheme}"
            found = Axe().run(visit.page, options=RULES)
            for violation in found.response["violations"]:
                nodes = [node["html"][:100] for node in violation["nodes"][:3]]
                fault(f"{name}: {violation['id']} ({violation['impact']}): {violation['help']}: {nodes}")
            over = visit.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if over > 0:
                fault(f"{name}: {over} pixels wider than the screen")
            visit.page.screenshot(path=screenshots / f"{name}.png", full_page=True)
            if scheme == "light":
                keyboard_reaches_everything(visit, name)
            if "content-security-policy" not in response.headers:
                fault(f"{name}: no content security policy")
    visit.page.emulate_media(color_scheme="light", media="print")
    visit.page.screenshot(path=screenshots / f"{label}-print.png", full_page=True)
    visit.page.emulate_media(media="screen")
    print(f"looked at {label}: {path.split('?')[0]}", flush=True)


def weigh(visit, path):
    sizes = []
    visit.page.on("response", lambda response: sizes.append(int(response.headers.get("content-length", 0))))
    visit.go(path)
    if sum(sizes) > LARGEST:
        fault(f"{path}: {sum(sizes)} bytes with its files")
    print(f"{path}: {sum(sizes)} bytes with its files, not compressed", flush=True)


def administrator(visit, link, screenshots):
    """The first administrator's way in, by keyboard alone."""
    look(visit, "/sign-in", screenshots, "sign-in")
    look(visit, link, screenshots, "set-password")
    visit.go(link)
    visit.type_into(password=PASSWORD, repeated=PASSWORD)
    visit.submit()
    visit.heading("Sign in")
    visit.type_into(login="admin", password="wrong")
    visit.submit()
    visit.heading("Sign in")
    visit.page.screenshot(path=screenshots / "sign-in-refused.png")
    visit.type_into(login="admin", password=PASSWORD)
    visit.submit()
    visit.heading("Welcome")
    visit.press("Tab")
    if visit.focused() != "Skip to the content":
        fault(f"the first stop is '{visit.focused()}', not the skip link")
    visit.press("Enter")
    if visit.focused() != "main" and visit.page.evaluate("location.hash") != "#main":
        fault("the skip link does not lead to the content")
    visit.tab_to("People")
    visit.submit()
    visit.heading("People")


def add_person(visit, name, login):
    """By keyboard; the one-time link that the page shows once."""
    visit.go("/people")
    visit.type_into(name=name, login=login)
    visit.submit()
    return visit.page.locator(".once code").inner_text()


def give_role(visit, name, role, district=""):
    visit.go("/people")
    visit.tab_to(name)
    visit.submit()
    visit.tab_to("role")
    visit.page.keyboard.type(role)
    visit.type_into(district=district)
    visit.submit()
    if visit.page.locator(".notice").inner_text() != "The role is given.":
        fault(f"{role} was not given: {visit.page.locator('main').inner_text()[:200]}")


SERIALS = [f"EXAMPLE-{number:04d}" for number in range(1, 4)]


def write_roster(folder, given):
    """A OneRoster archive of one student."""
    files = {
        "manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.orgs,bulk\nfile.users,bulk\n",
        "orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
                    "d,,,Cedar Falls,district,cedar-falls,\ns,,,Heron High (example),school,1,d\n",
        "users.csv": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,"
                     "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"
                     f"u,,,true,s,student,,,{given},Example,,100001,,,,,05,\n",
    }
    path = folder / "roster.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def send_roster(visit, path):
    """By keyboard, but for the file itself: a browser's own window asks for it."""
    visit.go("/districts/cedar-falls/roster")
    visit.page.set_input_files("#file", path)
    visit.tab_to("Show what it would change")
    visit.submit()


def roster(visit, folder, screenshots):
    """A file with faults, then a good one: sent, looked at, taken up, undone."""
    look(visit, "/districts/cedar-falls/roster", screenshots, "roster")
    send_roster(visit, write_roster(folder, HOSTILE[0] * 12))
    visit.heading("This file cannot be taken up")
    look(visit, visit.page.url.removeprefix(visit.base), screenshots, "roster-faults")
    send_roster(visit, write_roster(folder, "Acorn"))
    visit.heading("What this file would change")
    look(visit, visit.page.url.removeprefix(visit.base), screenshots, "roster-preview")
    visit.tab_to("Take it up")
    visit.submit()
    if "was taken up" not in visit.page.locator(".notice").inner_text():
        fault("the roster was not taken up")
    visit.tab_to("Undo")
    visit.submit()
    look(visit, "/districts/cedar-falls/roster/undo", screenshots, "roster-undo")
    visit.tab_to("Undo this import")
    visit.submit()
    if "was undone" not in visit.page.locator(".notice").inner_text():
        fault("the import was not undone")


def enrolment(visit, controller, folder, screenshots):
    """A batch's page counts while devices enrol, without being loaded again; one waits, and one has two keys."""
    serials = folder / "serials.csv"
    serials.write_text("serial\n" + "\n".join(SERIALS) + "\n")
    controller.rollcall("batch", "create", "-d", "cedar-falls", "--id", "fall", "--name", "Fall (example)", "--serials", serials)
    token = folder / "token"
    controller.rollcall("token", "create", "-d", "cedar-falls", "--batch", "fall", "--uses", "9", "--output-file", token)
    visit.go("/districts/cedar-falls/batches/fall")
    enrolled = visit.page.locator("[data-value=enrolled]")
    for number, serial in enumerate(SERIALS[:2]):
        controller.laptop(folder / f"laptop-{number}", serial, number + 1, token)
        visit.page.wait_for_function(
            "n => document.querySelector('[data-value=enrolled]').textContent === String(n)", arg=number + 1, timeout=20000)
    if enrolled.inner_text() != "2" or visit.page.locator("[data-news]").is_hidden():
        fault("the batch's page does not follow enrolments")
    visit.page.screenshot(path=screenshots / "batch-followed.png", full_page=True)
    look(visit, "/batches", screenshots, "batches-which")
    look(visit, "/districts/cedar-falls/batches", screenshots, "batches")
    look(visit, "/districts/cedar-falls/batches/fall", screenshots, "batch")
    # The same serial with another key; and one that nobody announced.
    controller.laptop(folder / "laptop-again", SERIALS[0], 1, token)
    controller.rollcall("district", "set", "cedar-falls", "--unknown-serials", "pending")
    controller.laptop(folder / "laptop-stranger", "EXAMPLE-9999", 9, token)
    for path, label in [("/pending", "pending"), ("/quarantine", "quarantine")]:
        look(visit, path, screenshots, label)
    visit.go("/pending")
    visit.tab_to("Approve")
    visit.submit()
    if "Approved" not in visit.page.locator(".notice").first.inner_text():
        fault("the waiting device was not approved")
    visit.go("/quarantine")
    visit.tab_to("Keep this key")
    visit.submit()
    if "is trusted" not in visit.page.locator(".notice").first.inner_text():
        fault("no key of the quarantined device was kept")


def journal(visit, screenshots):
    look(visit, "/journal", screenshots, "journal")
    visit.go("/journal")
    visit.type_into(action="batch.create")
    visit.submit()
    if visit.page.locator("tbody tr").count() != 1:
        fault("the journal is not asked by what was done")
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name="Download").click()
    if "batch.create" not in pathlib.Path(download.value.path()).read_text():
        fault("the journal's file holds no entry")


def without_script(browser, base, link):
    """The same work where scripts are switched off."""
    visit = Visit(browser, base, java_script_enabled=False, viewport={"width": 1440, "height": 900})
    page = visit.page
    page.goto(link)
    page.fill("#password", PASSWORD)
    page.fill("#repeated", PASSWORD)
    page.click("main button")
    page.fill("#login", "ada.field")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.check("input[value=family-calls]")
    page.click("main button")
    if "kept for this session" not in page.locator(".notice").inner_text():
        fault("without script, the reason was not kept")
    visit.go("/account")
    page.click("header button")
    visit.heading("Sign in")
    visit.context.close()
    print("without script: password set, signed in, reason kept, signed out", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", default="bin")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--screenshots", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        screenshots = options.screenshots or pathlib.Path(folder) / "screenshots"
        screenshots.mkdir(parents=True, exist_ok=True)
        with Controller(options.programs, folder) as controller:
            base = f"https://localhost:{controller.people_port}"
            link = controller.state.joinpath("admin.link").read_text().strip()
            link = "/" + link.split("/", 3)[3]
            controller.rollcall("district", "create", "cedar-falls", "--name", "Cedar Falls (example)")
            browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
            visit = Visit(browser, base)
            administrator(visit, link, screenshots)
            ada = add_person(visit, "Ada Field (example)", "ada.field")
            give_role(visit, "Ada Field (example)", "help-desk", "cedar-falls")
            for number, name in enumerate(HOSTILE):
                add_person(visit, name, f"hostile-{number}")
            for path, label in [("/", "home"), ("/people", "people"), ("/account", "account"), ("/sessions", "sessions"),
                                ("/nowhere", "nowhere")]:
                look(visit, path, screenshots, label)
            visit.go("/people")
            person = visit.page.get_by_role("link", name="Ada Field (example)").get_attribute("href")
            look(visit, person, screenshots, "person")
            for number in range(len(HOSTILE)):
                visit.go("/people")
                row = visit.page.locator("tr", has_text=f"hostile-{number} ")
                look(visit, row.get_by_role("link").get_attribute("href"), screenshots, f"hostile-{number}")
            roster(visit, pathlib.Path(folder), screenshots)
            enrolment(visit, controller, pathlib.Path(folder), screenshots)
            journal(visit, screenshots)
            weigh(visit, "/people")
            weigh(visit, "/districts/cedar-falls/batches/fall")
            without_script(browser, base, base + "/" + ada.split("/", 3)[3])
            browser.close()
        if options.screenshots:
            print(f"screenshots are in {screenshots}")
    if faults:
        sys.exit(f"{len(faults)} faults")
    print("Nothing is wrong.")


if __name__ == "__main__":
    main()
