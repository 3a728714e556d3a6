import ArgumentParser

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

    @Option(help: "The SHA-256 of the key that stays, as 'device show' has it.")
    var key: String?

    @OptionGroup var global: GlobalOptions

    func run(_ session: Session) throws {
      let path = try which.find(session).path
      _ = try session.client.post(path.under("approve"), .json(.fields([("key", key.map(JSONValue.string))])))
      session.say("Approved \(which.device).")
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
