import Foundation

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
  /// What signs the journal's checkpoints, and what verifies them.
  var journalFolder: String { path + "/journal" }
  /// Secret, 0600.
  var checkpointKey: String { journalFolder + "/checkpoint.key" }
  var checkpointVerifier: String { journalFolder + "/checkpoint.pub" }
  var rosterFolder: String { path + "/roster" }
  /// What seals guardians' contacts, 0600.
  var contactKey: String { rosterFolder + "/contact.key" }
  /// The first state administrator's API token, 0600.
  var adminToken: String { path + "/admin.token" }
  /// The one-time link by which the first state administrator sets a password, 0600.
  var adminLink: String { path + "/admin.link" }
  /// What agents and operators trust: the root certificate, public.
  var root: String { authorityFolder + "/root.pem" }
  /// What the folder and the database agreed on, where keys are shared through it.
  var shared: String { path + "/shared.json" }
  /// The settings that `serve` reads where no `--config` is given and the file exists.
  var configuration: String { path + "/rollcalld.yaml" }
  /// The operator's settings of a controller that a package installed.
  static let machineSettings = "/etc/rollcall/rollcalld.yaml"

  /// The files of settings for this folder: `config` alone where it is given; else the folder's own, and above it the
  /// machine's, which is only meant for the folder that the package makes.
  func settingFiles(config: String?, exists: (String) -> Bool) -> (own: String?, machine: String?) {
    if let config { return (config, nil) }
    let isPackaged = URL(fileURLWithPath: path).standardizedFileURL.path == Setting.state.fallback
    return (
      exists(configuration) ? configuration : nil,
      isPackaged && exists(Self.machineSettings) ? Self.machineSettings : nil
    )
  }
}
