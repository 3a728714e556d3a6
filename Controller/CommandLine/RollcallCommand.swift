import ArgumentParser

/// The command and its parts.
struct RollcallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollcall",
    abstract: "Provision and follow the devices of a state's schools.",
    discussion: """
      EXAMPLES
        rollcall login --server https://127.0.0.1:8443 --ca var/ca/root.pem --token-file var/admin.token
        rollcall district create cedar-falls --name "Cedar Falls"
        rollcall batch create --district cedar-falls --id fall-2026 --name "Fall 2026" --serials serials.csv
        rollcall token create --district cedar-falls --batch fall-2026 --output-file token
        rollcall device show PF3XK2M9

      EXIT CODES
        0 done   1 failed   2 wrong command line   3 not found, or several found   4 not allowed
        5 controller unreachable or too busy   6 input refused

      ENVIRONMENT
        ROLLCALL_SERVER, ROLLCALL_CA, ROLLCALL_API_TOKEN   used instead of what 'login' stored
        ROLLCALL_DISTRICT                                  the district where --district is not given
        NO_COLOR                                           no colours

      COMPLETION
        rollcall --generate-completion-script bash > /etc/bash_completion.d/rollcall   (also zsh, fish)
      """,
    version: "0.1.0",
    subcommands: [
      LoginCommand.self, LogoutCommand.self, MeCommand.self, DistrictCommand.self, SchoolCommand.self,
      BatchCommand.self, TokenCommand.self, PendingCommand.self, DeviceCommand.self, PrincipalCommand.self,
      APITokenCommand.self, JournalCommand.self,
    ])
}
