// The request log: a decorator that writes one line when a response has gone out, or was cut short, with
// what its handler noted on the request's trace.

internal import HTTPServer
internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import Synchronization

struct RequestLog: RequestHandler {
    let inner: any RequestHandler
    let choice: RequestLogChoice
    let logger: Logger

    func respond(to request: ServerRequest) async -> ServerResponse {
        let start = ContinuousClock.now
        var response = await inner.respond(to: request)
        guard isLogged(response.status) else { return response }
        let line = RequestLine(request: request, status: response.status.code, start: start)
        switch response.body {
        case .none: line.write(to: logger, bytes: 0)
        case .bytes(let bytes): line.write(to: logger, bytes: UInt64(bytes.readableBytes))
        case .stream(let source, let length):
            let logged = LoggedSource(source, line: line, logger: logger)
            response.body = .stream(logged, lengthBytes: length)
        }
        return response
    }

    private func isLogged(_ status: HTTPResponse.Status) -> Bool {
        switch choice {
        case .all: true
        case .errors: status.code >= 400
        case .none: false
        }
    }
}

/// What is known when the response's head is.
private struct RequestLine: Sendable {
    let request: ServerRequest
    let status: Int
    let start: ContinuousClock.Instant

    func write(to logger: Logger, bytes: UInt64, outcome: String? = nil) {
        let passed = (ContinuousClock.now - start) / .microseconds(1)
        let values = request.trace.values
        var metadata: Logger.Metadata = [
            "request": "\(request.id)", "status": "\(status)", "bytes": "\(bytes)",
            "microseconds": "\(Int(passed))", "client": "\(request.remoteAddress)",
            "method": "\(request.head.method.rawValue)",
        ]
        metadata["principal"] = values.principal.map { "\($0)" }
        metadata["api"] = values.operation.map { "\($0)" }
        metadata["key"] = values.resource.map { "\($0)" }
        metadata["error"] = values.errorCode.map { "\($0)" }
        metadata["outcome"] = outcome.map { "\($0)" }
        logger.log(level: status >= 500 ? .error : .info, "request", metadata: metadata)
    }
}

/// Counts a body as it goes out; says how it ended when it did, or when it was let go of before.
private final class LoggedSource: ResponseSource {
    private let source: any ResponseSource
    private let line: RequestLine
    private let logger: Logger
    private let state = Mutex((bytes: UInt64(0), isWritten: false))

    init(_ source: any ResponseSource, line: RequestLine, logger: Logger) {
        self.source = source
        self.line = line
        self.logger = logger
    }

    deinit { write(outcome: "cut short") }

    func next() async throws -> ResponsePart? {
        do {
            guard let part = try await source.next() else {
                write(outcome: nil)
                return nil
            }
            let count =
                switch part {
                case .bytes(let bytes): bytes.readableBytes
                case .file(let file): file.lengthBytes
                }
            state.withLock { $0.bytes += UInt64(count) }
            return part
        } catch {
            write(outcome: "\(error)")
            throw error
        }
    }

    private func write(outcome: String?) {
        let bytes: UInt64? = state.withLock { state in
            defer { state.isWritten = true }
            return state.isWritten ? nil : state.bytes
        }
        if let bytes { line.write(to: logger, bytes: bytes, outcome: outcome) }
    }
}
