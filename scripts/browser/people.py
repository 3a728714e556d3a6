"""The first administrator, and whom they let in: by the pages, by keyboard alone."""

from visit import PASSWORD, Visit, fault, look


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


def enter(browser, base, link, login, **options):
    """Somebody new sets the password by the one-time link and signs in, by keyboard; the window."""
    visit = Visit(browser, base, viewport={"width": 1440, "height": 900}, **options)
    visit.go("/" + link.split("/", 3)[3])
    visit.type_into(password=PASSWORD, repeated=PASSWORD)
    visit.submit()
    visit.heading("Sign in")
    visit.type_into(login=login, password=PASSWORD)
    visit.submit()
    visit.heading("Welcome")
    return visit
