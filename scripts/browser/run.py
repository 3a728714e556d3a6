"""A real Chromium signs in to a real controller by keyboard alone and looks at every page.

Usage: scripts/browser/run.py --programs bin [--chromium /usr/bin/chromium] [--screenshots FOLDER]
Each page is looked at 360 and 1,440 pixels wide, in light and dark: axe-core finds nothing at WCAG 2.1 AA, nothing is wider
than the screen, everything is reached by Tab and shows that it has the focus, nothing breaks the content security policy, and
the page with all its files is at most 60 KB as it travels. Then the same work is done without any script; the day of a help desk
(day.py) and the Friday of district IT (friday.py) are gone through; and laptops tell hostile names (hostile.py). pages.txt has every
page that there is: one that was not looked at is a fault.
"""

import argparse
import pathlib
import re
import sys
import tempfile
import zipfile

from playwright.sync_api import sync_playwright

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))

import day  # noqa: E402
import devices  # noqa: E402
import friday  # noqa: E402
import hostile  # noqa: E402
from controller import Controller  # noqa: E402
from desk import HOSTILE, hand_over, help_desk, school, search  # noqa: E402
from people import add_person, administrator, enter, give_role  # noqa: E402
from visit import PASSWORD, Visit, fault, faults, look, look_here  # noqa: E402


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
    look_here(visit, screenshots, "bulk")
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


def batches(visit, screenshots):
    """A batch made of scanned serials, by keyboard alone, and a token for it."""
    look(visit, "/districts/cedar-falls/batches/fall/machines", screenshots, "batch-machines")
    look(visit, "/districts/cedar-falls/new-batch", screenshots, "batch-new")
    visit.go("/districts/cedar-falls/new-batch")
    visit.type_into(id="spring", name="Spring (example)")
    visit.tab_to("serials")
    for serial in ("SPRING-0001", "System Serial Number"):  # a scanner ends each with Enter
        visit.page.keyboard.type(serial)
        visit.press("Enter")
    visit.tab_to("Make the batch")
    visit.submit()
    if "enroll.serial-placeholder" not in visit.page.locator("main").inner_text():
        fault("a filler in place of a serial is not told")
    visit.page.screenshot(path=screenshots / "batch-faults.png", full_page=True)
    visit.tab_to("serials")
    visit.press("Control+A")
    visit.page.keyboard.type("SPRING-0001\n")
    visit.tab_to("Make the batch")
    visit.submit()
    visit.heading("Spring (example)")
    visit.tab_to("Enrolment tokens")
    visit.submit()
    look(visit, "/districts/cedar-falls/batches/spring/tokens", screenshots, "tokens")
    visit.go("/districts/cedar-falls/batches/spring/tokens")
    visit.tab_to("Make the token")
    visit.submit()
    if not visit.page.locator(".once code").inner_text().startswith("rct1."):
        fault("the new token is not shown")
    visit.page.screenshot(path=screenshots / "token-made.png", full_page=True)


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
    batches(visit, screenshots)
    # The same serial with another key; and one that nobody announced.
    controller.laptop(folder / "laptop-again", SERIALS[0], 1, token)
    controller.rollcall("district", "set", "cedar-falls", "--unknown-serials", "pending")
    controller.laptop(folder / "laptop-stranger", "EXAMPLE-9999", 9, token)
    for path, label in [("/pending", "pending"), ("/quarantine", "quarantine")]:
        look(visit, path, screenshots, label)
    # A page that is told nothing more says so, whether its stream was ended or refused.
    for answer in [{"content_type": "text/event-stream", "body": "event: over\ndata: {}\n\n"}, {"status": 404}]:
        def end(route, told=tuple(answer.items())):
            route.fulfill(**dict(told))

        # One argument: Playwright gives the request to whatever takes two.
        visit.page.route("**/pending/live", lambda route: end(route))
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
    visit.type_into(district="cedar-falls", action="batch.create")
    visit.submit()
    # One by the command, one on a page.
    if visit.page.locator("tbody tr").count() != 2:
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


def district_people(visit, browser, base, screenshots):
    """Who administers a district: its people, and a report of students, for which a help desk says first why."""
    name = "Dana Reed (example)"
    link = add_person(visit, name, "dana.reed")
    for role in ("district-admin", "help-desk"):
        give_role(visit, name, role, "cedar-falls")
    office = enter(browser, base, link, "dana.reed")
    look(office, "/district-people", screenshots, "district-people-which")
    look(office, "/districts/cedar-falls/people", screenshots, "district-people")
    person = office.page.locator("main a[href*='/cedar-falls/people/']").first.get_attribute("href")
    look(office, person, screenshots, "district-person")
    look(office, "/reports/students", screenshots, "report-purpose")
    office.heading("Why do you look?")
    office.context.close()


def every_declared():
    for line in (HERE / "pages.txt").read_text().splitlines():
        path, _, why = line.partition("  # ")
        pattern = re.compile(re.sub(r"{\w+}", "[^/]+", path))
        if not why and not any(pattern.fullmatch(place) for place in Visit.seen):
            fault(f"{path} was not looked at")


PARTS = ("pages", "day", "friday", "hostile")


def every_page(visit, browser, base, controller, folder, screenshots):
    """Each page by itself; `visit` is the state administrator's window."""
    ada = add_person(visit, "Ada Field (example)", "ada.field")
    give_role(visit, "Ada Field (example)", "help-desk", "cedar-falls")
    for number, name in enumerate(HOSTILE):
        add_person(visit, name, f"hostile-{number}")
    for path, label in [("/", "home"), ("/people", "people"), ("/account", "account"), ("/sessions", "sessions"), ("/nowhere", "nowhere")]:
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
                        ("/overview/models", "models"), ("/reports", "reports"), ("/reports/inventory", "inventory"),
                        ("/reports/inventory?view=print", "inventory-paper"), ("/reports/fleet-health", "fleet-health"),
                        ("/reports/unassigned", "unassigned"), ("/reports/software", "report-software")]:
        look(visit, path, screenshots, label)
    district_people(visit, browser, base, screenshots)
    change_many(visit, screenshots)
    take_up_roster(visit, folder, screenshots)
    enrolment(visit, controller, folder, screenshots)
    journal(visit, screenshots)
    school(controller, folder)
    without_script(browser, base, base + "/" + ada.split("/", 3)[3])
    search(browser, base, screenshots)
    found = devices.make(controller, folder)
    help_desk(browser, base, visit, found, screenshots)
    hand_over(visit, found, folder, screenshots)
    for path, label in (("/roster", "rosters"), ("/districts/cedar-falls/hand-out", "hand-out-cedar-falls"), ("/reports/attention", "attention"),
                        ("/reports/losses", "losses"), ("/reports/changes", "changes"), ("/reports/students", "students"), ("/views", "views"), ("/views?purpose=family-calls", "views-filtered")):
        look(visit, path, screenshots, label)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", default="bin")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--screenshots", type=pathlib.Path)
    parser.add_argument("--only", action="append", choices=PARTS, help="a part of it; all by default")
    options = parser.parse_args()
    parts = options.only or PARTS
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        folder = pathlib.Path(folder)
        screenshots = options.screenshots or folder / "screenshots"
        screenshots.mkdir(parents=True, exist_ok=True)
        with Controller(options.programs, folder) as controller:
            base = f"https://localhost:{controller.people_port}"
            link = controller.state.joinpath("admin.link").read_text().strip()
            link = "/" + link.split("/", 3)[3]
            controller.rollcall("district", "create", "cedar-falls", "--name", "Cedar Falls (example)")
            # Early: the overview of the Friday is counted minutes after its devices were made.
            laptop = day.prepare(controller, folder) if "day" in parts else None
            prepared = friday.prepare(controller, folder) if "friday" in parts else None
            browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
            visit = Visit(browser, base)
            administrator(visit, link, screenshots)
            if "pages" in parts:
                every_page(visit, browser, base, controller, folder, screenshots)
            if "day" in parts:
                day.run(visit, browser, base, controller, laptop, screenshots)
            if "hostile" in parts:
                hostile.look_at_all(visit, hostile.make(controller, folder), screenshots)
                hostile.workbook_is_harmless(visit)
            if "friday" in parts:
                friday.run(visit, browser, base, prepared, screenshots)
            if parts == PARTS:
                every_declared()
            browser.close()
        if options.screenshots:
            print(f"screenshots are in {screenshots}")
    if faults:
        sys.exit(f"{len(faults)} faults")
    print("Nothing is wrong.")


if __name__ == "__main__":
    main()
