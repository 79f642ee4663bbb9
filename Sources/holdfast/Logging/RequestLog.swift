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
    let output: LogOutput

    func respond(to request: ServerRequest) async -> ServerResponse {
        let start = ContinuousClock.now
        var response = await inner.respond(to: request)
        guard isLogged(response.status) else { return response }
        let line = RequestLine(request: request, status: response.status.code, start: start)
        switch response.body {
        case .none: line.write(to: output, bytes: 0)
        case .bytes(let bytes): line.write(to: output, bytes: UInt64(bytes.readableBytes))
        case .stream(let source, let length):
            let logged = LoggedSource(source, line: line, output: output)
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

    /// Its fields by name, as those of every other line.
    func write(to output: LogOutput, bytes: UInt64, outcome: String? = nil) {
        let passed = ContinuousClock.now - start
        let values = request.trace.values
        output.write(status >= 500 ? .error : .info, "request") { line in
            if let operation = values.operation { line.field("api", operation) }
            line.field("bytes", bytes)
            line.field("client", request.remoteAddress)
            if let code = values.errorCode { line.field("error", code) }
            if let resource = values.resource { line.field("key", resource) }
            line.field("method", request.head.method.rawValue)
            line.field("microseconds", UInt64(clamping: passed.microseconds))
            if let outcome { line.field("outcome", outcome) }
            if let principal = values.principal { line.field("principal", principal) }
            line.field("request", request.id)
            line.field("status", UInt64(status))
        }
    }
}

extension Duration {
    fileprivate var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}

/// Counts a body as it goes out; says how it ended when it did, or when it was let go of before.
private final class LoggedSource: ResponseSource {
    private let source: any ResponseSource
    private let line: RequestLine
    private let output: LogOutput
    private let state = Mutex((bytes: UInt64(0), isWritten: false))

    init(_ source: any ResponseSource, line: RequestLine, output: LogOutput) {
        self.source = source
        self.line = line
        self.output = output
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
        if let bytes { line.write(to: output, bytes: bytes, outcome: outcome) }
    }
}
