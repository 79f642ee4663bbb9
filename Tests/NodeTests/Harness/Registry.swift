// Debian's unmodified `docker-registry` (CNCF Distribution 2.8), mounted on a region by its s3 driver.

import Foundation

final class Registry: @unchecked Sendable {
    /// What its storage is configured from.
    enum Mount {
        /// The example for Distribution.
        case distribution
        /// The same without an endpoint: it asks for `<bucket>.s3.amazonaws.com`, and the region is its proxy.
        case amazon
        /// Harbor's values, whose `s3` its chart copies into its registry's configuration.
        case harbor
    }

    let port: Int
    let region: Region
    let redirect: Bool
    /// Whether it asks for encryption of what it stores.
    let encrypts: Bool
    let mount: Mount
    /// What it is given to work with.
    var keys = (access: Region.accessKey, secret: Region.secretKey)
    private let directory: TemporaryDirectory
    private(set) var program: Program?
    private var starts = 0

    init(
        on region: Region, redirect: Bool, encrypts: Bool = false, mount: Mount = .distribution
    ) throws {
        port = try Ports.free()
        self.region = region
        self.redirect = redirect
        self.encrypts = encrypts
        self.mount = mount
        directory = try TemporaryDirectory()
    }

    var url: String { "http://127.0.0.1:\(port)" }

    func start() async throws {
        let path = directory.path("config.yml")
        try configuration().write(toFile: path, atomically: true, encoding: .utf8)
        starts += 1
        program = try Program(
            ["docker-registry", "serve", path],
            environment: [
                "REGISTRY_STORAGE_S3_ACCESSKEY": keys.access,
                "REGISTRY_STORAGE_S3_SECRETKEY": keys.secret,
                // What signs the state of an upload; without it every start makes one of its own.
                "REGISTRY_HTTP_SECRET": "the same on every registry",
            ].merging(region.authority.map { ["SSL_CERT_FILE": $0.file] } ?? [:]) { $1 }
                .merging(mount == .amazon ? ["http_proxy": region.url] : [:]) { $1 },
            log: directory.path("registry-\(starts).log"))
        try await eventually("the registry on \(region.name) answers") {
            await HTTP.get("\(url)/v2/")?.status == 200
        }
    }

    func stop() async throws { try await program?.killNow() }

    /// An image of this registry, as skopeo names it: by `repository:tag` or `repository@digest`.
    func image(_ name: String) -> String { "docker://127.0.0.1:\(port)/\(name)" }

    /// The example that people mount their registries by, at this region and port.
    private func configuration() throws -> String {
        let text = try example("docker-registry/\(redirect ? "redirect" : "inline").yml")
            .replacingOccurrences(of: "127.0.0.1:5001", with: "127.0.0.1:\(port)")
            .replacingOccurrences(of: "  s3:\n", with: "  s3:\n    encrypt: \(encrypts)\n")
        switch mount {
        case .distribution: return text
        case .amazon:
            let own = try storage(of: text, indentedBy: 4)
            return try replacing(own, in: text, by: own.filter { !$0.contains("regionendpoint:") })
        case .harbor:
            let own = try storage(of: text, indentedBy: 4)
            let values = try storage(of: example("harbor/values.yaml"), indentedBy: 6)
            return try replacing(own, in: text, by: values.map { $0.dropFirst(2) })
        }
    }

    private func replacing(
        _ lines: [Substring], in text: String, by others: [Substring]
    ) throws -> String {
        let (old, new) = (lines.joined(separator: "\n"), others.joined(separator: "\n"))
        let replaced = text.replacingOccurrences(of: old, with: new)
        guard replaced != text else {
            throw ProgramFailure(description: "“\(old)” is not there to be replaced")
        }
        return replaced
    }

    private func example(_ name: String) throws -> String {
        let file = Checkout.root.appendingPathComponent("Config/" + name)
        return try String(contentsOf: file, encoding: .utf8)
            .replacingOccurrences(of: "http://127.0.0.1:9001", with: region.url)
            .replacingOccurrences(of: "http://holdfast.example.org:9000", with: region.url)
            .replacingOccurrences(of: "ACCESS-KEY", with: keys.access)
            .replacingOccurrences(of: "SECRET-KEY", with: keys.secret)
            .replacingOccurrences(
                of: "secure: false", with: "secure: \(region.authority != nil)"
            )
            .replacing(/bucket: [a-z]+/, with: "bucket: \(Region.bucket)")
    }

    /// The lines below `s3:`.
    private func storage(of text: String, indentedBy width: Int) throws -> [Substring] {
        let margin = String(repeating: " ", count: width)
        let lines = text.split(separator: "\n").drop { !$0.hasSuffix("s3:") }.dropFirst()
            .prefix { $0.hasPrefix(margin) }
        guard !lines.isEmpty else { throw ProgramFailure(description: "no s3 in \(text)") }
        return Array(lines)
    }
}

/// skopeo, the client that pushes and pulls as a container engine does.
enum Skopeo {
    static func copy(
        _ from: String, _ to: String, _ work: TemporaryDirectory, proxy: String? = nil
    ) async throws {
        try await Program.run(
            [
                "skopeo", "--insecure-policy", "copy", "--all", "--preserve-digests",
                "--src-tls-verify=false", "--dest-tls-verify=false", from, to,
            ], environment: proxy.map { ["http_proxy": $0] } ?? [:], in: work)
    }

    /// Deletes the manifest that a name leads to, and with it the tags that name it.
    static func delete(_ image: String, _ work: TemporaryDirectory) async throws {
        try await Program.run(
            ["skopeo", "--insecure-policy", "delete", "--tls-verify=false", image], in: work)
    }

    /// Writes an image of two architectures as an OCI layout, and returns its digest.
    static func makeImage(
        _ path: String, seed: Int, sizes: [Int], _ work: TemporaryDirectory
    ) async throws -> String {
        try await Program.run(
            ["python3", Checkout.client("make_image.py"), path, "\(seed)"]
                + sizes.map(String.init), in: work
        ).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Pulls an image and compares every blob of it with the layout that was pushed.
    static func expectSame(
        _ image: String, as layout: String, _ work: TemporaryDirectory, proxy: String? = nil
    ) async throws {
        let pulled = work.path("pulled")
        try await copy(image, "oci:\(pulled):image", work, proxy: proxy)
        try await Program.run(["diff", "-r", layout + "/blobs", pulled + "/blobs"], in: work)
        try FileManager.default.removeItem(atPath: pulled)
    }
}
