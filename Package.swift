// swift-tools-version: 6.2
// Rollcall: device fleet provisioning and imaging for public schools.
// The layers stand in order: a target imports only from the layers above it, and a feature never imports another feature.
import PackageDescription

/// `make fuzz` sets it: every target is compiled so that libFuzzer sees which way its code goes.
let fuzzing = Context.environment["ROLLCALL_FUZZING"] != nil

/// The house rules of every target. CI sets ROLLCALL_STRICT so that a warning fails the build there and nowhere else.
let rules: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
  ] + (Context.environment["ROLLCALL_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)])
  + (fuzzing ? [.unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"])] : [])

// MARK: - Products of other packages

let hummingbird = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioConcurrency = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

// MARK: - Shapes of targets

func library(_ name: String, path: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: rules)
}

/// A feature with pages: their templates stand in the program itself.
func feature(_ name: String, path: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(
    name: name, dependencies: dependencies, path: path, resources: [.embedInCode("Pages/Templates")],
    swiftSettings: rules)
}

func program(
  _ name: String, path: String, _ dependencies: [Target.Dependency], linked: [LinkerSetting] = []
) -> Target {
  .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: rules, linkerSettings: linked)
}

/// How the agent's release is linked, for less memory and a quicker start (BENCHMARKS.md has the figures): packed
/// relocations, no exported symbols but the one that libgnutls looks for, and of the C++ library only what Swift's
/// runtime uses. These are lld's words; it comes with Swift.
let smallProgram: [LinkerSetting] = [
  .unsafeFlags(
    [
      "-use-ld=lld", "-L\(Context.packageDirectory)/Agent/Link", "-Xclang-linker", "-static-libgcc",
    ]
      + [
        "-z", "pack-relative-relocs", "--no-export-dynamic", "--export-dynamic-symbol=_gnutls_global_init_skip",
        "--as-needed", "--icf=safe", "-O2",
      ].flatMap { ["-Xlinker", $0] }, .when(platforms: [.linux], configuration: .release))
]

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude,
    swiftSettings: rules)
}

let package = Package(
  name: "rollcall",
  products: [
    .executable(name: "rollcalld", targets: ["rollcalld"]),
    .executable(name: "rollcall-agent", targets: ["rollcall-agent"]),
    .executable(name: "rollcall", targets: ["rollcall"]),
    .executable(name: "rollcall-swarm", targets: ["rollcall-swarm"]),
  ],
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    // MARK: - System libraries: module maps and inline shims only

    /// libcurl, for the agent and the operator's command.
    .systemLibrary(
      name: "CCurl", path: "Sources/CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    /// OpenSSL: keys, certificate requests, digests and the TLS context on the device.
    .systemLibrary(name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
    /// zlib: gzip bodies and stored software bases.
    .systemLibrary(name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    /// libzip: rosters come as ZIP archives.
    .systemLibrary(name: "CZip", path: "Sources/CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    /// libxlsxwriter: reports as workbooks, row by row.
    .systemLibrary(
      name: "CXlsxWriter", path: "Sources/CXlsxWriter", pkgConfig: "xlsxwriter",
      providers: [.apt(["libxlsxwriter-dev"])]),
    /// libpq, for the distributed engine.
    .systemLibrary(name: "CPostgres", path: "Sources/CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    /// glibc's allocator: from how many heaps threads take.
    .systemLibrary(name: "CMalloc", path: "Sources/CMalloc"),

    // MARK: - Foundations: what both sides say and how

    /// The words of the product as types: ids, instants, digests, serials, tenant scope, error codes.
    library("Vocabulary", path: "Sources/Vocabulary"),
    /// Messages between agent and controller, their versions, limits and encodings.
    library("Wire", path: "Sources/Wire", ["Vocabulary"]),
    /// gzip and deflate with a bound on what comes out.
    library("Compression", path: "Sources/Compression", ["Vocabulary", "CZlib"]),
    /// ZIP archives in memory, read within bounds.
    library("Archive", path: "Sources/Archive", ["Vocabulary", "CZip"]),
    /// Database, transaction, SQL text with bound values, migrations: what a store needs of an engine.
    library("Storage", path: "Sources/Storage", ["Vocabulary"]),
    /// The embedded engine: SQLite through GRDB, every commit durable.
    library("StorageSQLite", path: "Sources/StorageSQLite", ["Storage", "Vocabulary", grdb, sqlite]),
    /// The distributed engine: PostgreSQL through libpq, with row level security.
    library("StoragePostgres", path: "Sources/StoragePostgres", ["Storage", "Vocabulary", "CPostgres", nioPosix]),
    /// RFC 6962 trees, signed notes and checkpoints, and the journal's leaves: what is proven online and offline alike.
    library("Transparency", path: "Sources/Transparency", ["Vocabulary", crypto]),
    /// Requests over libcurl with a TLS identity.
    library("CurlClient", path: "Sources/CurlClient", ["CCurl", "COpenSSL", "Vocabulary"]),

    // MARK: - Agent

    /// Reads the machine's facts from the kernel and the package database, without spawning anything.
    library("AgentCollect", path: "Agent/Collect", ["Vocabulary", "Wire"]),
    /// The device's key, its certificate, its token, and requests to the controller.
    library(
      "AgentTransport", path: "Agent/Transport", ["Vocabulary", "Wire", "CurlClient", "COpenSSL", "Compression"]),
    /// The agent: commands, the loop, the spool, the wiring.
    program(
      "rollcall-agent", path: "Agent/Daemon",
      ["AgentCollect", "AgentTransport", "Compression", "Vocabulary", "Wire", "CurlClient", "COpenSSL"],
      linked: smallProgram),

    // MARK: - Controller: what every feature stands on

    /// Listeners, contexts, declared routes, errors as problem+json, metrics.
    library(
      "Serving", path: "Sources/Serving",
      [
        "Vocabulary", "Compression", "Storage", hummingbird, httpTypes, nioCore, nioTLS, nioConcurrency, nioHTTPTypes,
        nioSSL, x509,
        asn1, crypto, logging, lifecycle,
      ]),
    /// Append-only journal of every change by people, tokens or keys.
    library(
      "Audit", path: "Controller/Audit",
      ["Vocabulary", "Storage", "Serving", "Transparency", httpTypes, crypto, logging, lifecycle]),
    /// Principals, grants, API tokens, accounts, sessions, and who may do what.
    library(
      "Access", path: "Controller/Access",
      ["Vocabulary", "Storage", "Serving", "Audit", httpTypes, nioPosix, crypto, cryptoExtras, logging]),
    /// What stands around every page, signing in, and the pages of administration; templates and files are in the program.
    .target(
      name: "Web", dependencies: ["Vocabulary", "Serving", "Audit", "Access", httpTypes, mustache],
      path: "Controller/Web",
      resources: [.embedInCode("Templates"), .embedInCode("Assets")], swiftSettings: rules),
    /// Districts, schools, devices, their keys and the custody ledger.
    library(
      "Registry", path: "Controller/Registry",
      ["Vocabulary", "Compression", "Storage", "Serving", "Access", "Audit", hummingbird, crypto, logging, lifecycle]),

    // MARK: - Controller: features

    /// Certificates, batches, enrolment tokens and EST.
    feature(
      "Enrollment", path: "Controller/Enrollment",
      ["Vocabulary", "Wire", "Storage", "Serving", "Access", "Web", "Audit", "Registry", httpTypes, x509, asn1, crypto]),
    /// Check-ins: facts, health, software and their history.
    library(
      "CheckIn", path: "Controller/CheckIn",
      [
        "Vocabulary", "Wire", "Storage", "Serving", "Access", "Audit", "Registry", "Compression", hummingbird, logging,
        lifecycle,
      ]),

    /// Students, staff, classes and guardians, from the schools' own systems.
    feature(
      "Roster", path: "Controller/Roster",
      [
        "Vocabulary", "Archive", "Compression", "Storage", "Serving", "Access", "Web", "Audit", "Registry", httpTypes,
        crypto,
      ]),

    /// What a help desk sees and does: the search, the page of a device, moves from hand to hand, and who looked at whom.
    .target(
      name: "HelpDesk",
      dependencies: ["Vocabulary", "Storage", "Serving", "Access", "Audit", "Registry", "Web", httpTypes],
      path: "Controller/HelpDesk",
      resources: [
        .embedInCode("Search/Templates"), .embedInCode("Search/Assets"), .embedInCode("Views/Templates"),
        .embedInCode("Device/Templates"),
      ],
      swiftSettings: rules),
    /// Reports, lists and the overview, over the owners' versioned views.
    .target(
      name: "Reports",
      dependencies: [
        "Vocabulary", "Storage", "Serving", "Access", "Audit", "Web", "Registry", "CXlsxWriter", httpTypes, logging,
        lifecycle,
      ], path: "Controller/Reports", resources: [.embedInCode("Templates")], swiftSettings: rules),

    // MARK: - Controller: programs

    /// The controller daemon: configuration, wiring, life cycle, local administration.
    program(
      "rollcalld", path: "Controller/Daemon",
      [
        "Vocabulary", "Wire", "Storage", "StorageSQLite", "StoragePostgres", "Serving", "Transparency", "Audit",
        "Access", "Web",
        "Registry", "Enrollment", "Roster", "HelpDesk", "Reports",
        "CheckIn", "CMalloc", hummingbird, nioCore, nioPosix, nioSSL, x509, crypto, logging, lifecycle, signals, yams,
        arguments,
      ]),
    /// The operator's command, over the public API only.
    program(
      "rollcall", path: "Controller/CommandLine", ["Vocabulary", "Archive", "CurlClient", "Transparency", arguments]),
    /// Simulated devices on NIO, the load generator of tests and benchmarks; in no package.
    program(
      "rollcall-swarm", path: "Sources/rollcall-swarm",
      [
        "Vocabulary", "Wire", "Storage", "StorageSQLite", "StoragePostgres", "Serving", "Audit", "Access", "Registry",
        "Enrollment", "CheckIn", nioCore, nioPosix, nioHTTP1, nioSSL, x509, asn1, crypto, arguments, histogram,
      ]),

    // MARK: - Tests

    tests("VocabularyTests", ["Vocabulary"]),
    tests("WireTests", ["Wire", "Vocabulary", "COpenSSL"], exclude: ["Golden"]),
    tests("CompressionTests", ["Compression"]),
    tests("ArchiveTests", ["Archive"]),
    /// Starts processes for tests, one at a time.
    .target(name: "ProcessSupport", path: "Tests/ProcessSupport", swiftSettings: rules),
    /// A PostgreSQL server for tests, and the engine that a run of the features' tests uses.
    .target(
      name: "TestSupport",
      dependencies: ["ProcessSupport", "Storage", "StorageSQLite", "StoragePostgres", "Vocabulary"],
      path: "Tests/TestSupport", swiftSettings: [.swiftLanguageMode(.v6)]),
    /// The behaviour suite that every engine runs.
    tests("StorageTests", ["Storage", "StorageSQLite", "StoragePostgres", "TestSupport", "Vocabulary"]),
    tests("AgentCollectTests", ["AgentCollect", "ProcessSupport", "Wire", "Vocabulary"], exclude: ["Fixtures"]),
    tests("AgentTransportTests", ["AgentTransport", "ProcessSupport", "Wire", "Vocabulary"]),
    tests("AgentDaemonTests", ["rollcall-agent", "AgentCollect", "AgentTransport", "Wire", "Vocabulary"]),
    tests(
      "ServingTests",
      [
        "Serving", "Compression", "Storage", "StorageSQLite", "TestSupport", "Vocabulary", httpTypes, hummingbird,
        logging, nioCore, nioEmbedded, nioHTTPTypes, nioPosix, nioSSL,
      ]),
    tests(
      "AuditTests",
      [
        "Audit", "Transparency", "Storage", "StorageSQLite", "StoragePostgres", "TestSupport", "Serving", "Vocabulary",
        logging,
      ]),
    tests(
      "AccessTests",
      ["Access", "Audit", "Storage", "StorageSQLite", "TestSupport", "Serving", "Vocabulary", httpTypes, logging]),
    /// Pages as a browser asks for them, without sockets.
    tests(
      "WebTests",
      ["Web", "Access", "Audit", "Storage", "TestSupport", "Serving", "Vocabulary", httpTypes, logging]),
    tests(
      "RegistryTests",
      [
        "Registry", "Compression", "Access", "Audit", "Storage", "StoragePostgres", "StorageSQLite", "TestSupport",
        "Serving",
        "Vocabulary",
        hummingbird,
      ]),
    tests(
      "EnrollmentTests",
      [
        "Enrollment", "Registry", "Audit", "Storage", "StorageSQLite", "ProcessSupport", "TestSupport", "Serving",
        "Vocabulary", "Wire", httpTypes, x509, asn1, crypto,
      ]),
    tests(
      "CheckInTests",
      [
        "CheckIn", "Registry", "Access", "Audit", "Storage", "StorageSQLite", "TestSupport", "Serving", "Vocabulary",
        "Wire",
        "Compression", hummingbird,
      ]),
    tests(
      "RosterTests",
      [
        "Roster", "Archive", "Registry", "Access", "Audit", "Storage", "StorageSQLite", "TestSupport", "Serving",
        "Vocabulary",
      ]),
    /// The search and its pages on the real registry and roster, without sockets.
    tests(
      "HelpDeskTests",
      [
        "HelpDesk", "Roster", "Registry", "Access", "Audit", "Web", "Archive", "Compression", "Storage",
        "StorageSQLite", "TestSupport", "Serving", "Vocabulary", httpTypes, logging,
      ]),
    tests(
      "ReportsTests",
      [
        "Reports", "Web", "Registry", "CheckIn", "Roster", "Wire", "Access", "Audit", "Archive", "Compression",
        "Storage", "StorageSQLite", "TestSupport", "Serving", "Vocabulary", httpTypes, logging,
      ], exclude: ["Golden"]),
    /// The wired controller without sockets, and the documents against the code of every module.
    tests(
      "DaemonTests",
      [
        "rollcalld", "Serving", "Vocabulary", "Wire", "Archive", "Compression", "Storage", "StorageSQLite",
        "TestSupport",
        "Transparency",
        "Audit", "Access",
        "Registry", "Enrollment", "CheckIn", "Roster", "HelpDesk", "Reports", "AgentTransport", "CurlClient",
        hummingbird,
        httpTypes,
        logging,
        crypto,
        x509,
        asn1,
      ]),
    tests(
      "CommandLineTests",
      [
        "rollcall", "rollcall-swarm", "Archive", "Transparency", "Vocabulary", "Wire", crypto, x509, nioCore, nioPosix,
        nioHTTP1,
        nioSSL,
        arguments,
      ]),
    /// The real programs as processes: enrol, check in, show, kill, restore.
    tests(
      "EndToEndTests",
      [
        "rollcalld", "rollcall-agent", "rollcall", "rollcall-swarm", "ProcessSupport", "TestSupport", "Vocabulary",
        "Wire",
      ]),
  ]
)

// MARK: - Only for `make fuzz`

if fuzzing {
  /// Feeds libFuzzer's inputs to the parsers of strangers' bytes.
  package.targets.append(
    .executableTarget(
      name: "rollcall-fuzz",
      dependencies: [
        "Vocabulary", "Wire", "Archive", "Compression", "Serving", "Enrollment", "CheckIn", "Roster", "AgentCollect",
        "AgentTransport",
        "CurlClient",
      ],
      path: "Tests/Fuzzing", swiftSettings: rules, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]))
}
