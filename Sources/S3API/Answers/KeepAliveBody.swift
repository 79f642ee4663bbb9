// The body of an answer that is not known yet: the XML declaration, a space now and then, the document.

internal import HTTPServer
internal import NIOCore
internal import Storage
internal import Synchronization

final class KeepAliveBody: ResponseSource {
    private enum Step {
        case declaration
        case working
        case finished
    }

    private let step = Mutex(Step.declaration)
    private let work: LongWork<ObjectVersion>
    private let interval: Duration
    private let document: @Sendable (Result<ObjectVersion, any Error>) -> ByteBuffer

    init(
        _ work: LongWork<ObjectVersion>, interval: Duration,
        document: @escaping @Sendable (Result<ObjectVersion, any Error>) -> ByteBuffer
    ) {
        self.work = work
        self.interval = interval
        self.document = document
    }

    func next() async throws -> ResponsePart? {
        let step = step.withLock { step in
            defer { if step == .declaration { step = .working } }
            return step
        }
        switch step {
        case .declaration:
            return .bytes(ByteBuffer(string: XMLWriter.declaration))
        case .working:
            guard let result = await work.result(within: interval) else {
                return .bytes(ByteBuffer(string: " "))
            }
            self.step.withLock { $0 = .finished }
            return .bytes(document(result))
        case .finished:
            return nil
        }
    }
}
