// The command line's way to its daemon: the admin API on the socket in the data directory.

internal import NIOCore
package import NativeWire
internal import Replication

package struct AdminClient: Sendable {
    private let socketPath: String
    private let client: HTTPClient

    package init(socketPath: String, client: HTTPClient = HTTPClient()) {
        self.socketPath = socketPath
        self.client = client
    }

    package func status() async throws -> StatusDocument {
        try await get(AdminCall.status)
    }

    package func jobs() async throws -> [JobDocument] {
        try await get(AdminCall.jobs, as: JobListDocument.self).jobs
    }

    package func job(_ id: UInt64) async throws -> JobDocument {
        try await get(AdminCall.job(id))
    }

    package func begin(_ request: JobRequestDocument) async throws -> JobDocument {
        try await post(AdminCall.jobs, request)
    }

    /// Throws `AdminClientError`, or `CancellationError`.
    package func get<Document: Decodable>(
        _ target: String, as type: Document.Type = Document.self
    ) async throws -> Document {
        try await call(method: "GET", target, body: nil)
    }

    /// Throws `AdminClientError`, or `CancellationError`.
    package func post<Document: Decodable>(
        _ target: String, _ body: some Encodable, as type: Document.Type = Document.self
    ) async throws -> Document {
        try await call(method: "POST", target, body: try JSONDocument.encode(body))
    }

    private func call<Document: Decodable>(
        method: String, _ target: String, body: ByteBuffer?
    ) async throws -> Document {
        let request = OutboundRequest(
            method: method, url: "http://localhost" + target,
            fields: body == nil ? [] : [HeaderField("content-type", AdminCall.documentType)],
            body: body, answer: .document(waitMilliseconds: 0), unixSocketPath: socketPath)
        let (head, bytes) = try await exchange(request)
        guard head.status == 200 else {
            let error = try? JSONDocument.decode(ErrorDocument.self, from: bytes)
            throw AdminClientError(
                error?.code == .starting ? .starting : .refused,
                error?.message ?? "the daemon answered with status \(head.status)")
        }
        do {
            return try JSONDocument.decode(Document.self, from: bytes)
        } catch {
            throw AdminClientError(.malformed, "the daemon's answer cannot be read: \(error)")
        }
    }

    private func exchange(
        _ request: OutboundRequest
    ) async throws -> (OutboundHead, ByteBuffer) {
        do {
            let answer = try await client.send(request)
            return (answer.head, try await answer.collect(limitBytes: WireLimits.answerBytes))
        } catch let error as TransportError {
            switch error.code {
            case .malformed: throw AdminClientError(.malformed, error.message)
            default:
                // What libcurl says of it names a host and a port that nobody asked for.
                throw AdminClientError(
                    .unreachable, "no daemon answers on \(socketPath); is it running?")
            }
        }
    }
}

package struct AdminClientError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// No daemon answers: exit code 3.
        case unreachable
        /// The daemon opens its store, and says how far that is.
        case starting
        /// The daemon said no.
        case refused
        /// What came is not the answer of a daemon that this program knows.
        case malformed
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
