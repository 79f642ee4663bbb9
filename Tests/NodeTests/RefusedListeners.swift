// The ways to set listeners that are refused, each by file and line.

extension RefusedStart {
    /// A file with these lines from its third on.
    private static func file(
        _ description: String, _ lines: [String], environment: [String: String] = [:],
        says: [String]
    ) -> RefusedStart {
        RefusedStart(
            description: description, arguments: ["--config", "DIR/settings.yaml"],
            environment: environment,
            file: (["data: DIR/d", "region: west"] + lines).joined(separator: "\n") + "\n",
            says: says)
    }

    static let listeners = [
        file(
            "an API that is none",
            ["listeners:", "  - listen: 127.0.0.1:0", "    apis:", "      - s3", "      - ftp"],
            says: ["settings.yaml:7", "“ftp”", "s3, driver, peer, probes"]),
        file(
            "an API that is not served yet",
            ["listeners:", "  - listen: 127.0.0.1:0", "    apis: [registry]"],
            says: ["settings.yaml:5", "“registry”"]),
        file(
            "an API twice", ["listeners:", "  - {listen: \"127.0.0.1:0\", apis: [s3, s3]}"],
            says: ["settings.yaml:4", "“s3”", "twice"]),
        file(
            "an address twice",
            [
                "listeners:", "  - {listen: \"127.0.0.1:1\", apis: [s3]}",
                "  - {listen: \"127.0.0.1:1\", apis: [peer]}",
            ], says: ["settings.yaml:5", "127.0.0.1:1", "already", "settings.yaml:4"]),
        file(
            "an unknown key of a listener",
            ["listeners:", "  - listen: 127.0.0.1:0", "    api: [s3]"],
            says: ["settings.yaml:5", "“listeners.api”", "listen, apis, tls"]),
        file(
            "a listener without an address", ["listeners:", "  - apis: [s3]"],
            says: ["settings.yaml:4", "“listen”"]),
        file(
            "a listener that serves nothing", ["listeners:", "  - listen: 127.0.0.1:0"],
            says: ["settings.yaml:4", "serves nothing"]),
        file(
            "listeners that are no list", ["listeners: 127.0.0.1:0"],
            says: ["settings.yaml:3", "a list of mappings"]),
        file(
            "TLS without a certificate",
            ["listeners:", "  - {listen: \"127.0.0.1:0\", apis: [s3], tls: true}"],
            says: ["settings.yaml:4", "tls.certificate"]),
        file(
            "TLS neither true nor false",
            ["listeners:", "  - {listen: \"127.0.0.1:0\", apis: [s3], tls: maybe}"],
            says: ["settings.yaml:4", "“maybe”", "true or false"]),
        file(
            "one listener in the clear beyond loopback",
            [
                "listeners:", "  - {listen: \"127.0.0.1:0\", apis: [s3]}",
                "  - {listen: \"0.0.0.0:0\", apis: [probes]}",
            ], says: ["settings.yaml:5", "0.0.0.0:0", "--allow-plaintext"]),
        file(
            "regions that are to show certificates in the clear",
            [
                "tls: {certificate: DIR/x.pem, key: DIR/x.key, client_ca: DIR/ca.pem}",
                "listeners:", "  - {listen: \"127.0.0.1:0\", apis: [s3, peer], tls: false}",
            ], says: ["settings.yaml:5", "tls.client_ca", "peer API"]),
        file(
            "both listen and listeners",
            ["listen: 127.0.0.1:0", "listeners:", "  - {listen: \"127.0.0.1:0\", apis: [s3]}"],
            says: ["settings.yaml:3", "settings.yaml:5", "set one of them"]),
        RefusedStart(
            description: "an API of no listener in the environment",
            arguments: ["--data", "DIR/d", "--region", "west"],
            environment: ["HOLDFAST_LISTENERS": "apis=s3,listen=127.0.0.1:0"],
            says: ["HOLDFAST_LISTENERS", "“apis=s3”", "listen="]),
    ]
}
