// Debian's unmodified `docker-registry` (CNCF Distribution 2.8), mounted on a region by its s3 driver.

import Foundation

final class Registry: @unchecked Sendable {
    let port: Int
    let region: Region
    let redirect: Bool
    private let directory: TemporaryDirectory
    private(set) var program: Program?
    private var starts = 0

    init(on region: Region, redirect: Bool) throws {
        port = try Ports.free()
        self.region = region
        self.redirect = redirect
        directory = try TemporaryDirectory()
    }

    var url: String { "http://127.0.0.1:\(port)" }

    func start() async throws {
        let path = directory.path("config.yml")
        try configuration.write(toFile: path, atomically: true, encoding: .utf8)
        starts += 1
        program = try Program(
            ["docker-registry", "serve", path], log: directory.path("registry-\(starts).log"))
        try await eventually("the registry on \(region.name) answers") {
            await HTTP.get("\(url)/v2/")?.status == 200
        }
    }

    func stop() async throws { try await program?.killNow() }

    private var configuration: String {
        """
        version: 0.1
        log:
          level: info
          accesslog:
            disabled: true
        storage:
          s3:
            accesskey: \(Region.accessKey)
            secretkey: \(Region.secretKey)
            region: us-east-1
            regionendpoint: \(region.url)
            bucket: \(Region.bucket)
            secure: false
            v4auth: true
          redirect:
            disable: \(!redirect)
          delete:
            enabled: true
        http:
          addr: 127.0.0.1:\(port)
          secret: the same on every registry
        """
    }
}
