// The flags of `serve`, as a layer of settings, and where the other layers come from. `config check`
// takes the same, so that it says what `serve` would.

internal import ArgumentParser

struct ConfigurationOptions: ParsableArguments {
    @Option(help: "The data directory; made if absent.")
    var data: String?

    @Option(help: "This region's name, as others know it.")
    var region: String?

    @Option(
        help: ArgumentHelp("Where to listen; 127.0.0.1:9000 unless set.", valueName: "host:port"))
    var listen: String?

    @Option(help: ArgumentHelp("The certificate chain in PEM: serve TLS.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's key in PEM.", valueName: "file"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "Other regions must show a certificate of these authorities.", valueName: "file"))
    var tlsClientCa: String?

    @Option(
        help: ArgumentHelp(
            "Who vouches for other regions, in place of the system's authorities.",
            valueName: "file"))
    var tlsPeerCa: String?

    @Option(help: "Also serve buckets as hosts of this domain: <bucket>.<domain>.")
    var domain: String?

    @Option(
        name: .customLong("peer"),
        help: ArgumentHelp("A region to follow; may be repeated.", valueName: "name=url"))
    var peers: [String] = []

    @Option(
        name: .customLong("bucket"),
        help: ArgumentHelp("A bucket that exists after start; may be repeated.", valueName: "name"))
    var buckets: [String] = []

    @Option(help: "A YAML file with these and all other settings; see Config/holdfast.yaml.")
    var config: String?

    @Flag(help: "Permit addresses beyond loopback without TLS.")
    var allowPlaintext = false

    /// Throws a `Refusal` that names what is not accepted.
    func read() throws -> Configuration {
        try Configuration(layers: SettingReader.layers(flags: flags, config: config))
    }

    private var flags: SettingLayer {
        let given: [Setting: [String]] = [
            .data: list(data), .region: list(region), .listen: list(listen), .domain: list(domain),
            .tlsCertificate: list(tlsCertificate), .tlsKey: list(tlsKey),
            .tlsClientCA: list(tlsClientCa), .tlsPeerCA: list(tlsPeerCa),
            .peers: peers, .buckets: buckets, .allowPlaintext: allowPlaintext ? ["true"] : [],
        ]
        var layer: SettingLayer = [:]
        for (setting, texts) in given where !texts.isEmpty {
            let origin = SettingOrigin.flag(setting.flag ?? setting.rawValue)
            layer[setting] = texts.map { SettingEntry(text: $0, origin: origin) }
        }
        return layer
    }

    private func list(_ value: String?) -> [String] { value.map { [$0] } ?? [] }
}
