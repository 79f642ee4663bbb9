// The settings of a region as values, after every one of them was checked. A source that comes first
// wins: flags, then the environment, then the file.

internal import HTTPServer
internal import Logging
internal import Storage

struct PeerAddress: Sendable, Hashable {
    let name: String
    let url: String
    let isPlaintext: Bool
    let host: String
}

/// An access key with its secret.
struct KeyPair: Sendable, Hashable {
    let accessKey: String
    let secretKey: String
}

enum RequestLogChoice: String, Sendable {
    case all
    /// Answers of 400 and above.
    case errors
    case none
}

enum LogFormatChoice: String, Sendable {
    /// Human on a terminal, JSON otherwise.
    case auto
    case human
    case json
}

/// What becomes of uploads that nobody goes on with.
enum IdleUploads: Sendable, Hashable {
    /// The store's own choice.
    case standard
    case keptForEver
    case abortedAfter(Duration)

    /// Zero is for ever.
    init(_ limit: Duration?) {
        switch limit {
        case nil: self = .standard
        case .zero?: self = .keptForEver
        case let limit?: self = .abortedAfter(limit)
        }
    }
}

struct Configuration: Sendable {
    var data: String
    var region: String
    var listeners: [ListenerSettings]
    /// `nil`: no listener is encrypted.
    var tls: TLSFiles?
    /// Who vouches for other regions; `nil`: the authorities of this system.
    var peerAuthorities: String?
    var domain: String?
    /// Whether presigned URLs of signature version 2 may read.
    var acceptsSignatureV2: Bool
    var buckets: [String]
    var peers: [PeerAddress]
    /// `nil`: generated once, and kept in the data directory.
    var rootKey: KeyPair?
    /// Shared by the regions that are configured by flags or file.
    var peerKey: String?
    /// What they shared before: it still opens what was sealed by it.
    var formerPeerKey: String?
    /// Between the probes' saying so and the end of accepting requests.
    var stopDelay: Duration
    /// For what is under way after that.
    var drain: Duration
    /// `nil`: the store's own choice.
    var verifyInterval: Duration?
    /// Between two collections of garbage; `nil`: only when asked.
    var gcInterval: Duration?
    /// `nil`: the store's own choice.
    var gcGrace: Duration?
    var idleUploads: IdleUploads
    /// `nil`: the store's own choice.
    var reserveBytes: UInt64?
    /// What encrypted bytes need to be read; `nil`: in the data directory.
    var masterKeyFile: String?
    /// Between the beginnings of two rounds; 0: none.
    var scrubIntervalDays: Int
    var scrubBytesPerSecond: UInt64
    var logLevel: Logger.Level
    var logFormat: LogFormatChoice
    var logRequests: RequestLogChoice
}

extension Configuration {
    /// Throws a `Refusal` that names the origin of the first value that is not accepted.
    init(layers: [SettingLayer]) throws {
        let reader = SettingReader(layers: layers)
        data = try reader.require(.data, Self.path)
        region = try reader.require(.region, Self.label)
        tls = try TLSFiles(reader)
        peerAuthorities = try reader.value(.tlsPeerCA, Self.path)
        listeners = try ListenerSettings.read(reader, isEncrypted: tls != nil)
        domain = try reader.value(.domain) {
            $0.isEmpty || $0.contains("/") ? nil : $0.lowercased()
        }
        acceptsSignatureV2 = try reader.value(.acceptSignatureV2, Self.flag) ?? true
        buckets = try reader.values(.buckets) { BucketName.isValid($0) ? $0 : nil }
        peers = try reader.values(.peers, PeerAddress.init)
        peerKey = try reader.value(.peerKey) { Self.printable($0, 16...256, spaces: true) }
        formerPeerKey = try reader.value(.formerPeerKey) {
            Self.printable($0, 16...256, spaces: true)
        }
        rootKey = try Self.rootKey(reader)
        stopDelay = .seconds(
            try reader.value(.stopDelaySeconds) { Self.number($0, 0...3600) } ?? 0)
        drain = .seconds(try reader.value(.drainSeconds) { Self.number($0, 0...3600) } ?? 30)
        verifyInterval = try reader.value(.verifyIntervalSeconds, Self.seconds)
        let interval = try reader.value(.gcIntervalSeconds, Self.seconds) ?? .seconds(6 * 3600)
        gcInterval = interval == .zero ? nil : interval
        gcGrace = try reader.value(.gcGraceSeconds, Self.seconds)
        idleUploads = IdleUploads(try reader.value(.uploadsIdleSeconds, Self.seconds))
        reserveBytes = try reader.value(.reserveBytes) {
            Self.number($0, 0...(1 << 50)).map { UInt64($0) }
        }
        masterKeyFile = try reader.value(.masterKeyFile, Self.path)
        scrubIntervalDays =
            try reader.value(.scrubIntervalDays) { Self.number($0, 0...3650) } ?? 14
        scrubBytesPerSecond = UInt64(
            try reader.value(.scrubBytesPerSecond) { Self.number($0, 1 << 20...1 << 40) }
                ?? 32 << 20)
        logLevel = try reader.value(.logLevel, Logger.Level.init(rawValue:)) ?? .info
        logFormat = try reader.value(.logFormat, LogFormatChoice.init(rawValue:)) ?? .auto
        logRequests = try reader.value(.logRequests, RequestLogChoice.init(rawValue:)) ?? .all
        let mayLeave = try reader.value(.allowPlaintext, Self.flag) ?? false
        try checkTogether(allowsPlaintext: mayLeave, reader)
    }

    /// What only shows when values are seen side by side.
    private func checkTogether(allowsPlaintext: Bool, _ reader: SettingReader) throws {
        for listener in listeners {
            try listener.check(
                allowsPlaintext: allowsPlaintext, asksPeers: tls?.clientAuthorities != nil)
        }
        for peer in peers where !allowsPlaintext && peer.isPlaintext {
            guard ListenAddress.isLoopback(peer.host) else {
                throw Refusal(
                    "\(reader.origin(of: .peers)): \(peer.url) is neither https nor loopback;"
                        + " --allow-plaintext permits it")
            }
        }
        var names: Set = [region]
        for peer in peers where !names.insert(peer.name).inserted {
            let origin = reader.origin(of: .peers)
            throw Refusal("\(origin): two regions would be called “\(peer.name)”")
        }
        if !peers.isEmpty, peerKey == nil {
            throw Refusal(
                "\(reader.origin(of: .peers)): regions recognise each other by a shared key;"
                    + " set HOLDFAST_PEER_KEY to the same \(Setting.peerKey.accepted) in each")
        }
    }

    private static func rootKey(_ reader: SettingReader) throws -> KeyPair? {
        let access = try reader.value(.accessKey) { text in
            let isGood = text.utf8.allSatisfy { Self.isLabelByte($0) || $0 == 0x5F || $0 == 0x2E }
            return isGood && (3...128).contains(text.utf8.count) ? text : nil
        }
        let secret = try reader.value(.secretKey) { Self.printable($0, 8...256) }
        switch (access, secret) {
        case (let access?, let secret?): return KeyPair(accessKey: access, secretKey: secret)
        case (nil, nil): return nil
        default:
            throw Refusal("HOLDFAST_ACCESS_KEY and HOLDFAST_SECRET_KEY are set both or neither")
        }
    }

    static func path(_ text: String) -> String? {
        text.isEmpty || text.utf8.contains(0) ? nil : text
    }

    static func label(_ text: String) -> String? {
        (1...63).contains(text.utf8.count) && text.utf8.allSatisfy(isLabelByte) ? text : nil
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func printable(
        _ text: String, _ lengths: ClosedRange<Int>, spaces: Bool = false
    ) -> String? {
        let isPrintable = text.utf8.allSatisfy { ((spaces ? 0x20 : 0x21)...0x7E).contains($0) }
        return isPrintable && lengths.contains(text.utf8.count) ? text : nil
    }

    private static func number(_ text: String, _ range: ClosedRange<Int>) -> Int? {
        Int(text).flatMap { range.contains($0) ? $0 : nil }
    }

    /// Up to a year.
    private static func seconds(_ text: String) -> Duration? {
        number(text, 0...31_536_000).map { .seconds($0) }
    }

    static func flag(_ text: String) -> Bool? {
        switch text {
        case "true": true
        case "false": false
        default: nil
        }
    }
}

extension PeerAddress {
    /// `NAME=URL`.
    init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="),
            let name = Configuration.label(String(text[..<equals]))
        else { return nil }
        var url = text[text.index(after: equals)...]
        if url.hasSuffix("/") { url = url.dropLast() }
        let isPlaintext = url.hasPrefix("http://")
        guard isPlaintext || url.hasPrefix("https://") else { return nil }
        let authority = url.drop { $0 != "/" }.dropFirst(2)
        let explicit = authority.contains(":") && !authority.hasSuffix("]")
        let address = ListenAddress(String(authority) + (explicit ? "" : ":80"))
        guard let address, address.port != 0 else { return nil }
        self.init(name: name, url: String(url), isPlaintext: isPlaintext, host: address.host)
    }
}
