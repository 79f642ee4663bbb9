// The ways to start that are refused, and what each says.

/// A way to start that must be refused.
struct RefusedStart: Sendable, CustomStringConvertible {
    let description: String
    /// Without `serve`; `DIR` stands for the machine's directory.
    var arguments: [String]
    var environment: [String: String] = [:]
    /// Written to `DIR/settings.yaml`.
    var file: String?
    /// What the line says.
    var says: [String]

    static let all = [
        RefusedStart(
            description: "no data directory", arguments: ["--region", "west"],
            says: ["--data", "HOLDFAST_DATA"]),
        RefusedStart(
            description: "a data directory under a file",
            arguments: ["--data", "/etc/hostname/data", "--region", "west"],
            says: ["/etc/hostname/data"]),
        RefusedStart(
            description: "a data directory that cannot be written",
            arguments: ["--data", "/proc/holdfast", "--region", "west"], says: ["/proc/holdfast"]),
        RefusedStart(
            description: "an address that is not loopback",
            arguments: ["--data", "DIR/d", "--region", "west", "--listen", "0.0.0.0:0"],
            says: ["0.0.0.0:0", "--allow-plaintext"]),
        RefusedStart(
            description: "a certificate without its key",
            arguments: ["--data", "DIR/d", "--region", "west", "--tls-certificate", "DIR/x.pem"],
            says: ["--tls-certificate", "tls.key", "both or neither"]),
        RefusedStart(
            description: "a certificate that is not there",
            arguments: [
                "--data", "DIR/d", "--region", "west", "--tls-certificate", "DIR/x.pem",
                "--tls-key", "DIR/x.key",
            ], says: ["/x.pem", "No such file"]),
        RefusedStart(
            description: "authorities of regions that are none",
            arguments: [
                "--data", "DIR/d", "--region", "west", "--tls-peer-ca", "DIR/settings.yaml",
            ], file: "data: DIR/d\n",
            says: ["/settings.yaml", "no certificate in PEM"]),
        RefusedStart(
            description: "clients' authorities without TLS",
            arguments: ["--data", "DIR/d", "--region", "west"],
            environment: ["HOLDFAST_TLS_CLIENT_CA": "DIR/x.pem"],
            says: ["HOLDFAST_TLS_CLIENT_CA", "tls.certificate"]),
        RefusedStart(
            description: "an address that is none",
            arguments: ["--data", "DIR/d", "--region", "west", "--listen", "localhost"],
            says: ["--listen", "“localhost”", "HOST:PORT"]),
        RefusedStart(
            description: "a bucket name that is none",
            arguments: ["--data", "DIR/d", "--region", "west"],
            environment: ["HOLDFAST_BUCKETS": "good,-system"],
            says: ["HOLDFAST_BUCKETS", "“-system”"]),
        RefusedStart(
            description: "a peer without the shared key",
            arguments: [
                "--data", "DIR/d", "--region", "west", "--peer", "east=http://127.0.0.1:1",
            ], says: ["HOLDFAST_PEER_KEY"]),
        RefusedStart(
            description: "a peer in the clear beyond loopback",
            arguments: [
                "--data", "DIR/d", "--region", "west", "--peer", "east=http://example.org:1",
            ], environment: ["HOLDFAST_PEER_KEY": "0123456789abcdef"],
            says: ["example.org", "--allow-plaintext"]),
        RefusedStart(
            description: "half a root key",
            arguments: ["--data", "DIR/d", "--region", "west"],
            environment: ["HOLDFAST_ACCESS_KEY": "HALF"], says: ["HOLDFAST_SECRET_KEY"]),
        RefusedStart(
            description: "a bad value in the environment",
            arguments: ["--data", "DIR/d", "--region", "west"],
            environment: ["HOLDFAST_LOG_LEVEL": "loud"],
            says: ["HOLDFAST_LOG_LEVEL", "“loud”", "trace, debug, info"]),
        RefusedStart(
            description: "an unknown key in the file",
            arguments: ["--config", "DIR/settings.yaml"],
            file: "data: DIR/d\nregion: west\nlog:\n  levl: info\n",
            says: ["settings.yaml:4", "“log.levl”", "level, format, requests"]),
        RefusedStart(
            description: "a bad value in the file", arguments: ["--config", "DIR/settings.yaml"],
            file: "data: DIR/d\nregion: west\ndrain_seconds: long\n",
            says: ["settings.yaml:3", "“long”", "0 to 3600"]),
        RefusedStart(
            description: "a list where one value belongs",
            arguments: ["--config", "DIR/settings.yaml"],
            file: "data: DIR/d\nregion:\n  - west\n", says: ["settings.yaml:2", "region"]),
        RefusedStart(
            description: "a file that is no YAML", arguments: ["--config", "DIR/settings.yaml"],
            file: "data: [\n", says: ["settings.yaml"]),
        RefusedStart(
            description: "no such file", arguments: ["--config", "DIR/none.yaml"],
            says: ["none.yaml"]),
        RefusedStart(
            description: "an unknown flag", arguments: ["--dta", "DIR/d"], says: ["--dta"]),
    ]
}
