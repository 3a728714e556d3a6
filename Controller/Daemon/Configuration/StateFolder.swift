/// Where the controller keeps what must survive: see `docs/architecture.md`, "The state folder".
struct StateFolder: Sendable, Hashable {
  let path: String

  var database: String { path + "/rollcall.sqlite" }
  var authorityFolder: String { path + "/ca" }
  var serverFolder: String { path + "/tls" }
  var devicesCertificate: String { serverFolder + "/devices.pem" }
  var devicesKey: String { serverFolder + "/devices.key" }
  var peopleCertificate: String { serverFolder + "/people.pem" }
  var peopleKey: String { serverFolder + "/people.key" }
  /// The first state administrator's API token, 0600.
  var adminToken: String { path + "/admin.token" }
  /// What agents and operators trust: the root certificate, public.
  var root: String { authorityFolder + "/root.pem" }
  /// What the folder and the database agreed on, where keys are shared through it.
  var shared: String { path + "/shared.json" }
  /// The settings that `serve` reads where no `--config` is given and the file exists.
  var configuration: String { path + "/rollcalld.yaml" }
}
