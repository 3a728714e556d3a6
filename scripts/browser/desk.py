"""The help desk's pages one by one: the search, a device, its moves."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "bench"))

import devices  # noqa: E402
import roster  # noqa: E402
from visit import PASSWORD, Visit, fault, look, look_here  # noqa: E402

HOSTILE = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '"\u0301 onfocus=alert(1) autofocus x="',
           "\u202egnp.exe", "x" * 100]


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
        # The policy lets no wait evaluate anything: the script tells beside the results.
        visit.page.locator(f'#results[data-asked="{words}"]').wait_for(state="attached")
        if "q=" in visit.page.url:
            fault(f"what was typed stands in the address: {visit.page.url}")
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
    # A name and Enter, with several who bear it: the first is stepped to, and the name is in no address.
    visit.go("/desk")
    visit.page.keyboard.type("robin")
    visit.press("Enter")
    visit.page.locator('#results[data-asked="robin"] a.hit:focus').wait_for()
    if "robin" in visit.page.url.lower():
        fault(f"a name and Enter stand in the address: {visit.page.url}")
    for path, label in (("/desk", "desk"), ("/desk?q=robin&stay=yes", "desk-people"), ("/desk?q=CF-000&stay=yes", "desk-devices"),
                        ("/desk?q=nobody+at+all", "desk-nothing")):
        look(visit, path, screenshots, label)
    visit.context.close()


def help_desk(browser, base, visit, found, screenshots):
    """A family is on the phone: the page of their device, why one looks, and what can be done."""
    device = f"/devices/{found['assigned']}"
    desk = Visit(browser, base, viewport={"width": 1440, "height": 900})
    desk.go("/sign-in")
    desk.type_into(login="ada.field", password=PASSWORD)
    desk.submit()
    look(desk, device, screenshots, "device-asks")
    if "Olivia" in desk.page.content():
        fault("a name is shown to who has not said why they look")
    desk.go(device)
    desk.tab_to("purpose")
    desk.page.keyboard.type("A family")
    desk.tab_to("Show the names")
    desk.submit()
    if not desk.page.url.endswith(device) or "Olivia Example" not in desk.page.content():
        fault(f"{desk.page.url}: saying why does not lead back to the names")
    desk.context.close()
    visit.go(device)
    if "Olivia Example" not in visit.page.content():
        fault("who administers is asked why they look")
    for name in ["assigned", "lost", "reporting"]:
        look(visit, f"/devices/{found[name]}", screenshots, f"device-{name}")
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
        look_here(visit, screenshots, f"hand-out-{name}")
    visit.page.get_by_role("button", name="Give them out").click()
    if visit.page.locator(".notice").inner_text() != "1 device has moved.":
        fault("a file that was confirmed moved nothing")
