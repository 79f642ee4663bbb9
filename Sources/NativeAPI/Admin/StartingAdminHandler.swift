// What the admin API answers while the store is being opened: that it is, and how far, whatever the call.

package import HTTPServer
internal import HTTPTypes
internal import NativeWire

package struct StartingAdminHandler: RequestHandler {
    private let region: String
    private let readiness: @Sendable () -> Readiness

    /// `region` is the region's name.
    package init(region: String, readiness: @escaping @Sendable () -> Readiness) {
        self.region = region
        self.readiness = readiness
    }

    package func respond(to request: ServerRequest) async -> ServerResponse {
        request.trace.note(operation: "AdminStarting")
        let reason =
            switch readiness() {
            case .ready: "starting"
            case .unavailable(let reason): reason
            }
        return .refusal(
            Refusal(.serviceUnavailable, .starting, "region \(region) is \(reason)"), to: request)
    }
}
