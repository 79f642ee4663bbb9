// Streams one file through a region's storage driver API, there and back, as a front does, and says by how much
// that made this process and the daemon grow: for a test and for Tools/benchmark.

import Access
import ArgumentParser
import Foundation
import NIOCore
import RegionClient
import Storage

@main
struct DriverStream: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "DriverStream",
        abstract: "Write a file by the storage driver API in one stream, and read it back.",
        discussion: """
            The root credentials are HOLDFAST_ACCESS_KEY and HOLDFAST_SECRET_KEY. Prints one line of JSON; every
            byte that comes back is compared.
            """)

    @Option(help: "The region.")
    var url: String

    @Option(help: "The bucket.")
    var bucket: String

    @Option(help: "The daemon's process, of which the memory is looked at.")
    var daemon: Int32

    @Option(help: "How many bytes.")
    var bytes: UInt64

    @Option(help: "The file's path.")
    var path = "/streams/file"

    func run() async throws {
        let driver = try driver()
        let memory = try [ResidentMemory(getpid()), ResidentMemory(daemon)]
        let start = ContinuousClock.now
        try await write(driver)
        let written = ContinuousClock.now
        try await read(driver)
        let report = StreamReport(
            bytes: bytes, writeSeconds: (written - start) / .seconds(1),
            readSeconds: (ContinuousClock.now - written) / .seconds(1),
            clientGrowthBytes: try memory[0].growthBytes(),
            daemonGrowthBytes: try memory[1].growthBytes())
        print(String(decoding: try JSONEncoder().encode(report), as: UTF8.self))
        try await driver.delete(DriverPath(path))
    }

    private func driver() throws -> RemoteDriver {
        let environment = ProcessInfo.processInfo.environment
        guard let region = PeerURL(url) else { throw ValidationError("\(url) is no URL") }
        guard let accessKey = environment["HOLDFAST_ACCESS_KEY"],
            let secret = environment["HOLDFAST_SECRET_KEY"]
        else { throw ValidationError("the root credentials are not set") }
        return try RemoteDriver(
            url: region, bucket: bucket,
            signer: RequestSigner(accessKey: accessKey, secret: secret), client: HTTPClient(),
            clock: TimeOfDay())
    }

    /// In one call, and committed with the digest of what was sent.
    private func write(_ driver: RemoteDriver) async throws {
        let content = NumberedBlocks(sizeBytes: bytes)
        let writer = try await driver.writer(DriverPath(path), .new)
        try await writer.append(content, promise: BodyPromise(sizeBytes: bytes))
        let file = try await writer.commit(content.digest())
        guard file.sizeBytes == bytes else { throw OtherBytes(place: file.sizeBytes) }
    }

    private func read(_ driver: RemoteDriver) async throws {
        let reader = try await driver.reader(DriverPath(path), offset: 0, length: nil)
        var place: UInt64 = 0
        while let segment = try await reader.source.next() {
            var piece = ByteBuffer()
            try segment.append(to: &piece)
            place = try NumberedBlocks.compare(piece, at: place)
        }
        guard place == bytes else { throw OtherBytes(place: place) }
    }
}

/// What is printed.
private struct StreamReport: Encodable {
    var bytes: UInt64
    var writeSeconds: Double
    var readSeconds: Double
    var clientGrowthBytes: Int
    var daemonGrowthBytes: Int
}

/// Other bytes came back, from this place on.
struct OtherBytes: Error, CustomStringConvertible {
    let place: UInt64

    var description: String { "not what was written, from byte \(place) on" }
}

private struct TimeOfDay: WallClock {
    func milliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}
