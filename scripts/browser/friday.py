"""The Friday of district IT: what is not well, how many, which; a change of many; who has a package; what changed; a file for the board."""

import csv
import datetime
import io
import pathlib
import re
import subprocess
import time
import urllib.parse
import zipfile

import people
from visit import fault

DISTRICT = "oak-meadow"
IVO = "Ivo Lind (example)"
# Laptops that report by the real agent, by their number; every third has a package that others have not.
KINDS = {40: "well", 41: "worn-battery", 42: "failing-disk", 43: "waiting-updates", 44: "silent-disk", 45: "well", 46: "well", 47: "worn-battery"}
PLANETARIUM = sum(number % 3 == 0 for number in KINDS)
SHELF = 24
MOVED = 3
WEST = f"/devices?district={DISTRICT}&school=west-side&column=serial"


def prepare(controller, folder):
    """Two schools, laptops in all kinds of states, and some that never reported; when it was done."""
    folder = pathlib.Path(folder) / "friday"
    folder.mkdir()
    controller.rollcall("district", "create", DISTRICT, "--name", "Oak Meadow (example)")
    for school in ("east", "west"):
        controller.rollcall("school", "create", f"{school}-side", "--name", f"{school.title()} School (example)", "-d", DISTRICT)
    listed, serials, token = folder / "devices.csv", folder / "serials.csv", folder / "token"
    serials.write_text("serial\n" + "".join(f"FRI-{number:04d}\n" for number in KINDS))
    controller.rollcall("batch", "create", "-d", DISTRICT, "--id", "friday", "--name", "A Friday (example)", "--serials", serials)
    controller.rollcall("token", "create", "-d", DISTRICT, "--batch", "friday", "--uses", str(len(KINDS)), "--output-file", token)
    for number, kind in KINDS.items():
        controller.laptop(folder / str(number), f"FRI-{number:04d}", number, token, kind)
    listed.write_text("serial,assetTag,school,model\n"
                      + "".join(f"FRI-{number:04d},FR-{number:04d},{'east' if number % 2 else 'west'}-side,\n" for number in KINDS)
                      + "".join(f"SHELF-{number:04d},SH-{number:04d},east-side,Shelf Laptop\n" for number in range(SHELF)))
    controller.rollcall("device", "import", str(listed), "-d", DISTRICT)
    # What changed since: one has another package than before.
    laptop = folder / "46"
    with open(laptop / "root/var/lib/dpkg/status", "a", encoding="utf-8") as status:
        status.write("Package: exampletool\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.1-1\n\n")
    subprocess.run([controller.programs / "rollcall-agent", "once", "--state-dir", laptop / "agent", "--root", laptop / "root"],
                   capture_output=True, timeout=60)
    return datetime.datetime.now(datetime.timezone.utc)


def listed(visit, address):
    """How many devices a list has, on all its pages."""
    count = 0
    while address:
        answer = visit.page.request.get(visit.base + address.replace("&amp;", "&"))
        text = answer.text()
        if not answer.ok:
            fault(f"{address}: {answer.status}")
        count += text.count('data-label="Serial"')
        more = re.search(r'<a href="([^"]*)" rel="next"', text)
        if more and 'data-label="Serial"' not in text:
            fault(f"{address}: nothing stands on a page that goes on")
        address = more and more.group(1)
    return count


def overview(visit, prepared, screenshots):
    """Every number is that of the list behind it; counts are made every five minutes, so a fresh one is waited for."""
    counted = ""
    for _ in range(90):
        visit.go("/overview")
        told = re.search(r"counted at (\d{4}-\d\d-\d\d \d\d:\d\d) UTC", visit.page.locator("main").inner_text())
        counted = told.group(1) if told else ""
        if counted > prepared.strftime("%Y-%m-%d %H:%M"):
            break
        time.sleep(5)
    else:
        fault(f"the overview is not counted anew: {counted or 'never'}")
    visit.page.screenshot(path=screenshots / "friday-1-overview.png", full_page=True)
    numbers = visit.page.evaluate("""() => [...document.querySelectorAll("main a[href^='/devices']")]
        .map(a => [a.getAttribute("href"), (a.querySelector("strong") || a).textContent.trim()]).filter(([, text]) => /^[0-9,]+$/.test(text))""")
    known = {}
    for address, text in numbers:
        if address not in known:
            known[address] = listed(visit, address)
        if known[address] != int(text.replace(",", "")):
            fault(f"the overview says {text}, the list behind it has {known[address]}: {address}")
    here = {}
    for address, count in known.items():
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)
        if set(query) - {"district"} == {"use"}:
            here[query["use"][0]] = count
    if len(numbers) < 30 or here != {"in": len(KINDS) + SHELF, "out": 0, "not-here": 0}:
        fault(f"{len(numbers)} numbers, of devices {here}")
    print(f"{len(numbers)} numbers of the overview are those of the {len(known)} lists behind them", flush=True)


def follow(visit, screenshots):
    """From a number to its list; filtered further, with another column."""
    visit.go("/overview")
    link = visit.page.locator(".figures .failing a")
    count = int(link.locator("strong").inner_text())
    link.focus()
    visit.submit()
    visit.heading("Devices of Oak Meadow (example) (oak-meadow)")
    rows = visit.page.locator("tbody tr")
    if rows.count() != count or count != 3:
        fault(f"{count} devices fail, the list has {rows.count()}")
    visit.page.locator("#school").focus()
    visit.page.keyboard.type("East")
    visit.page.locator("summary", has_text="More filters").focus()
    visit.press("Enter")
    visit.page.locator("input[name=column][value=battery]").focus()
    visit.press("Space")
    visit.tab_to("Show these")
    visit.submit()
    if rows.count() != 2 or "Battery holds" not in visit.page.locator("thead").inner_text():
        fault(f"the list is not narrowed: {visit.page.locator('main').inner_text()[:400]}")
    if len(visit.page.locator(".chips li").all()) < 2:
        fault("the filters in use are not told")
    visit.page.screenshot(path=screenshots / "friday-2-list.png", full_page=True)


def change_many(visit, screenshots):
    """Some devices go to another school, after a look at what that comes to."""
    before = listed(visit, WEST)
    visit.go(f"/devices?district={DISTRICT}&school=east-side&model=Shelf%20Laptop")
    for number in range(MOVED):
        visit.page.locator("input[name=device]").nth(number).focus()
        visit.press("Space")
    visit.page.locator("#move").select_option("move")
    visit.page.locator("#to-school").select_option("west-side")
    visit.page.locator("#why").focus()
    visit.tab_to("See what it would come to")
    visit.submit()
    visit.heading(f"Move {MOVED} devices to school west-side?")
    if listed(visit, WEST) != before:
        fault("a preview changed something")
    visit.page.screenshot(path=screenshots / "friday-3-preview.png", full_page=True)
    visit.tab_to(f"Move {MOVED} devices to school west-side")
    visit.submit()
    visit.heading(f"{MOVED} devices moved to school west-side")
    if listed(visit, WEST) != before + MOVED:
        fault("the devices are not at the other school")


def who_has(visit, screenshots):
    visit.go("/software")
    visit.type_into(prefix="stell")
    visit.submit()
    link = visit.page.locator("tbody td.number a")
    if link.count() != 1 or link.inner_text() != str(PLANETARIUM):
        fault(f"{PLANETARIUM} laptops have the package: {visit.page.locator('main').inner_text()[:300]}")
    link.focus()
    visit.submit()
    if visit.page.locator("tbody tr").count() != PLANETARIUM:
        fault("the list of who has it is another")
    visit.page.screenshot(path=screenshots / "friday-4-who-has.png", full_page=True)


def what_changed(visit, screenshots):
    day = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)).strftime("%Y-%m-%d")
    visit.go("/reports/changes")
    visit.page.locator("#since").fill(day)
    with visit.page.expect_navigation():
        visit.page.get_by_role("button", name="Show these").click()
    told = visit.page.locator("tbody").inner_text()
    for words in ("exampletool", "Who has it", "SHELF-"):
        if words not in told:
            fault(f"'{words}' is not among what changed since {day}: {told[:400]}")
    visit.page.screenshot(path=screenshots / "friday-5-changes.png", full_page=True)


def taken(visit, name):
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name=name, exact=True).click()
    return pathlib.Path(download.value.path()).read_bytes()


def board(visit, screenshots):
    """The register as a file for a spreadsheet, as a workbook, and on paper."""
    visit.go("/reports/inventory")
    rows = list(csv.DictReader(io.StringIO(taken(visit, "CSV").decode())))
    if len(rows) != len(KINDS) + SHELF or {row["Serial"] for row in rows if row["Serial"].startswith("FRI-")} != {f"FRI-{n:04d}" for n in KINDS}:
        fault(f"the CSV file has {len(rows)} rows")
    with zipfile.ZipFile(io.BytesIO(taken(visit, "XLSX"))) as book:
        damaged = book.testzip()
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        if damaged or "[Content_Types].xml" not in book.namelist() or len(re.findall(r"<row ", sheet)) != len(rows) + 1 or "FRI-0040" not in sheet:
            fault(f"the workbook is not the same register: {damaged}, {len(re.findall(r'<row ', sheet))} rows")
    with visit.page.expect_navigation():
        visit.page.get_by_role("link", name="To print").click()
    if visit.page.locator("tbody tr").count() != len(rows):
        fault("the view for printing has other rows")
    paper = visit.page.pdf(path=screenshots / "friday-6-register.pdf", format="A4", print_background=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", paper))
    if not paper.startswith(b"%PDF-") or not 1 <= pages <= 6:
        fault(f"on paper it is {pages} pages, {len(paper)} bytes")


def run(visit, browser, base, prepared, screenshots):
    """`visit` is the state administrator's window."""
    link = people.add_person(visit, IVO, "ivo.lind")
    people.give_role(visit, IVO, "district-it", DISTRICT)
    office = people.enter(browser, base, link, "ivo.lind")
    overview(office, prepared, screenshots)
    follow(office, screenshots)
    change_many(office, screenshots)
    who_has(office, screenshots)
    what_changed(office, screenshots)
    board(office, screenshots)
    office.context.close()
    print("the Friday of district IT: overview, lists, a change of many, software, what changed, CSV, XLSX, paper", flush=True)
