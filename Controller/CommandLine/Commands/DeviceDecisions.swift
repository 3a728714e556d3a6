import ArgumentParser
import Vocabulary

extension DeviceCommand {
  struct Approve: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Trust a quarantined device again: one of its keys stays, the others are revoked.",
      discussion: """
        EXAMPLES
          rollcall device approve PF3XK2M9
          rollcall device approve PF3XK2M9 --key 3f5a0c…
        """)

    @OptionGroup var which: DeviceArgument

    @Option(help: "The SHA-256 of the key that stays, as 'device show --output json' has it.")
    var key: String?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard key.map({ Digest(hex: $0) == nil }) ?? false else { return }
      throw ValidationError("--key takes the whole SHA-256 of a key: 64 hexadecimal digits.")
    }

    func run(_ session: Session) throws {
      let (found, path) = try which.find(session)
      do {
        _ = try session.client.post(path.under("approve"), .json(.fields([("key", key.map(JSONValue.string))])))
      } catch let error as CommandError where error.code == "registry.key-choice" {
        throw Self.choice(of: found["keys"].items, error)
      }
      session.say("Approved \(which.device).")
    }

    /// The controller's refusal in this command's words.
    private static func choice(of keys: [JSONValue], _ error: CommandError) -> CommandError {
      let live = keys.filter { $0["state"].text != "revoked" }.map { "\($0["key"].text) (\($0["state"].text))" }
      return CommandError(
        error.exit,
        "The device has \(live.count) live keys; say with --key which one stays: \(live.joined(separator: ", ")).",
        code: error.code, requestID: error.requestID)
    }
  }

  struct Revoke: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revoke a device's keys: it is refused from its next request on.",
      discussion: "EXAMPLE\n  rollcall device revoke PF3XK2M9 --reason \"sold\"")

    @OptionGroup var which: DeviceArgument

    @Option(help: "Why; it stands in the ledger.")
    var reason: String

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let path = try which.find(session).path
      _ = try session.client.post(path.under("revoke"), .json(["reason": .string(reason)]))
      session.say("Revoked \(which.device).")
    }
  }

  struct Quarantine: SessionCommand {
    static let configuration = CommandConfiguration(
      abstract: "Quarantine a device: it checks in, but gets nothing, and its facts are held apart.",
      discussion: "EXAMPLE\n  rollcall device quarantine PF3XK2M9 --reason \"two machines say this serial\"")

    @OptionGroup var which: DeviceArgument

    @Option(help: "Why; it stands in the ledger.")
    var reason: String

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let path = try which.find(session).path
      _ = try session.client.post(path.under("quarantine"), .json(["reason": .string(reason)]))
      session.say("Quarantined \(which.device).")
    }
  }
}
