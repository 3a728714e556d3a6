import ArgumentParser
import Vocabulary

/// The command and its parts.
struct RollcallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollcall",
    abstract: "Provision and follow the devices of a state's schools.",
    discussion: """
      EXAMPLES
        rollcall login --server https://127.0.0.1:8443 \\
            --ca var/controller/ca/root.pem \\
            --token-file var/controller/admin.token
        rollcall district create cedar-falls --name "Cedar Falls"
        rollcall batch create -d cedar-falls --id fall-2026 \\
            --name "Fall 2026" --serials serials.csv
        rollcall token create -d cedar-falls --batch fall-2026 \\
            --output-file token
        rollcall device show PF3XK2M9
        rollcall find nunez zoe
        rollcall assign PF3XK2M9 --student 104233 --with charger

      EXIT CODES
        0 done                        4 not allowed
        1 failed                      5 controller unreachable or too busy
        2 wrong command line          6 input refused
        3 not found, or several found 7 a proof does not hold

      ENVIRONMENT
        ROLLCALL_SERVER     the controller's address     these are used instead of
        ROLLCALL_CA         certificates to trust        what 'login' stored
        ROLLCALL_API_TOKEN  the API token
        ROLLCALL_DISTRICT   the district where --district is not given;
                            --all-districts and --state-wide come before it
        ROLLCALL_PURPOSE    why you look at students' data, where --purpose is not
                            given
        NO_COLOR            no colours

      COMPLETION (bash, zsh, fish)
        rollcall --generate-completion-script bash \\
            > /etc/bash_completion.d/rollcall
      """,
    version: Release.version,
    subcommands: [
      LoginCommand.self, LogoutCommand.self, MeCommand.self, FindCommand.self, DistrictCommand.self, SchoolCommand.self,
      RosterCommand.self, BatchCommand.self, TokenCommand.self, PendingCommand.self, DeviceCommand.self,
      ReceiveCommand.self, DeliverCommand.self, AssignCommand.self,
      ReturnCommand.self, LoanCommand.self, LoansCommand.self, AccessoriesCommand.self, RepairCommand.self,
      LostCommand.self, StolenCommand.self, FoundCommand.self, TransferCommand.self, RetireCommand.self,
      CalendarCommand.self, NetworkCommand.self, HealthCommand.self, SoftwareCommand.self, ReportCommand.self,
      PrincipalCommand.self,
      AccountCommand.self,
      APITokenCommand.self,
      JournalCommand.self, AuditCommand.self,
      RetentionCommand.self,
    ])
}
