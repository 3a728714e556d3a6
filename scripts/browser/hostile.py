"""Laptops whose files say the worst that they can: enrolled and reported by the real agent, and looked at on every page that shows them."""

import subprocess
import zipfile
from urllib.parse import quote

from visit import fault, look

LONG = 10_000
# A text that every page shows somewhere, by what it tries.
TEXTS = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "attribute": "\"'><svg onload=alert(1)> onfocus=alert(2) autofocus x=\"",
    "marks": "\"\u0301 onfocus=alert(1) x=\"\u0301<\u0338script>",
    "direction": "\u202egnp.exe\u202c \u2066isolated \u200f\u061c\u2067",
    "template": "{{frame.formToken}} {{{page}}} {{>layout}}",
    "control": "bell\x07 escape\x1b[31m delete\x7f nul\x00 next\x85 csi\x9b end",
    "stacked": "e" + "\u0301" * 400,
    "word": "W" * 1000,
    "long": "L" * LONG,
}
# What the agent does not tell at all: a line of 10,000 letters is no host name, and a control character is in no package's name.
UNTOLD = {"long"}


def put(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() + b"\n")


def write(root, text):
    """The text in every place that somebody who owns a laptop can write to."""
    for path in ("proc/sys/kernel/hostname", "sys/class/dmi/id/product_name", "sys/class/dmi/id/sys_vendor", "sys/class/dmi/id/bios_version",
                 "sys/block/nvme0n1/device/model", "sys/block/nvme0n1/device/serial", "sys/class/video4linux/video0/name",
                 "sys/class/power_supply/BAT0/manufacturer", "sys/class/power_supply/BAT0/model_name"):
        put(root, path, text)
    put(root, "proc/cpuinfo", f"processor\t: 0\nmodel name\t: {text}\nphysical id\t: 0\ncore id\t\t: 0\n")
    put(root, "etc/os-release", f"ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME='{text.replace(chr(39), '')}'")
    with open(root / "var/lib/dpkg/status", "ab") as status:
        for name, version in [(text[:200], "1.0"), ("plain", text[:200]), (text, text)]:
            status.write(f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n".encode())


def make(controller, folder):
    """A laptop for each text; the ids of those that reported, by what they try."""
    folder = folder / "hostile"
    folder.mkdir()
    listed, token = folder / "serials.csv", folder / "token"
    listed.write_text("serial\n" + "".join(f"HOST-{number:04d}\n" for number in range(len(TEXTS))))
    controller.rollcall("batch", "create", "-d", "cedar-falls", "--id", "hostile", "--name", "Hostile", "--serials", listed)
    controller.rollcall("token", "create", "-d", "cedar-falls", "--batch", "hostile", "--uses", "20", "--output-file", token)
    for number, (name, text) in enumerate(TEXTS.items()):
        laptop = folder / name
        controller.laptop(laptop, f"HOST-{number:04d}", 60 + number, token)
        write(laptop / "root", text)
        subprocess.run([controller.programs / "rollcall-agent", "once", "--state-dir", laptop / "agent", "--root", laptop / "root"],
                       capture_output=True, timeout=60)
    found = {}
    for number, (name, text) in enumerate(TEXTS.items()):
        device = controller.device(f"HOST-{number:04d}")
        if device is None:
            fault(f"the laptop that tries '{name}' has not reported")
            continue
        found[name] = device["id"]
        told = (device.get("facts") or {}).get("system") or {}
        if name not in UNTOLD and not told.get("hostname"):
            fault(f"the laptop that tries '{name}' did not tell its host name: {told}")
    return found


def nothing_happened(visit, name):
    """No element of theirs, and no mark of theirs that turns the direction of what stands around it."""
    strange = visit.page.evaluate("""() => [...document.querySelectorAll(
        'main script:not([src^="/assets/"]), main img, main svg:not(.chart):not(.trend):not(.reading), [onfocus], [onload], [onerror], [autofocus]:not(#q)')]
        .map(e => e.outerHTML.slice(0, 120))""")
    if strange:
        fault(f"{name}: {strange}")
    title = visit.page.title()
    if any(mark in title for mark in "\u202e\u2066\u2067\u200f"):
        fault(f"{name}: the window's title holds a mark of direction")
    left = visit.page.evaluate("""() => { const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), bare = [];
        // Names within a sentence are kept apart by a pair of marks of our own.
        const own = /\\u2068[^\\u202a-\\u202e\\u2066-\\u2069]*\\u2069/g;
        for (let node; node = walk.nextNode();) if (/[\\u202a-\\u202e\\u2066-\\u2069]/.test(node.data.replace(own, ""))
            && !node.parentElement.closest("bdi, option")) bare.push(node.data.slice(0, 80));
        return bare; }""")
    if left:
        fault(f"{name}: marks of direction outside of an element that keeps them: {left}")


def look_at_all(visit, found, screenshots):
    """Each device's page, and every list and report that tells of them."""
    for name, device in found.items():
        look(visit, f"/devices/{device}", screenshots, f"hostile-device-{name}")
        nothing_happened(visit, f"hostile-device-{name}")
    columns = "&".join(f"column={key}" for key in ("serial", "hostname", "vendor", "model", "system", "processor"))
    pages = {
        "devices": f"/devices?district=cedar-falls&stage=enrolled&{columns}", "software": "/software?district=cedar-falls",
        "overview": "/overview?district=cedar-falls", "inventory": "/reports/inventory?district=cedar-falls&view=print",
        "report-software": "/reports/software?district=cedar-falls", "changes": "/reports/changes?district=cedar-falls",
        "search": f"/desk?q={quote(TEXTS['script'])}&stay=yes", "search-long": f"/desk?q={'W' * 200}&stay=yes",
        "search-host": "/desk?q=HOST-&stay=yes",
    }
    for name in ("script", "direction", "word"):
        text = TEXTS[name][:120]
        pages[f"holders-{name}"] = f"/devices?district=cedar-falls&software={quote(text)}"
        pages[f"filter-{name}"] = f"/software?district=cedar-falls&prefix={quote(text)}"
    for name, path in pages.items():
        look(visit, path, screenshots, f"hostile-{name}")
        nothing_happened(visit, f"hostile-{name}")
    visit.go(pages["devices"])
    told = visit.page.locator("main").inner_text()
    for name in ("script", "attribute", "template"):
        if TEXTS[name] not in told:
            fault(f"what tries '{name}' is not on the list, so nothing was tried")
    # What no box takes is refused in words, on a page like every other.
    for path in (f"/desk?q={'L' * 3000}", "/desk?q=a%00b", f"/software?prefix={'L' * 3000}", "/devices?model=%00", f"/{'L' * 3000}"):
        visit.go(path)
        if "Rollcall" not in visit.page.title():
            fault(f"{path[:40]}: no page of ours answers")
        nothing_happened(visit, path[:40])


def workbook_is_harmless(visit):
    """In a file for spreadsheets every text is text."""
    with visit.page.expect_download() as download:
        visit.page.evaluate("""() => { const a = document.createElement("a");
            a.href = "/api/v1/reports/inventory?district=cedar-falls&format=xlsx"; document.body.append(a); a.click(); }""")
    with zipfile.ZipFile(download.value.path()) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    if "<f>" in sheet or "&lt;script&gt;" not in sheet:
        fault("the workbook holds a formula, or does not hold the hostile names")
