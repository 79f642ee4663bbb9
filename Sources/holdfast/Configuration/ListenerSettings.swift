// Where the region listens, for which APIs, and whether that is encrypted. Each value is refused by the place
// where it was written.

internal import HTTPServer

struct ListenerSettings: Sendable, Hashable, CustomStringConvertible {
    var address: ListenAddress
    var apis: Set<ListenerAPI>
    var isEncrypted: Bool
    /// Where the address was written.
    var origin: SettingOrigin

    var description: String {
        let all = ListenerAPI.allCases.filter(apis.contains).map(\.rawValue)
        let names = all.count == ListenerAPI.allCases.count ? "all" : all.joined(separator: ", ")
        return "\(address), \(isEncrypted ? "with" : "without") TLS: \(names)"
    }

    /// All that are set. One that says nothing of TLS is encrypted where there is a certificate (`isEncrypted`).
    static func read(_ reader: SettingReader, isEncrypted: Bool) throws -> [ListenerSettings] {
        let fields = reader.entries(of: .listeners)
        let listen = try reader.value(.listen, ListenAddress.init)
        guard let first = fields.first else {
            return [
                ListenerSettings(
                    address: listen ?? .standard, apis: Set(ListenerAPI.allCases),
                    isEncrypted: isEncrypted, origin: reader.origin(of: .listen))
            ]
        }
        guard listen == nil else {
            throw Refusal(
                "\(reader.origin(of: .listen)): “listen” is set, and so is “listeners”"
                    + " (\(first.origin)); set one of them")
        }
        var listeners: [ListenerSettings] = []
        for field in fields {
            try read(field, isEncrypted: isEncrypted, into: &listeners)
        }
        for listener in listeners where listener.apis.isEmpty {
            throw Refusal(
                "\(listener.origin): the listener on \(listener.address) serves nothing; give it apis:"
                    + " \(ListenerAPI.names)")
        }
        return listeners
    }

    /// One `key=value`; `listen` begins a listener.
    private static func read(
        _ field: SettingEntry, isEncrypted: Bool, into listeners: inout [ListenerSettings]
    ) throws {
        let parts = field.text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count == 2 ? String(parts[1]) : ""
        if parts[0] == "listen" {
            let address = try address(value, field, besides: listeners)
            return listeners.append(
                ListenerSettings(
                    address: address, apis: [], isEncrypted: isEncrypted, origin: field.origin))
        }
        guard let last = listeners.indices.last else {
            throw Refusal(
                "\(field.origin): “\(field.text)” belongs to no listener; listen= begins one")
        }
        switch parts[0] {
        case "apis": try listeners[last].add(value, field)
        case "tls":
            guard let flag = Configuration.flag(value) else {
                throw Refusal("\(field.origin): “\(value)” is not accepted for tls: true or false")
            }
            guard !flag || isEncrypted else {
                throw Refusal("\(field.origin): TLS needs tls.certificate and tls.key")
            }
            listeners[last].isEncrypted = flag
        default:
            throw Refusal(
                "\(field.origin): “\(field.text)” is not accepted for listeners; accepted:"
                    + " \(Setting.listeners.accepted)")
        }
    }

    private static func address(
        _ text: String, _ field: SettingEntry, besides listeners: [ListenerSettings]
    ) throws -> ListenAddress {
        guard let address = ListenAddress(text) else {
            throw Refusal("\(field.origin): “\(text)” is not accepted for listen: HOST:PORT")
        }
        if address.port != 0, let other = listeners.first(where: { $0.address == address }) {
            throw Refusal("\(field.origin): \(address) is listened on already (\(other.origin))")
        }
        return address
    }

    private mutating func add(_ name: String, _ field: SettingEntry) throws {
        guard let api = ListenerAPI(rawValue: name) else {
            throw Refusal("\(field.origin): “\(name)” is no API; accepted: \(ListenerAPI.names)")
        }
        guard api.isServed else {
            throw Refusal("\(field.origin): this version does not serve “\(name)” on a port")
        }
        guard apis.insert(api).inserted else {
            throw Refusal("\(field.origin): “\(name)” stands there twice")
        }
    }

    /// What only shows beside other settings. `asksPeers`: other regions must show a certificate.
    func check(allowsPlaintext: Bool, asksPeers: Bool) throws {
        guard !isEncrypted else { return }
        guard allowsPlaintext || address.isLoopback else {
            throw Refusal(
                "\(origin): \(address) is not loopback, and what is said there would cross the network in"
                    + " the clear; set tls.certificate and tls.key, or --allow-plaintext to permit it"
            )
        }
        guard !asksPeers || !apis.contains(.peer) else {
            throw Refusal(
                "\(origin): other regions must show certificates (tls.client_ca), which they cannot on"
                    + " \(address): it has the peer API without TLS")
        }
    }
}

extension TLSFiles {
    /// `nil` where neither is set.
    init?(_ reader: SettingReader) throws {
        let certificate = try reader.value(.tlsCertificate, Configuration.path)
        let key = try reader.value(.tlsKey, Configuration.path)
        let authorities = try reader.value(.tlsClientCA, Configuration.path)
        switch (certificate, key) {
        case (let certificate?, let key?):
            self.init(certificate: certificate, key: key, clientAuthorities: authorities)
        case (nil, nil):
            guard authorities == nil else {
                throw Refusal(
                    "\(reader.origin(of: .tlsClientCA)): clients can show certificates over TLS only;"
                        + " set tls.certificate and tls.key")
            }
            return nil
        default:
            let set = certificate == nil ? Setting.tlsKey : .tlsCertificate
            throw Refusal(
                "\(reader.origin(of: set)): tls.certificate and tls.key are set both or neither")
        }
    }
}
