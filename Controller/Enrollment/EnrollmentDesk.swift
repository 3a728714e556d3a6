package import Registry
package import Serving
package import Storage
internal import Vocabulary

/// Enrolment whole: batches, tokens, EST, and the devices that wait.
package struct EnrollmentDesk: Sendable {
  let database: any Database
  let registry: DeviceRegistry
  /// Every enrolment of a batch changes its token's count: in line they would wait for a commit each, and on an engine with
  /// many writers stand in each other's way.
  let enrolments: GroupCommit<EnrollmentAsk, EnrollmentStep.Done>
  /// How many enrolments may wait for the database; an agent gives up after a minute, and who waits behind so many would.
  let queue: Int
  let store: EnrollmentStore
  let tokenPlaces = TokenPlaces()
  let throttle: FailureThrottle
  let badTokens: Counter
  let throttled: Counter
  var authority: CertificateAuthority { store.authority }

  package static let migrations = EnrollmentSchema.migrations

  /// - Parameters:
  ///   - queue: how many enrolments may wait for the database, each as long as a dozen check-ins.
  ///   - failures: how many bad tokens one origin may present.
  ///   - metrics: where the numbers of refused tokens are shown.
  package init(
    database: any Database, registry: DeviceRegistry, authority: AuthorityInUse, queue: Int = 2048,
    failures: FailureThrottle.Limits = FailureThrottle.Limits(), metrics: Metrics = Metrics()
  ) {
    let throttle = FailureThrottle(failures)
    (self.throttle, self.queue) = (throttle, queue)
    badTokens = metrics.counter(
      "rollcall_enrollment_bad_tokens_total", "Enrolment tokens that were presented and could not be used.")
    throttled = metrics.counter(
      "rollcall_enrollment_throttled_total", "Of these, those answered with 429 because of the ones before.")
    metrics.gauge("rollcall_enrollment_failing_origins", "Addresses whose bad tokens are remembered.") {
      Double(throttle.count)
    }
    self.database = database
    self.registry = registry
    let store = EnrollmentStore(registry: registry, authorityInUse: authority)
    self.store = store
    enrolments = GroupCommit(
      database: database, in: .state, largest: 32, together: { try store.enrollTogether($0, $1) },
      each: { try store.enroll($0, $1) })
  }

  /// Batches, tokens and waiting devices, on the people listener.
  package var peopleRoutes: [PeopleRoute] {
    BatchRoutes(desk: self).all + TokenRoutes(desk: self).all + PendingRoutes(desk: self).all
  }

  /// EST, on the devices listener.
  package var deviceRoutes: [DeviceRoute] { ESTRoutes(desk: self).all }
}
