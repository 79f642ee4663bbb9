// The APIs that a listener may serve, and the paths of each (design: one port serves all, unless the
// configuration puts chosen ones on chosen addresses).

internal import NativeWire

enum ListenerAPI: String, CaseIterable, Sendable {
    case s3
    case driver
    case registry
    case peer
    case admin
    case probes

    /// In words, for whoever wrote something else.
    static let names = allCases.filter(\.isServed).map(\.rawValue).joined(separator: ", ")

    /// Whether this version serves it on a port. (The admin API is on the socket in the data directory alone.)
    var isServed: Bool {
        switch self {
        case .s3, .driver, .peer, .probes: true
        case .registry, .admin: false
        }
    }

    /// Whose path it is; `nil` for one that is nobody's. Bucket names never begin with a hyphen, so what is
    /// under `/-/` cannot be one.
    init?(path: String) {
        guard path.hasPrefix("/-/") else {
            self = .s3
            return
        }
        if path.hasPrefix(DriverCall.prefix) {
            self = .driver
        } else if path.hasPrefix(PeerCall.prefix) {
            self = .peer
        } else if [AdminCall.live, AdminCall.ready].contains(path) {
            self = .probes
        } else {
            return nil
        }
    }
}
