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
from urllib.parse import parse_qs, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent.parent / "bench"))
sys.path.insert(0, str(HERE))

import devices  # noqa: E402
import roster  # noqa: E402
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


def school(controller, folder):
    """People with a device each, some of whose names are hostile."""
    def names(kind, number):
        if kind == "u" and number < len(HOSTILE):
            return "Robin", '"' + HOSTILE[number].replace('"', '""') + '"'
        return ("Sky", f"Madeup{number}") if kind == "u" else ("Terry", f"Staff{number}")

    archive, _, _ = roster.export(60, 1, names=names, codes=["cedar-falls"])
    path = pathlib.Path(folder) / "export.zip"
    path.write_bytes(archive)
    controller.rollcall("roster", "import", str(path), "-d", "cedar-falls")
    serials = pathlib.Path(folder) / "devices.csv"
    serials.write_text("serial,assetTag,model\n" + "".join(f"PF3XK{number:03},CF-{number:04},Laptop 14\n" for number in range(12)))
    controller.rollcall("device", "import", str(serials), "-d", "cedar-falls")
    for number in range(12):
        controller.rollcall("assign", f"PF3XK{number:03}", "--student", str(number), "-d", "cedar-falls")


def search(browser, base, screenshots):
    """The search by keyboard alone: why, results as one types, arrows, Escape, and a scanner's Enter."""
    visit = Visit(browser, base, viewport={"width": 1440, "height": 900})
    visit.go("/sign-in")
    visit.type_into(login="ada.field", password=PASSWORD)
    visit.submit()
    visit.tab_to("Help desk")
    visit.submit()
    visit.heading("Why do you look?")
    look(visit, "/account/purpose?next=/desk", screenshots, "purpose")
    visit.press("Tab")
    visit.tab_to("Skip to the content")
    while visit.page.evaluate("document.activeElement.type") != "radio":
        visit.press("Tab")
    visit.press("Space")
    visit.tab_to("Keep this reason")
    visit.submit()
    visit.heading("Help desk")
    if visit.focused() != "q":
        fault(f"the box has not the focus, but '{visit.focused()}'")
    for words, least in (("roobin", 5), ("sky madeup1", 1), ("CF-000", 10), ("nobody at all", 0)):
        visit.page.keyboard.press("Control+A")
        visit.page.keyboard.type(words, delay=20)
        # The policy lets no wait evaluate anything: the script tells by the address.
        visit.page.wait_for_url(lambda address: parse_qs(urlsplit(address).query).get("q") == [words])
        hits = visit.page.locator("#results a.hit").count()
        told = visit.page.locator("#count").inner_text()
        if hits < least or ("found" not in told):
            fault(f"'{words}' shows {hits} results and tells '{told}'")
    visit.page.keyboard.press("Control+A")
    visit.page.keyboard.type("CF-000", delay=20)
    visit.page.locator("#results a.hit").nth(3).wait_for()
    visit.press("ArrowDown", "ArrowDown", "ArrowUp")
    if visit.page.evaluate("[...document.querySelectorAll('#results a.hit')].indexOf(document.activeElement)") != 0:
        fault("the arrow keys do not go through the results")
    visit.press("Escape")
    if visit.focused() != "q":
        fault("Escape does not come back to the box")
    visit.page.keyboard.press("Control+A")
    # As a scanner types: all at once, and Enter.
    visit.page.keyboard.type("PF3XK007")
    visit.submit()
    if "/devices/dev_" not in visit.page.url:
        fault(f"a scanner's Enter leads to {visit.page.url}")
    for path, label in (("/desk", "desk"), ("/desk?q=robin&stay=yes", "desk-people"), ("/desk?q=CF-000&stay=yes", "desk-devices"),
                        ("/desk?q=nobody+at+all", "desk-nothing")):
        look(visit, path, screenshots, label)
    weigh(visit, "/desk?q=robin&stay=yes")
    visit.context.close()


def help_desk(visit, found, screenshots):
    """A family is on the phone: the page of their device, why one looks, and what can be done."""
    device = f"/devices/{found['assigned']}"
    look(visit, device, screenshots, "device-asks")
    if "Olivia" in visit.page.content():
        fault("a name is shown to who has not said why they look")
    visit.go(device)
    visit.tab_to("purpose")
    visit.page.keyboard.type("A family")
    visit.tab_to("Show the names")
    visit.submit()
    if not visit.page.url.endswith(device) or "Olivia Example" not in visit.page.content():
        fault(f"{visit.page.url}: saying why does not lead back to the names")
    for name in ["assigned", "lost", "reporting"]:
        look(visit, f"/devices/{found[name]}", screenshots, f"device-{name}")
        weigh(visit, f"/devices/{found[name]}")
    look(visit, f"/devices/{found['reporting']}?q=lib", screenshots, "device-software")
    for number, _ in enumerate(devices.HOSTILE_MODELS):
        look(visit, f"/devices/{found[f'hostile-{number}']}", screenshots, f"device-hostile-{number}")
    visit.go(device)
    look(visit, visit.page.locator("#who ~ .big a").get_attribute("href"), screenshots, "desk-person")


def hand_over(visit, found, folder, screenshots):
    """Moves by keyboard alone: given back, given out by a number that is looked up first, and many by a file."""
    device = f"/devices/{found['assigned']}"
    moves = f"/districts/cedar-falls/devices/{found['assigned']}/moves"
    for move in ["return", "repair", "lost", "stolen"]:
        look(visit, f"{moves}/{move}", screenshots, f"move-{move}")
    look(visit, f"{moves}/assign", screenshots, "move-impossible")
    visit.go(device)
    visit.tab_to("It was given back")
    visit.submit()
    visit.tab_to("It was given back")
    visit.submit()
    if visit.page.locator(".notice").inner_text() != "It is back.":
        fault(f"it was not given back: {visit.page.locator('main').inner_text()[:300]}")
    for move in ["assign", "loan", "transfer", "retire"]:
        look(visit, f"{moves}/{move}", screenshots, f"move-{move}")
    visit.go(f"{moves}/assign")
    visit.type_into(student="4711")
    visit.tab_to("Give it to somebody")
    visit.submit()
    if "no student with this number" not in visit.page.locator("#student-fault").inner_text():
        fault("a number that nobody has is not told at its field")
    visit.page.screenshot(path=screenshots / "move-refused.png", full_page=True)
    visit.type_into(student="1002")
    visit.submit()
    if "<b>Oscar</b> Example" not in visit.page.locator(".found").inner_text():
        fault(f"a number is not looked up: {visit.page.locator('main').inner_text()[:300]}")
    visit.page.screenshot(path=screenshots / "move-looked-up.png", full_page=True)
    visit.tab_to("Give it to somebody")
    visit.submit()
    if visit.page.locator(".notice").inner_text() != "It is given out.":
        fault(f"it was not given out: {visit.page.locator('main').inner_text()[:300]}")
    look(visit, "/hand-out", screenshots, "hand-out")
    for name, text, words in [
            ("wrong", "serial,studentId\nHOSTILE0,4711\nNONE,1001\n", "2 lines are wrong"),
            ("right", "serial,studentId\nHOSTILE0,1001\n", "1 device would be given out")]:
        file = folder / f"{name}.csv"
        file.write_text(text)
        visit.go("/hand-out")
        visit.page.set_input_files("#file", file)
        visit.page.locator("form[enctype] button").first.click()
        if words not in visit.page.locator("main").inner_text():
            fault(f"the preview does not say '{words}': {visit.page.locator('main').inner_text()[:300]}")
        visit.page.screenshot(path=screenshots / f"hand-out-{name}.png", full_page=True)
    visit.page.get_by_role("button", name="Give them out").click()
    if visit.page.locator(".notice").inner_text() != "1 device has moved.":
        fault("a file that was confirmed moved nothing")


def fleet(controller, folder):
    """A school, and devices that it waits for: enough for lists, reports and a change of many."""
    controller.rollcall("school", "create", "north-side", "--name", "North School (example)", "--district", "cedar-falls")
    listed = pathlib.Path(folder) / "fleet.csv"
    listed.write_text("serial,assetTag,model\n" + "".join(f"NS{number:05},A{number},ThinkPad E14 {number % 3}\n" for number in range(60)))
    controller.rollcall("device", "import", str(listed), "--district", "cedar-falls")


def change_many(visit, screenshots):
    """Marks two devices by keyboard, looks what a change would come to, and makes it."""
    visit.go("/devices?district=cedar-falls")
    boxes = visit.page.locator("input[name=device]")
    for number in range(2):
        boxes.nth(number).focus()
        visit.press("Space")
    visit.page.locator("#move").select_option("retire")
    # Behind so many rows that nobody goes there by Tab alone from the top.
    visit.page.locator("#why").focus()
    visit.page.keyboard.type("sold")
    visit.tab_to("See what it would come to")
    visit.submit()
    visit.heading("Retire 2 devices?")
    visit.page.screenshot(path=screenshots / "bulk.png", full_page=True)
    visit.tab_to("Retire 2 devices")
    visit.submit()
    visit.heading("2 devices retired")


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


def take_up_roster(visit, folder, screenshots):
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
    # A page that is told nothing more says so, whether its stream was ended or refused.
    for answer in [{"content_type": "text/event-stream", "body": "event: over\ndata: {}\n\n"}, {"status": 404}]:
        visit.page.route("**/pending/live", lambda route, answer=answer: route.fulfill(**answer))
        visit.go("/pending")
        visit.page.wait_for_function(
            "() => document.querySelector('[data-following]').textContent.includes('not kept up to date')", timeout=20000)
        visit.page.screenshot(path=screenshots / "not-followed.png", full_page=True)
        visit.page.unroute("**/pending/live")
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
    visit.go("/desk")
    page.fill("#q", "skyy madeup9")
    page.click("main button")
    if page.locator("#results a.hit").count() < 1:
        fault(f"without script, nothing was found: {page.locator('main').inner_text()[:200]}")
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
            fleet(controller, folder)
            for path, label in [("/overview?district=cedar-falls", "overview"), ("/devices?district=cedar-falls", "devices"), ("/software", "software"),
                                ("/reports", "reports"), ("/reports/inventory", "inventory"), ("/reports/fleet-health", "fleet-health")]:
                look(visit, path, screenshots, label)
            change_many(visit, screenshots)
            take_up_roster(visit, pathlib.Path(folder), screenshots)
            enrolment(visit, controller, pathlib.Path(folder), screenshots)
            journal(visit, screenshots)
            school(controller, folder)
            for path in ["/people", "/districts/cedar-falls/batches/fall", "/overview", "/devices?district=cedar-falls", "/reports/inventory"]:
                weigh(visit, path)
            without_script(browser, base, base + "/" + ada.split("/", 3)[3])
            search(browser, base, screenshots)
            found = devices.make(controller, pathlib.Path(folder))
            help_desk(visit, found, screenshots)
            hand_over(visit, found, pathlib.Path(folder), screenshots)
            for path, label in (("/views", "views"), ("/views?purpose=family-calls", "views-filtered")):
                look(visit, path, screenshots, label)
            browser.close()
        if options.screenshots:
            print(f"screenshots are in {screenshots}")
    if faults:
        sys.exit(f"{len(faults)} faults")
    print("Nothing is wrong.")


if __name__ == "__main__":
    main()
