package import Serving
internal import Vocabulary
package import Web

/// The pages of enrolment.
package struct EnrollmentPages: Sendable {
  package static let templates: [String: String] = [
    "batches": PackageResources.batches_mustache, "batch": PackageResources.batch_mustache,
    "batch-counts": PackageResources.batch_counts_mustache, "pending": PackageResources.pending_mustache,
    "quarantine": PackageResources.quarantine_mustache, "key": PackageResources.key_mustache,
    "news": PackageResources.news_mustache, "machine-list": PackageResources.machine_list_mustache,
    "enrollment-tokens": PackageResources.enrollment_tokens_mustache,
  ].mapValues { String(decoding: $0, as: UTF8.self) }

  package static let places = [
    Place("Batches", BatchPages.place, "What is expected, and how far it has come", BatchPages.rule),
    Place("Waiting", WaitingPages.place, "Devices that wait for a person", WaitingPages.rule),
    Place("Quarantine", WaitingPages.quarantine, "Devices that two keys claim to be", WaitingPages.rule),
  ]

  package let peopleRoutes: [PeopleRoute]

  package init(shell: Shell, desk: EnrollmentDesk) {
    peopleRoutes =
      BatchPages(shell: shell, desk: desk).routes + MachineListPages(shell: shell, desk: desk).routes
      + TokenPages(shell: shell, desk: desk).routes + WaitingPages(shell: shell, desk: desk).routes
  }
}
