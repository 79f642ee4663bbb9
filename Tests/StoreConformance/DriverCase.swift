// The suite that every storage driver passes: what CNCF Distribution asks of one (registry/storage/driver/
// testsuites/testsuites.go), and what this contract adds. A case gets the driver of an empty bucket.

internal import NIOCore
package import Storage
internal import Synchronization
internal import Testing

/// A driver, and the clock of its store.
package struct DriverFixture: Sendable {
    package let driver: any StorageDriver
    package let clock: any WallClock

    package init(driver: any StorageDriver, clock: any WallClock) {
        self.driver = driver
        self.clock = clock
    }
}

/// One rule of the contract, and how to check it.
package struct DriverCase: Sendable, CustomTestStringConvertible {
    package let name: String
    package let run: @Sendable (DriverFixture) async throws -> Void

    init(_ name: String, _ run: @escaping @Sendable (any StorageDriver) async throws -> Void) {
        self.name = name
        self.run = { fixture in try await run(fixture.driver) }
    }

    init(
        _ name: String, timed run: @escaping @Sendable (DriverFixture) async throws -> Void
    ) {
        self.name = name
        self.run = run
    }

    package var testDescription: String { name }

    package static var all: [DriverCase] {
        fileCases + writerCases + resumeCases + directoryCases + walkCases + moveCases
    }
}

func path(_ text: String) throws -> DriverPath { try DriverPath(text) }

extension StorageDriver {
    /// Puts a file with its own path as content.
    func make(_ paths: String...) async throws {
        for text in paths { try await putContent(path(text), ByteBuffer(string: text)) }
    }

    func text(_ text: String) async throws -> String {
        String(buffer: try await getContent(path(text)))
    }

    /// The bytes of a range.
    func read(_ text: String, from offset: Int64, length: UInt64? = nil) async throws -> ByteBuffer
    {
        let reader = try await reader(path(text), offset: offset, length: length)
        var bytes = ByteBuffer()
        while let segment = try await reader.source.next() { try segment.append(to: &bytes) }
        #expect(UInt64(bytes.readableBytes) == reader.lengthBytes)
        return bytes
    }

    func names(in directory: String) async throws -> [String] {
        try await list(path(directory)).map(\.path.text)
    }

    /// Writes a file bit by bit.
    func write(_ text: String, _ pieces: [ByteBuffer]) async throws {
        let writer = try await writer(path(text), .new)
        for piece in pieces { try await writer.write(piece) }
        _ = try await writer.commit(nil)
        try await writer.close()
    }
}

/// Expects a `DriverError` of this code.
func refuses(
    _ code: DriverError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record(
            "expected \(code.rawValue), nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as DriverError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("expected a DriverError, got \(error)", sourceLocation: sourceLocation)
    }
}

/// Bytes that come in pieces, and may break off.
final class PiecedSource: ByteSource {
    private let state: Mutex<(rest: ByteBuffer, pieces: Int)>
    private let pieceBytes: Int

    /// Breaks off behind so many pieces.
    init(_ bytes: ByteBuffer, pieceBytes: Int, breaksAfter pieces: Int = .max) {
        self.pieceBytes = pieceBytes
        state = Mutex((bytes, pieces))
    }

    struct BrokenOff: Error {}

    func next() async throws -> ByteBuffer? {
        try state.withLock { state throws in
            guard state.pieces > 0 else { throw BrokenOff() }
            state.pieces -= 1
            let length = min(pieceBytes, state.rest.readableBytes)
            return length > 0 ? state.rest.readSlice(length: length) : nil
        }
    }
}
