package import Access
package import Serving

/// Every page of the shell and of administration, and the files that they name.
package struct WebPages: Sendable {
  /// In the order of the navigation, behind those of the features.
  package static let places = [
    Place("People", PeoplePages.place, "Who may sign in, and what they may do", PeoplePages.rule),
    Place(
      "People of your district", DistrictPeoplePages.place, "Who works there, and what they may do",
      .scoped([.districtAdmin])),
    Place("Sessions", "/sessions", "Which browsers are signed in", PeoplePages.rule),
  ]

  let shell: Shell
  let desk: SignInDesk
  let people: PeopleDesk

  package init(shell: Shell, desk: SignInDesk, people: PeopleDesk) {
    self.shell = shell
    self.desk = desk
    self.people = people
  }

  package var peopleRoutes: [PeopleRoute] {
    SignInPages(shell: shell, desk: desk).routes + OwnPages(shell: shell, desk: desk, people: people).routes
      + PeoplePages(shell: shell, desk: desk, people: people).routes
      + DistrictPeoplePages(shell: shell, people: people).routes + [Asset.stylesheet.route, Asset.icon.route]
  }
}
