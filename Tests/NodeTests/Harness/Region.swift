// A region under test: the real binary with a data directory of its own.

import Foundation

final class Region: @unchecked Sendable {
    static let accessKey = "AKHOLDFASTTESTS"
    static let secretKey = "secret/of+the=tests"
    static let peerKey = "the key that the regions of a test share"
    static let bucket = "images"

    let name: String
    let port: Int
    /// Whose certificate it shows, and whom it believes; `nil`: it speaks in the clear.
    let authority: Authority?
    let directory: TemporaryDirectory
    var peers: [String: String] = [:]
    /// Put in front of the command, `strace …` for example.
    var wrapper: [String] = []
    /// Further settings, by their environment variables.
    var settings: [String: String] = [:]
    /// Whether it is given the key that regions recognise each other by.
    var sharesPeerKey = true
    private(set) var program: Program?
    private var starts = 0

    init(_ name: String, authority: Authority? = nil) throws {
        self.name = name
        self.authority = authority
        port = try Ports.free()
        directory = try TemporaryDirectory()
    }

    /// The root's, as the daemon and programs of ours read them.
    static let credentials = [
        "HOLDFAST_ACCESS_KEY": accessKey, "HOLDFAST_SECRET_KEY": secretKey,
    ]

    var url: String { "\(authority == nil ? "http" : "https")://127.0.0.1:\(port)" }

    var data: String { directory.path("data") }

    var log: String { program?.output ?? "" }

    /// What clients need to know.
    var environment: [String: String] {
        [
            "ENDPOINT": url, "BUCKET": Self.bucket, "AWS_ACCESS_KEY_ID": Self.accessKey,
            "AWS_SECRET_ACCESS_KEY": Self.secretKey, "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "WORK": directory.path,
        ].merging(Self.trust(authority)) { $1 }
    }

    /// What makes clients believe the authority.
    static func trust(_ authority: Authority?) -> [String: String] {
        guard let authority else { return [:] }
        return ["AWS_CA_BUNDLE": authority.file, "SSL_CERT_FILE": authority.file]
    }

    /// Two regions that pull from each other, both serving.
    static func pair(
        settings: [String: String] = [:], authority: Authority? = nil
    ) async throws -> (west: Region, east: Region) {
        let west = try Region("west", authority: authority)
        let east = try Region("east", authority: authority)
        west.peers = ["east": east.url]
        east.peers = ["west": west.url]
        for region in [west, east] { region.settings = settings }
        try await west.start()
        try await east.start()
        return (west, east)
    }

    func arguments() -> [String] {
        var arguments = [
            Checkout.daemon, "serve", "--data", data, "--listen", "127.0.0.1:\(port)", "--region",
            name, "--bucket", Self.bucket,
        ]
        if let authority {
            arguments += [
                "--tls-certificate", authority.certificate(of: name), "--tls-key",
                authority.key(of: name), "--tls-client-ca", authority.file,
            ]
        }
        for (peer, url) in peers { arguments += ["--peer", "\(peer)=\(url)"] }
        return wrapper + arguments
    }

    /// Starts without waiting for anything.
    func launch(_ arguments: [String]? = nil) throws -> Program {
        starts += 1
        let program = try Program(
            arguments ?? self.arguments(),
            environment: Self.credentials
                .merging(sharesPeerKey ? ["HOLDFAST_PEER_KEY": Self.peerKey] : [:]) { $1 }
                .merging(authority.map { ["HOLDFAST_TLS_PEER_CA": $0.file] } ?? [:]) { $1 }
                .merging(settings) { $1 }, log: directory.path("daemon-\(starts).log"))
        self.program = program
        return program
    }

    /// Starts and returns when it serves.
    func start() async throws {
        try await authority?.issueMissing(name)
        let program = try launch()
        try await eventually("region \(name) is ready") {
            guard program.isRunning else {
                throw ProgramFailure(description: "\(name) ended at start:\n\(program.output)")
            }
            return await isReady()
        }
    }

    /// SIGTERM; expects a clean end.
    func stop() async throws {
        guard let program else { return }
        program.signal(SIGTERM)
        let code = try await program.exitCode(within: .seconds(60))
        guard code == 0 else {
            throw ProgramFailure(description: "\(name) stopped with \(code):\n\(program.output)")
        }
    }

    func kill() async throws { try await program?.killNow() }

    /// Runs one of the scripts under `Clients/` against this region.
    @discardableResult
    func client(
        _ script: String, _ arguments: [String] = [], environment extra: [String: String] = [:]
    ) async throws -> String {
        try await Program.run(
            ["python3", Checkout.client(script)] + arguments,
            environment: environment.merging(extra) { $1 }, in: directory)
    }

    /// What `holdfast status --json` says.
    func status() async throws -> RegionStatus {
        let text = try await Program.run(
            [Checkout.daemon, "status", "--json", "--data", data], in: directory,
            timeout: .seconds(30))
        return try JSONDecoder().decode(RegionStatus.self, from: Data(text.utf8))
    }

    func isReady() async -> Bool {
        await HTTP.get(url + "/-/health/ready", authority: authority)?.status == 200
    }
}

/// What tests read of a region's status.
struct RegionStatus: Decodable, Sendable {
    struct Identity: Decodable, Sendable {
        var id: String
        var name: String
    }
    struct Store: Decodable, Sendable {
        var logicalBytes: UInt64
        var physicalBytes: UInt64
        var deadBytes: UInt64?
        var freedBytes: UInt64
        var uploads: UInt64
    }
    struct Lag: Decodable, Sendable {
        var pendingEntries: Int
    }
    struct Peer: Decodable, Sendable {
        var name: String
        var isConnected: Bool
    }
    struct RefusedSource: Decodable, Sendable {
        var peer: String
        var blob: String
    }
    struct Replication: Decodable, Sendable {
        var lag: Lag
        var peers: [Peer]
        var refusedSources: [RefusedSource]
    }

    struct Damage: Decodable, Sendable {
        var blob: String
    }

    var region: Identity
    var store: Store
    var replication: Replication
    var damage: [Damage]
    var jobs: [JobAnswer]
}
