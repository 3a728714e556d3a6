package import Access
package import Audit
package import Serving

/// Every page of the shell and of administration, and the files that they name.
package struct WebPages: Sendable {
  /// In the order of the navigation, behind those of the features.
  package static let places = [
    Place("Journal", JournalPages.place, "Who changed what, and when", JournalPages.rule),
    Place("People", PeoplePages.place, "Who may sign in, and what they may do", PeoplePages.rule),
    Place(
      "People of your district", DistrictPeoplePages.place, "Who works there, and what they may do",
      .scoped([.districtAdmin])),
    Place("Sessions", "/sessions", "Which browsers are signed in", PeoplePages.rule),
  ]

  let shell: Shell
  let desk: SignInDesk
  let people: PeopleDesk
  let journal: JournalReader

  package init(shell: Shell, desk: SignInDesk, people: PeopleDesk, journal: JournalReader) {
    self.shell = shell
    self.journal = journal
    self.desk = desk
    self.people = people
  }

  package var peopleRoutes: [PeopleRoute] {
    SignInPages(shell: shell, desk: desk).routes + OwnPages(shell: shell, desk: desk, people: people).routes
      + PeoplePages(shell: shell, desk: desk, people: people).routes
      + DistrictPeoplePages(shell: shell, people: people).routes + [
        Asset.stylesheet.route, Asset.script.route, Asset.icon.route,
      ]
      + JournalPages(shell: shell, journal: journal, people: people).routes
  }
}
