// What the probes answer.

/// The body of `/-/health/live` and `/-/health/ready`.
package struct HealthDocument: Sendable, Hashable, Codable {
    /// `ok` or `unavailable`.
    package var status: String
    package var reason: String?

    package init(status: String, reason: String? = nil) {
        self.status = status
        self.reason = reason
    }
}
