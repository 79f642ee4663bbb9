// The task side of a connection: one request after the other, each answered before the next is looked at.
// Its task runs on the connection's event loop: what a handler can do without waiting is done without a
// thread hop, and the state that the event loop confines can be reached from here.

internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import Synchronization

struct Conversation: Sendable {
    let executor: LoopExecutor
    let boundConnection: NIOLoopBound<ConnectionHandler>
    let handler: any RequestHandler
    let requestIDs: RequestIDs
    let listener: Int
    let remoteAddress: String

    var connection: ConnectionHandler { boundConnection.value }

    /// Serves the connection until it is closed, or rests. In a task that prefers `executor`.
    func run() async {
        // Used only to cancel, only on the event loop, and unset before the task ends.
        withUnsafeCurrentTask { connection.task = $0 }
        await serve()
        connection.task = nil
    }

    private func serve() async {
        while true {
            switch await connection.nextHead() {
            case .ended:
                return await connection.closeGently()
            case .refused(let refusal):
                refuse(refusal)
                return await connection.closeGently(refused: true)
            case .rests:
                return
            case .head(let head):
                guard await answer(head) else { return await connection.closeGently() }
            }
        }
    }

    /// Whether the connection can take another request.
    private func answer(_ head: RequestHead) async -> Bool {
        connection.beginRequest(head)
        let id = requestIDs.next()
        let request = ServerRequest(
            head: head.request, id: id, remoteAddress: remoteAddress, body: body(of: head),
            listener: listener, isEncrypted: connection.encryption != nil,
            hasClientCertificate: connection.encryption?.hasClientCertificate ?? false)
        let response = await handler.respond(to: request)
        let staysOpen: Bool
        do {
            staysOpen = try await send(response, to: head)
        } catch {
            cut(because: error, requestID: id)
            return false
        }
        connection.endRequest()
        guard staysOpen else { return false }
        return await connection.discardBody()
    }

    private func body(of head: RequestHead) -> RequestBody {
        switch head.framing {
        case .none: .empty
        case .length(let length): RequestBody(lengthBytes: length, source: bodyReader())
        case .chunked: RequestBody(lengthBytes: nil, source: bodyReader())
        }
    }

    private func bodyReader() -> RequestBodyReader {
        RequestBodyReader(
            connection: boundConnection, executor: executor,
            requestNumber: connection.requestNumber)
    }

    private func cut(because error: any Error, requestID: String) {
        if !(error is ClientGone) {
            connection.shared.logger.warning(
                "a response was cut short",
                metadata: ["request": "\(requestID)", "error": "\(error)"])
        }
        // An answer before it may be waiting to be sent.
        connection.flush()
        connection.cut()
    }
}

/// Numbers that do not repeat within a run and hardly between runs, from one seed.
final class RequestIDs: Sendable {
    private let seed: UInt64
    private let count = Atomic<UInt64>(0)

    init(seed: UInt64) { self.seed = seed }

    /// Sixteen hexadecimal digits: a bijection (splitmix64) of a counter.
    func next() -> String {
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        var value = seed &+ number &* 0x9e37_79b9_7f4a_7c15
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        value ^= value >> 31
        return String(unsafeUninitializedCapacity: 16) { digits in
            for index in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: value >> (60 - 4 * UInt64(index))) & 15
                digits[index] = digit < 10 ? digit + 0x30 : digit - 10 + 0x61
            }
            return 16
        }
    }
}
