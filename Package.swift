// swift-tools-version: 6.2
// The targets of Holdfast and the arrows between them. Arrows point down only: the build refuses an
// import that is not declared here (`--explicit-target-dependency-import-check error`), and
// `Tests/ArchitectureTests` holds the list against the rows of the architecture.

import PackageDescription

/// Every target of ours is compiled alike.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .treatAllWarnings(as: .error),
    // Tests look at internals in release builds too, so that everything is compiled once. Only our own
    // targets are built this way.
    .unsafeFlags(["-enable-testing"], .when(configuration: .release)),
]

/// The daemon carries the Swift runtime in itself: where it runs there need be no Swift, and a small request costs a tenth
/// less. Everything is compiled once all the same; what the static Foundation needs besides, only modules that are
/// compiled for it say themselves.
let runtime: [LinkerSetting] = [
    .unsafeFlags(["-static-stdlib"]),
    .linkedLibrary("_CFXMLInterface"),
    .linkedLibrary("CoreFoundation"),
    .linkedLibrary("FoundationInternationalization"),
    .linkedLibrary("_FoundationICU"),
    .linkedLibrary("_FoundationCShims"),
    .linkedLibrary("_FoundationCollections"),
    .linkedLibrary(":libxml2.so.2"),
    .linkedLibrary("dispatch"),
    .linkedLibrary("BlocksRuntime"),
    .linkedLibrary("m"),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle: Target.Dependency = .product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(
    name: "UnixSignals", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let package = Package(
    name: "holdfast",
    products: [.executable(name: "holdfast", targets: ["holdfast"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // 0
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CRocksDB", providers: [.apt(["librocksdb-dev"])]),
        .systemLibrary(name: "CISAL", providers: [.apt(["libisal-dev"])]),
        .systemLibrary(name: "CLinux"),
        module("Checksums", ["COpenSSL", "CISAL", nioCore]),
        // 1
        module("Storage", ["Checksums", nioCore]),
        module("DiskIO", ["CLinux"]),
        // 2
        module("ChunkFiles", ["Storage", "DiskIO", "Checksums", nioCore]),
        module("Journal", ["Storage", "DiskIO", "Checksums", nioCore]),
        module("MetadataIndex", ["Storage", "CRocksDB", nioCore]),
        module("RegistryLayout", ["Storage", nioCore]),
        module("Access", ["Storage", "Checksums", nioCore]),
        module("NativeWire", ["Storage", "Checksums", nioCore]),
        // 3
        module(
            "LocalStore",
            [
                "Storage", "ChunkFiles", "Journal", "MetadataIndex", "RegistryLayout", "DiskIO",
                "Checksums", nioCore, nioPosix, logging, deque,
            ]),
        module(
            "Replication",
            ["Storage", "RegistryLayout", "Checksums", nioCore, logging, deque, heap]),
        module(
            "HTTPServer", [nioCore, nioPosix, nioTLS, nioSSL, httpTypes, logging, deque]),
        // 4
        module(
            "RegionClient",
            [
                "Storage", "Replication", "Access", "NativeWire", "Checksums", "CCurl", nioCore,
                logging, deque,
            ]),
        module(
            "S3API",
            [
                "Storage", "Access", "RegistryLayout", "HTTPServer", "Checksums", nioCore,
                httpTypes, logging,
            ]),
        module(
            "NativeAPI",
            [
                "Storage", "Access", "NativeWire", "Replication", "HTTPServer", "Checksums",
                nioCore, httpTypes, logging,
            ]),
        // 5
        .executableTarget(
            name: "holdfast",
            dependencies: [
                "Storage", "Access", "RegistryLayout", "NativeWire", "LocalStore", "Replication",
                "HTTPServer", "RegionClient", "S3API", "NativeAPI", "DiskIO", "Checksums",
                nioCore, nioPosix, httpTypes, logging, lifecycle, signals, arguments,
                yams,
            ],
            swiftSettings: settings, linkerSettings: runtime),
        // What several test targets share.
        .target(
            name: "StoreConformance", dependencies: ["Storage", "Checksums", nioCore],
            path: "Tests/StoreConformance", swiftSettings: settings),
        .target(
            name: "Simulation",
            dependencies: [
                "Storage", "DiskIO", "RegistryLayout", "Replication", "LocalStore",
                "MetadataIndex", "Checksums", nioCore, logging, heap,
            ],
            path: "Tests/Simulation", swiftSettings: settings),
        // Makes the large stores that Tools/benchmark measures.
        .executableTarget(
            name: "StoreLoader",
            dependencies: ["LocalStore", "Storage", "DiskIO", nioCore, logging, arguments],
            path: "Tests/StoreLoader", swiftSettings: settings),
        // Streams a file through the storage driver API, for NodeTests and Tools/benchmark.
        .executableTarget(
            name: "DriverStream",
            dependencies: [
                "RegionClient", "Access", "Storage", "Checksums", nioCore, arguments,
            ],
            path: "Tests/DriverStream", swiftSettings: settings),
        // One test target for each target.
        tests("ChecksumsTests", ["Checksums", nioCore]),
        tests(
            "StorageTests",
            [
                "Storage", "RegistryLayout", "StoreConformance", "Simulation", "Checksums", nioCore,
            ]),
        tests("DiskIOTests", ["DiskIO", "Simulation"]),
        tests(
            "ChunkFilesTests",
            ["ChunkFiles", "Storage", "DiskIO", "Simulation", "Checksums", nioCore]),
        tests(
            "JournalTests", ["Journal", "Storage", "DiskIO", "Simulation", "Checksums", nioCore],
            exclude: ["Golden"]),
        tests("MetadataIndexTests", ["MetadataIndex", "Storage", nioCore]),
        tests("RegistryLayoutTests", ["RegistryLayout", "Storage", nioCore]),
        tests("AccessTests", ["Access", "Storage", "Checksums", nioCore]),
        tests("NativeWireTests", ["NativeWire", "Storage", "Checksums", nioCore]),
        tests(
            "LocalStoreTests",
            [
                "LocalStore", "Storage", "StoreConformance", "Simulation", "DiskIO", "ChunkFiles",
                "Journal", "MetadataIndex", "Replication", "RegistryLayout", "Checksums", nioCore,
                logging,
            ]),
        tests(
            "ReplicationTests",
            [
                "Replication", "Storage", "Simulation", "RegistryLayout", "Checksums", nioCore,
                logging,
            ], exclude: ["Scripts"]),
        tests(
            "HTTPServerTests",
            [
                "HTTPServer", nioCore, nioPosix, nioHTTP1, nioEmbedded, nioSSL, httpTypes, logging,
            ]),
        tests(
            "RegionClientTests",
            [
                "RegionClient", "NativeAPI", "HTTPServer", "Replication", "Storage", "NativeWire",
                "Access", "RegistryLayout", "StoreConformance", "Simulation", "Checksums", nioCore,
                nioPosix, httpTypes, logging,
            ]),
        tests(
            "S3APITests",
            [
                "S3API", "Storage", "Access", "HTTPServer", "RegistryLayout", "Checksums", nioCore,
                httpTypes, logging,
            ]),
        tests(
            "NativeAPITests",
            [
                "NativeAPI", "NativeWire", "Replication", "HTTPServer", "Storage", "Access",
                "Checksums", nioCore, httpTypes, logging,
            ]),
        .testTarget(
            name: "NodeTests", exclude: ["Clients"], swiftSettings: settings),
        tests("ArchitectureTests", []),
    ]
)

// The fuzzers, only where Tools/fuzz builds them: libFuzzer brings a `main` of its own, and everything is
// instrumented.
if Context.environment["HOLDFAST_FUZZ"] != nil {
    package.products.append(.executable(name: "Fuzz", targets: ["Fuzz"]))
    package.targets.append(
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "Simulation", "Storage", "DiskIO", "ChunkFiles", "Journal", "MetadataIndex",
                "RegistryLayout", "Access", "NativeWire", "LocalStore", "HTTPServer", "S3API",
                "Checksums", nioCore, nioEmbedded, nioHTTP1, httpTypes, logging, yams,
            ],
            path: "Tests/Fuzz", exclude: ["Corpus"],
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]))
}
