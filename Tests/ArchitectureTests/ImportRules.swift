// Which target may import which: the rows of the architecture's table, as data. A target that is not
// listed, or an import that is not allowed, fails the tests.

struct ImportRule: Sendable, CustomStringConvertible {
    let target: String
    /// Arrows point from greater levels to smaller ones only.
    let level: Int
    let ours: Set<String>
    let others: Set<String>

    var description: String { target }

    init(_ target: String, _ level: Int, _ ours: Set<String>, _ others: Set<String> = []) {
        self.target = target
        self.level = level
        self.ours = ours
        self.others = others
    }

    /// Of the toolchain: allowed to all.
    static let toolchain: Set<String> = [
        "Synchronization", "Foundation", "FoundationEssentials", "FoundationXML", "Glibc",
        "Dispatch",
    ]

    /// C modules, and the one target that may import each.
    static let owners = [
        "COpenSSL": "Checksums", "CISAL": "Checksums", "CCurl": "RegionClient",
        "CRocksDB": "MetadataIndex", "CLinux": "DiskIO",
    ]

    static let all = [
        ImportRule("Checksums", 0, ["COpenSSL", "CISAL"], ["NIOCore"]),
        ImportRule("Storage", 1, ["Checksums"], ["NIOCore"]),
        ImportRule("DiskIO", 1, ["CLinux"]),
        ImportRule("ChunkFiles", 2, ["Storage", "DiskIO", "Checksums"], ["NIOCore"]),
        ImportRule("Journal", 2, ["Storage", "DiskIO", "Checksums"], ["NIOCore"]),
        ImportRule("MetadataIndex", 2, ["Storage", "CRocksDB"], ["NIOCore"]),
        ImportRule("RegistryLayout", 2, ["Storage"], ["NIOCore"]),
        ImportRule("Access", 2, ["Storage", "Checksums"], ["NIOCore"]),
        ImportRule("NativeWire", 2, ["Storage", "Checksums"], ["NIOCore"]),
        ImportRule(
            "LocalStore", 3,
            [
                "Storage", "ChunkFiles", "Journal", "MetadataIndex", "RegistryLayout", "DiskIO",
                "Checksums",
            ], ["NIOCore", "NIOPosix", "Logging", "DequeModule"]),
        ImportRule(
            "Replication", 3, ["Storage", "RegistryLayout", "Checksums"],
            ["NIOCore", "Logging", "DequeModule", "HeapModule"]),
        ImportRule(
            "HTTPServer", 3, [],
            [
                "NIOCore", "NIOPosix", "NIOHTTP1", "NIOTLS", "NIOSSL", "HTTPTypes", "Logging",
                "DequeModule",
            ]),
        ImportRule(
            "RegionClient", 4,
            ["Storage", "Replication", "Access", "NativeWire", "Checksums", "CCurl"],
            ["NIOCore", "Logging", "DequeModule"]),
        ImportRule(
            "S3API", 4, ["Storage", "Access", "RegistryLayout", "HTTPServer", "Checksums"],
            ["NIOCore", "HTTPTypes", "Logging"]),
        ImportRule(
            "NativeAPI", 4,
            ["Storage", "Access", "NativeWire", "Replication", "HTTPServer", "Checksums"],
            ["NIOCore", "HTTPTypes", "Logging"]),
        ImportRule(
            "holdfast", 5,
            [
                "Storage", "Access", "RegistryLayout", "NativeWire", "LocalStore", "Replication",
                "HTTPServer", "RegionClient", "S3API", "NativeAPI", "DiskIO", "Checksums",
            ],
            [
                "NIOCore", "NIOPosix", "HTTPTypes", "Logging", "ServiceLifecycle", "UnixSignals",
                "ArgumentParser", "Yams",
            ]),
    ]
}

/// One import of a file.
struct ImportLine: Sendable {
    let module: String
    /// `internal`, `package`, or nothing where none is written.
    let access: String
}

extension SourceFile {
    var imports: [ImportLine] {
        let pattern =
            /^(?:@\w+(?:\([^)]*\))?\s+)*(?:(internal|package|public|private|fileprivate)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|typealias|let|var)\s+)?(\w+)/
        return code.split(separator: "\n").compactMap { line in
            guard let match = line.firstMatch(of: pattern) else { return nil }
            return ImportLine(
                module: String(match.output.2), access: match.output.1.map(String.init) ?? "")
        }
    }
}
