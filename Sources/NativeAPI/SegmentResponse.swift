// A read of the store as the body of a response.

internal import HTTPServer
internal import NIOCore
internal import Storage
internal import Synchronization

/// Segments as the server sends them: file regions by `sendfile`.
final class SegmentResponse: ResponseSource {
    private let first: Mutex<Segment?>
    private let source: any SegmentSource

    /// `first` was read already, so that damage found there had its own answer.
    init(_ source: any SegmentSource, first: Segment? = nil) {
        self.first = Mutex(first)
        self.source = source
    }

    func next() async throws -> ResponsePart? {
        let first = first.withLock { $0.take() }
        let segment = if let first { first } else { try await source.next() }
        switch segment {
        case nil: return nil
        case .bytes(let bytes): return .bytes(bytes)
        case .file(let file):
            return .file(
                FileRegionPart(
                    descriptor: file.descriptor, offsetBytes: file.offsetBytes,
                    lengthBytes: file.lengthBytes, lease: file.lease))
        }
    }
}
