// Everything that can be set, once: its key in the file, its environment variable, its shape and what is
// accepted. Flags, environment and file all speak of these; `Config/holdfast.yaml` explains each.

enum Setting: String, CaseIterable, Sendable {
    case data
    case region
    case listen
    case listeners
    case tlsCertificate = "tls.certificate"
    case tlsKey = "tls.key"
    case tlsClientCA = "tls.client_ca"
    case tlsPeerCA = "tls.peer_ca"
    case domain
    case acceptSignatureV2 = "accept_signature_v2"
    case allowPlaintext = "allow_plaintext"
    case buckets
    case peers
    case accessKey = "access_key"
    case secretKey = "secret_key"
    case peerKey = "peer_key"
    case formerPeerKey = "former_peer_key"
    case stopDelaySeconds = "stop_delay_seconds"
    case drainSeconds = "drain_seconds"
    case verifyIntervalSeconds = "verify_interval_seconds"
    case gcIntervalSeconds = "gc.interval_seconds"
    case gcGraceSeconds = "gc.grace_seconds"
    case uploadsIdleSeconds = "uploads.idle_seconds"
    case reserveBytes = "reserve_bytes"
    case masterKeyFile = "encryption.master_key_file"
    case scrubIntervalDays = "scrub.interval_days"
    case scrubBytesPerSecond = "scrub.bytes_per_second"
    case logLevel = "log.level"
    case logFormat = "log.format"
    case logRequests = "log.requests"

    /// How a setting is written in the file.
    enum Shape: Sendable {
        case scalar
        /// A sequence; in the environment, separated by commas.
        case list
        /// A mapping; in the environment, `name=value` separated by commas.
        case mapping
        /// A sequence of mappings with these keys, of which the first is always there and begins one; in the
        /// environment, `key=value` separated by commas, where a key of several values comes several times.
        case records([String])
    }

    var shape: Shape {
        switch self {
        case .buckets: .list
        case .peers: .mapping
        case .listeners: .records(["listen", "apis", "tls"])
        default: .scalar
        }
    }

    /// E.g. `HOLDFAST_LOG_LEVEL`.
    var environmentName: String {
        "HOLDFAST_" + rawValue.uppercased().replacing(".", with: "_")
    }

    /// The flag of `holdfast serve`; secrets have none, since other users can see a command line.
    var flag: String? {
        switch self {
        case .peers: "--peer"
        case .buckets: "--bucket"
        case .data, .region, .listen, .domain, .allowPlaintext, .tlsCertificate, .tlsKey,
            .tlsClientCA, .tlsPeerCA:
            "--" + rawValue.replacing("_", with: "-").replacing(".", with: "-")
        default: nil
        }
    }

    /// In words, for whoever wrote something else.
    var accepted: String {
        switch self {
        case .data: "a directory"
        case .masterKeyFile: "a file"
        case .region: "1 to 63 letters, digits and hyphens"
        case .listen: "HOST:PORT"
        case .listeners:
            "mappings of listen to HOST:PORT, apis to a list of \(ListenerAPI.names), and tls to true or false"
        case .tlsCertificate, .tlsKey, .tlsClientCA, .tlsPeerCA: "a file in PEM"
        case .domain: "a host name"
        case .acceptSignatureV2, .allowPlaintext: "true or false"
        case .buckets: "bucket names: 3 to 63 lower-case letters, digits, hyphens and dots"
        case .peers: "NAME=http://HOST:PORT or NAME=https://HOST:PORT"
        case .accessKey: "3 to 128 letters, digits, '-', '_' and '.'"
        case .secretKey: "8 to 256 printable characters without spaces"
        case .peerKey, .formerPeerKey: "16 to 256 printable characters"
        case .stopDelaySeconds, .drainSeconds: "a number of seconds from 0 to 3600"
        case .verifyIntervalSeconds, .gcIntervalSeconds, .gcGraceSeconds, .uploadsIdleSeconds:
            "a number of seconds from 0 to 31536000"
        case .reserveBytes: "a number of bytes from 0 to 1125899906842624"
        case .scrubIntervalDays: "a number of days from 0 to 3650; 0: never"
        case .scrubBytesPerSecond: "a number of bytes from 1048576 to 1099511627776"
        case .logLevel: "trace, debug, info, notice, warning, error or critical"
        case .logFormat: "auto, human or json"
        case .logRequests: "all, errors or none"
        }
    }
}

/// Where a value came from, for the message that refuses it.
enum SettingOrigin: Sendable, Hashable, CustomStringConvertible {
    case flag(String)
    case environment(String)
    case file(String, line: Int)

    var description: String {
        switch self {
        case .flag(let name): name
        case .environment(let name): name
        case .file(let path, let line): "\(path):\(line)"
        }
    }
}

/// One value of a setting, as it was written; `name=value` for an entry of a mapping.
struct SettingEntry: Sendable, Hashable {
    let text: String
    let origin: SettingOrigin
}

/// What one source sets.
typealias SettingLayer = [Setting: [SettingEntry]]
