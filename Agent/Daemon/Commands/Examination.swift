import AgentTransport
import CurlClient
import Glibc
import Vocabulary

/// Looks at everything a report needs, in the order in which it would fail.
struct Examination {
  let agent: Agent
  let reading: ClockReading

  private var folder: StateFolder { agent.configuration.stateFolder }

  func findings() -> [Finding] {
    let state = (try? agent.file.peek()) ?? nil
    let clock = (state ?? AgentState()).clock(at: reading)
    return [folderFinding(), keyFinding(), spaceFinding(), stateFinding(), Self.clock(clock, at: reading)]
      + [certificateFinding(state, at: clock.now(at: reading))] + connection(clock)
  }

  /// What to do where the folder is another user's.
  private static let otherUser = "Run this as root or as rollcall-agent."

  /// A file that this user may not read is neither there nor missing.
  private func unreadable(_ subject: String) -> Finding {
    Finding(
      verdict: .unknown, subject: subject, state: "not known: this user may not read \(folder.path)",
      advice: Self.otherUser)
  }

  // MARK: - This machine

  private func folderFinding() -> Finding {
    var facts = stat()
    guard stat(folder.path, &facts) == 0 else {
      let cause = errno
      return Finding(
        verdict: .wrong, subject: "State folder", state: "\(folder.path): \(String(cString: strerror(cause)))",
        advice: cause == ENOENT ? "Enrol first ('rollcall-agent enroll')." : Self.otherUser)
    }
    guard access(folder.path, R_OK | W_OK | X_OK) == 0 else {
      return Finding(
        verdict: .wrong, subject: "State folder", state: "\(folder.path) cannot be read and written by this user",
        advice: Self.otherUser)
    }
    guard facts.st_mode & 0o022 == 0 else {
      return Finding(
        verdict: .wrong, subject: "State folder", state: "\(folder.path) can be written by other users",
        advice: "chmod 700 \(folder.path)")
    }
    return Finding(verdict: .well, subject: "State folder", state: folder.path)
  }

  private func keyFinding() -> Finding {
    if let uri = agent.configuration.keyURI {
      do {
        _ = try PrivateKey(uri: uri)
        return Finding(verdict: .well, subject: "Key", state: "in hardware at \(uri)")
      } catch {
        return Finding(
          verdict: .wrong, subject: "Key", state: error.message,
          advice: "Look at the provider's configuration in openssl.cnf and at the device.")
      }
    }
    var facts = stat()
    guard stat(folder.key, &facts) == 0 else {
      guard errno == ENOENT else { return unreadable("Key") }
      return Finding(verdict: .wrong, subject: "Key", state: "there is none", advice: "Enrol with a token.")
    }
    guard facts.st_mode & 0o077 == 0 else {
      return Finding(
        verdict: .wrong, subject: "Key", state: "\(folder.key) can be read by other users: it is no secret any more",
        advice: "Revoke it at the controller, then 'rollcall-agent enroll --again' with a new token.")
    }
    return Finding(verdict: .well, subject: "Key", state: "\(folder.key), readable by its owner only")
  }

  private func spaceFinding() -> Finding {
    var facts = statvfs()
    guard statvfs(folder.path, &facts) == 0 else {
      return Finding(verdict: .unknown, subject: "Disk space", state: "not known without the state folder")
    }
    let free = ByteCount(Int64(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize)))
    if facts.f_files > 0, facts.f_favail == 0 {
      return Finding(
        verdict: .wrong, subject: "Disk space", state: "no more files can be made (no free inodes)",
        advice: "Remove files; many small ones are the cause.")
    }
    guard free >= .mebibytes(4) else {
      return Finding(
        verdict: .wrong, subject: "Disk space", state: "\(free) free where the state lies: it cannot be stored safely",
        advice: "Free some space; 'apt-get clean' and 'journalctl --vacuum-size=100M' help first.")
    }
    return Finding(verdict: .well, subject: "Disk space", state: "\(free) free")
  }

  private func stateFinding() -> Finding {
    do {
      guard try agent.store.files.read(folder.state) != nil else {
        return Finding(verdict: .attention, subject: "State", state: "none yet: this device has never reported")
      }
      guard let state = try agent.file.peek() else {
        return Finding(
          verdict: .attention, subject: "State",
          state: "state.json is damaged; the next contact sets it aside and asks the controller")
      }
      guard state.failures == 0 else {
        return Finding(
          verdict: .attention, subject: "Last contact",
          state: "\(state.failures) failed in a row: \(state.lastFailure ?? "")")
      }
      return Finding(verdict: .well, subject: "Last contact", state: state.lastContact?.rfc3339 ?? "none yet")
    } catch let error as AgentError where error.kind == .fileUnreadable {
      return unreadable("State")
    } catch {
      return Finding(verdict: .wrong, subject: "State", state: Failure(error).message, advice: Self.otherUser)
    }
  }

  static func clock(_ estimate: ClockEstimate, at reading: ClockReading) -> Finding {
    let (lag, lead) = (estimate.lag(at: reading), estimate.lead(at: reading))
    if lead > .seconds(120) {
      return Finding(
        verdict: .attention, subject: "Clock",
        state:
          "this machine says \(reading.system), but by the controller's time it is \(estimate.now(at: reading)): \(Words.span(lead)) ahead; the agent goes by the controller",
        advice:
          "Turn on time synchronisation ('timedatectl set-ntp true'), or set the clock: other programs believe it.")
    }
    guard lag > .seconds(120) else {
      return Finding(verdict: .well, subject: "Clock", state: reading.system.rfc3339)
    }
    return Finding(
      verdict: .attention, subject: "Clock",
      state:
        "this machine says \(reading.system), but it is at least \(estimate.now(at: reading)); the agent goes by the latter",
      advice:
        "Turn on time synchronisation ('timedatectl set-ntp true'); if it goes back after each boot, the mainboard's battery is empty."
    )
  }

  private func certificateFinding(_ state: AgentState?, at now: Instant) -> Finding {
    let subject = "Certificate"
    do {
      guard let identity = try agent.store.identity(.current) else {
        if state?.lastFailureCode == Agent.pendingCode, try agent.store.files.read(folder.token, limit: 4096) != nil {
          let key = try agent.store.keyDigest(.current).map { ", who knows it by its key \($0.short)" } ?? ""
          return Finding(
            verdict: .attention, subject: subject,
            state: "none yet: the enrolment waits for a person at the controller\(key)", isForPerson: true)
        }
        return Finding(verdict: .wrong, subject: subject, state: "there is none", advice: "Enrol with a token.")
      }
      return Self.certificate(
        notBefore: identity.notBefore, notAfter: identity.notAfter, due: identity.renewalDue, at: now)
    } catch let error as AgentError where error.kind == .fileUnreadable {
      return unreadable(subject)
    } catch {
      return Finding(
        verdict: .wrong, subject: subject, state: Failure(error).message, advice: "Enrol again with a token.")
    }
  }

  static func certificate(notBefore: Instant, notAfter: Instant, due: Instant, at now: Instant) -> Finding {
    let subject = "Certificate"
    if now < notBefore {
      return Finding(
        verdict: .wrong, subject: subject, state: "holds from \(notBefore), and it is \(now)",
        advice: "Set this machine's clock.")
    }
    if now > notAfter.advanced(by: .seconds(400 * 86_400)) {
      return Finding(
        verdict: .wrong, subject: subject, state: "expired at \(notAfter), too long ago to be renewed",
        advice: "'rollcall-agent enroll --again' with a new token.")
    }
    if now > notAfter {
      return Finding(
        verdict: .attention, subject: subject, state: "expired at \(notAfter); the next contact renews it")
    }
    let renewal = now >= due ? "the next contact renews it" : "renewed from \(due)"
    return Finding(verdict: .well, subject: subject, state: "until \(notAfter); \(renewal)")
  }

  // MARK: - The controller

  /// A verified question for the time, whose error tells which part does not work, and one for the key's standing.
  private func connection(_ clock: ClockEstimate) -> [Finding] {
    do {
      let address = try agent.address()
      guard let root = try agent.store.root() else {
        return [
          Finding(verdict: .unknown, subject: "Controller", state: "not asked: no root is pinned before enrolment")
        ]
      }
      let identity = (try? agent.store.identity(.current)) ?? nil
      let link = try ControllerLink(
        address: address, root: root, identity: identity, clock: clock, make: agent.make, reading: { reading })
      let time = try link.time()
      return Connection.works(address, offset: reading.system.since(time)) + standing(link, identity)
    } catch let error as TransferError {
      return Connection.failed(error)
    } catch let error as AgentError where error.kind == .fileUnreadable {
      return [unreadable("Controller")]
    } catch {
      let failure = Failure(error)
      return [
        Finding(verdict: .wrong, subject: "Controller", state: failure.message, advice: "The code is \(failure.code).")
      ]
    }
  }

  /// Nothing where there is no certificate, or one that has to be renewed before it is good for a question.
  private func standing(_ link: ControllerLink, _ identity: DeviceIdentity?) -> [Finding] {
    let subject = "Key at the controller"
    guard let identity, link.clock.now(at: reading) <= identity.notAfter else { return [] }
    do {
      let standing = try link.standing()
      return [
        Finding(
          verdict: standing == .active ? .well : .attention, subject: subject, state: Words.standing(standing),
          isForPerson: standing != .active)
      ]
    } catch let refusal as Refusal where refusal.status == 401 || refusal.status == 403 {
      let advice = "Find out why with the district's staff; then 'rollcall-agent enroll --again' with a new token."
      return [Finding(verdict: .wrong, subject: subject, state: refusal.message, advice: advice)]
    } catch {
      return [Finding(verdict: .unknown, subject: subject, state: Failure(error).message)]
    }
  }
}
