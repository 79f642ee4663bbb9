// Debian's unmodified `docker-registry` (CNCF Distribution 2.8), mounted on a region by its s3 driver.

import Foundation

final class Registry: @unchecked Sendable {
    let port: Int
    let region: Region
    let redirect: Bool
    /// Whether it asks for encryption of what it stores.
    let encrypts: Bool
    /// What it is given to work with.
    var keys = (access: Region.accessKey, secret: Region.secretKey)
    private let directory: TemporaryDirectory
    private(set) var program: Program?
    private var starts = 0

    init(on region: Region, redirect: Bool, encrypts: Bool = false) throws {
        port = try Ports.free()
        self.region = region
        self.redirect = redirect
        self.encrypts = encrypts
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
            ].merging(region.authority.map { ["SSL_CERT_FILE": $0.file] } ?? [:]) { $1 },
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
        let name = redirect ? "redirect" : "inline"
        let example = Checkout.root.appendingPathComponent("Config/docker-registry/\(name).yml")
        return try String(contentsOf: example, encoding: .utf8)
            .replacingOccurrences(of: "http://127.0.0.1:9001", with: region.url)
            .replacingOccurrences(of: "127.0.0.1:5001", with: "127.0.0.1:\(port)")
            .replacingOccurrences(
                of: "secure: false",
                with: "secure: \(region.authority != nil)\n    encrypt: \(encrypts)"
            )
            .replacingOccurrences(of: "bucket: registry", with: "bucket: \(Region.bucket)")
    }
}

/// skopeo, the client that pushes and pulls as a container engine does.
enum Skopeo {
    static func copy(_ from: String, _ to: String, _ work: TemporaryDirectory) async throws {
        try await Program.run(
            [
                "skopeo", "--insecure-policy", "copy", "--all", "--preserve-digests",
                "--src-tls-verify=false", "--dest-tls-verify=false", from, to,
            ], in: work)
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
        _ image: String, as layout: String, _ work: TemporaryDirectory
    ) async throws {
        let pulled = work.path("pulled")
        try await copy(image, "oci:\(pulled):image", work)
        try await Program.run(["diff", "-r", layout + "/blobs", pulled + "/blobs"], in: work)
        try FileManager.default.removeItem(atPath: pulled)
    }
}
