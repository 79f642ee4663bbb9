// The audit log's decorator: what a handler noted as an administrative change is written down with who asked and how it
// ended, before the answer goes out; refusals too.

internal import HTTPServer
internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import NativeWire
internal import Storage

struct AuditedRequests: RequestHandler {
    let inner: any RequestHandler
    let changes: AuditFile
    let refusals: AuditFile
    let clock: any WallClock
    let logger: Logger

    func respond(to request: ServerRequest) async -> ServerResponse {
        let response = await inner.respond(to: request)
        let noted = request.trace.values
        guard let change = noted.change else { return response }
        let entry = AuditEntryDocument(
            time: LogTime(milliseconds: clock.milliseconds()).iso8601, principal: noted.principal,
            client: request.remoteAddress, call: noted.operation ?? "",
            subject: noted.resource, change: change.isEmpty ? nil : change,
            status: response.status.code, error: noted.errorCode, request: request.id)
        do {
            // What failed here may have been done all the same.
            let isRefused = response.status.kind == .clientError
            let file = isRefused ? refusals : changes
            try await file.append(String(buffer: try JSONDocument.encode(entry)))
        } catch {
            // The change is made: what cannot be written down there is not lost with it.
            logger.error(
                "the audit log could not be written",
                metadata: ["error": "\(error)", "entry": "\(entry)"])
        }
        return response
    }
}
