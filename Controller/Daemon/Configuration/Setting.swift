/// Every setting of the controller, with its default and unit; the one list behind the file, the environment, the
/// flags, `rollcalld config` and `docs/configuration.md`.
enum Setting: String, CaseIterable, Sendable {
  case state
  case database
  case databaseSessions = "database-sessions"
  case sealKey = "seal-key"
  case contactKey = "contact-key"
  case people
  case devices
  case peopleProxy = "people-proxy"
  case devicesProxy = "devices-proxy"
  case names
  case peopleCertificate = "people-certificate"
  case peopleKey = "people-key"
  case checkInInterval = "check-in-interval"
  case connections
  case idleTimeout = "idle-timeout"
  case requestTimeout = "request-timeout"
  case queue
  case databaseReaders = "database-readers"
  case failedEnrollments = "failed-enrollments"
  case failedEnrollmentsPerMinute = "failed-enrollments-per-minute"
  case sessionIdle = "session-idle"
  case sessionLife = "session-life"
  case threads
  case logLevel = "log-level"
  case logFormat = "log-format"

  /// nil where the default is computed.
  var fallback: String? {
    switch self {
    case .state: "/var/lib/rollcall"
    case .people: "127.0.0.1:8443"
    case .devices: "127.0.0.1:8444"
    case .names: "localhost,127.0.0.1,::1"
    case .peopleProxy, .devicesProxy: nil
    case .database, .sealKey, .contactKey, .peopleCertificate, .peopleKey: nil
    case .databaseSessions: "8"
    case .checkInInterval: "3600"
    case .connections: "4096"
    case .idleTimeout: "60"
    case .requestTimeout: "30"
    case .queue: "4096"
    case .databaseReaders: "4"
    case .failedEnrollments: "30"
    case .failedEnrollmentsPerMinute: "10"
    case .sessionIdle: "60"
    case .sessionLife: "720"
    case .threads: nil
    case .logLevel: "info"
    case .logFormat: "text"
    }
  }

  var unit: String {
    switch self {
    case .state, .sealKey, .contactKey, .peopleCertificate, .peopleKey: "path"
    case .database: "postgres:// address"
    case .people, .devices: "address:port"
    case .peopleProxy, .devicesProxy: "addresses and CIDR ranges, divided by commas"
    case .names: "DNS names and IP addresses, divided by commas"
    case .checkInInterval, .idleTimeout, .requestTimeout: "seconds"
    case .connections, .queue, .databaseReaders, .failedEnrollments, .failedEnrollmentsPerMinute, .threads,
      .databaseSessions:
      "count"
    case .sessionIdle, .sessionLife: "minutes"
    case .logLevel: "trace, debug, info, notice, warning, error or critical"
    case .logFormat: "text or json"
    }
  }

  /// One sentence for people.
  var meaning: String {
    switch self {
    case .state: "The folder of the database, the certificates and the keys"
    case .database:
      "A PostgreSQL database in place of the file in the state folder; a password is never given as a flag"
    case .databaseSessions: "Transactions of this controller at once on PostgreSQL, each with a session"
    case .sealKey:
      "The key file with which controllers of one PostgreSQL database share their certificates and keys through it"
    case .contactKey:
      "The key file that seals guardians' names and contacts, in place of the one in the state folder"
    case .people: "Where the pages and the operator's API listen"
    case .devices: "Where devices enrol and check in"
    case .peopleProxy:
      "Balancers before the people listener: from them, and nobody else, a PROXY header (version 2) is required and believed"
    case .devicesProxy:
      "Balancers before the devices listener: from them, and nobody else, a PROXY header (version 2) is required and believed"
    case .names: "What agents and people call this controller; they stand in its own server certificates"
    case .peopleCertificate: "A certificate chain (PEM) for the people listener in place of one by our own CA"
    case .peopleKey: "The private key (PEM) of people-certificate"
    case .checkInInterval: "How long a device waits between check-ins, give or take 20 %"
    case .connections: "Connections open at once on each listener; more wait in the kernel's queue"
    case .idleTimeout: "An idle connection is closed after this"
    case .requestTimeout: "A request that has begun must have ended after this, or its body come at 16 KiB a second"
    case .queue:
      "Check-ins waiting for the database at once, and half as many enrolments; past that, devices are told to come back later"
    case .databaseReaders: "Database connections for reading"
    case .failedEnrollments:
      "Bad enrolment tokens that one address may present in a row; further ones are answered with 429"
    case .failedEnrollmentsPerMinute:
      "Bad enrolment tokens of one address that are answered again each minute after that"
    case .sessionIdle: "Somebody who is signed in with a browser and does nothing for this long is signed out"
    case .sessionLife: "Somebody who is signed in with a browser is signed out after this, whatever they do"
    case .threads: "Threads of the listeners; by default one a processor"
    case .logLevel: "The least severe message that is logged"
    case .logFormat: "How a message is written"
    }
  }

  /// The name in the environment: `ROLLCALLD_CHECK_IN_INTERVAL`.
  var variable: String { "ROLLCALLD_" + rawValue.uppercased().replacing("-", with: "_") }
}
