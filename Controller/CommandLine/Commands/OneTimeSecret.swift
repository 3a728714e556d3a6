/// A secret that the controller shows once: how it is made, and how it is taken back.
struct OneTimeSecret {
  let columns: [Column]
  /// Of the answer, where the secret stands.
  var field = "token"
  var noun = "token"
  let make: () throws -> JSONValue
  /// What of that id is deleted to take it back.
  let place: (String) -> Target
  /// The command that takes it back.
  let revoke: (String) -> String
  /// How it is taken back where that is not by deleting ``place``.
  var undo: ((APIClient, String) throws -> Void)?
}

extension Session {
  /// Prints a secret that is shown this once, or writes it into a new file that only its owner reads.
  ///
  /// The file is opened before the secret is made, so that none is made that nobody gets.
  func handOver(_ secret: OneTimeSecret, file path: String?) throws {
    guard let path else {
      let made = try secret.make()
      _ = try self.text(of: made, secret)
      return show(made, [Column("Secret", secret.field)] + secret.columns)
    }
    let file = try surroundings.files.newPrivate(path)
    let made: JSONValue
    let text: String
    do {
      made = try secret.make()
      text = try self.text(of: made, secret)
    } catch {
      file.abandon()
      throw error
    }
    do throws(CommandError) {
      try file.finish(Array((text + "\n").utf8))
    } catch {
      throw takenBack(made["id"].text, secret, because: error)
    }
    guard case .object(var fields) = made else { return }
    fields[secret.field] = nil
    show(.object(fields), secret.columns)
    if format == .table { say("The \(secret.noun) is in \(path).") }
  }

  private func text(of made: JSONValue, _ secret: OneTimeSecret) throws(CommandError) -> String {
    guard let text = made[secret.field].string else {
      let command = secret.revoke(made["id"].text)
      throw CommandError(
        .failure,
        "The \(secret.noun) was made, but its secret was lost with the connection and is not shown twice. Revoke it with '\(command)' and make another."
      )
    }
    return text
  }

  /// Revokes what nobody can get any more, and says whether that went well.
  private func takenBack(_ id: String, _ secret: OneTimeSecret, because error: CommandError) -> CommandError {
    do {
      if let undo = secret.undo { try undo(client, id) } else { try client.delete(secret.place(id)) }
      return CommandError(
        error.exit, "\(error.message) The \(secret.noun) \(id) that was made for it is revoked again.")
    } catch {
      return CommandError(
        .failure,
        "The \(secret.noun) \(id) was made, but could not be written and could not be revoked. Revoke it with '\(secret.revoke(id))'."
      )
    }
  }
}
