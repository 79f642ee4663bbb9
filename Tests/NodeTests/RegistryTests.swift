// Two regions carry a real registry: pushed in one, pulled from the other, by unmodified programs.

import Foundation
import Testing

extension NodeTests {
    @Suite("A registry on each of two regions")
    struct RegistryTests {
        private static let sizes = [1 << 10, 77 << 10, 5 << 20, (33 << 20) + 5, 300 << 20]

        @Test(
            "an image pushed in one region is pulled from the other, byte for byte",
            arguments: [true, false], [false, true])
        func carriesImages(redirect: Bool, isEncrypted: Bool) async throws {
            let (west, east) = try await Region.pair(authority: isEncrypted ? Authority() : nil)
            let registries = try [west, east].map { try Registry(on: $0, redirect: redirect) }
            for registry in registries { try await registry.start() }
            let work = try TemporaryDirectory()
            try await carry(from: registries[0], to: registries[1], seed: 1, work)
            try await carry(from: registries[1], to: registries[0], seed: 2, work)
            for registry in registries { try await registry.stop() }
            try await west.stop()
            try await east.stop()
        }

        private func carry(
            from source: Registry, to target: Registry, seed: Int, _ work: TemporaryDirectory
        ) async throws {
            let image = work.path("image-\(seed)")
            let digest = try await Skopeo.makeImage(image, seed: seed, sizes: Self.sizes, work)
            try await Skopeo.copy("oci:\(image):image", source.image("team/app:v\(seed)"), work)
            try await eventually("the tag is in the other region", within: .seconds(120)) {
                let url = "\(target.url)/v2/team/app/manifests/v\(seed)"
                return try await HTTP.send("HEAD", url, headers: Self.accept).status == 200
            }
            for name in ["team/app:v\(seed)", "team/app@\(digest)"] {
                try await Skopeo.expectSame(target.image(name), as: image, work)
            }
        }

        private static let accept = [
            "Accept: application/vnd.oci.image.index.v1+json",
            "Accept: application/vnd.oci.image.manifest.v1+json",
        ]

        @Test(
            "a registry that asks for a virtual host of Amazon's, and Harbor's, are served as any",
            arguments: [(true, .amazon), (false, .amazon), (true, .harbor)]
                as [(Bool, Registry.Mount)])
        func otherMounts(redirect: Bool, mount: Registry.Mount) async throws {
            let region = try Region("west")
            region.settings["HOLDFAST_DOMAIN"] = "s3.amazonaws.com"
            try await region.start()
            let registry = try Registry(on: region, redirect: redirect, mount: mount)
            try await registry.start()
            let work = try TemporaryDirectory()
            let image = work.path("image")
            let digest = try await Skopeo.makeImage(
                image, seed: 3, sizes: [1 << 10, 5 << 20, (33 << 20) + 5], work)
            // Redirects lead to Amazon's names too.
            let proxy = mount == .amazon ? region.url : nil
            try await Skopeo.copy(
                "oci:\(image):image", registry.image("team/app:1"), work, proxy: proxy)
            try await Skopeo.expectSame(
                registry.image("team/app@\(digest)"), as: image, work, proxy: proxy)
            try await Skopeo.delete(registry.image("team/app:1"), work)
            try await registry.stop()
            try await region.stop()
        }

        @Test("a chunked upload goes on after the registry was restarted in mid-push")
        func resumes() async throws {
            let region = try Region("west")
            try await region.start()
            let registry = try Registry(on: region, redirect: false)
            try await registry.start()
            let work = try TemporaryDirectory()
            // Under, over and at the least size of a part, since each takes another way in the driver.
            let sizes = [3 << 20, (12 << 20) + 7, 5 << 20, 1]
            let blob = Data(
                (0..<sizes.reduce(0, +)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
            try blob.write(to: URL(fileURLWithPath: work.path("whole")))
            let digest = try await Program.run(["sha256sum", work.path("whole")], in: work)
                .prefix(64)
            let opened = try await HTTP.send("POST", "\(registry.url)/v2/team/app/blobs/uploads/")
            #expect(opened.status == 202)
            var location = try #require(opened.header("Location"))
            var offset = 0
            for size in sizes {
                let piece = work.path("piece")
                try blob[offset..<offset + size].write(to: URL(fileURLWithPath: piece))
                let answer = try await HTTP.send(
                    "PATCH", location,
                    headers: [
                        "Content-Type: application/octet-stream",
                        "Content-Range: \(offset)-\(offset + size - 1)",
                    ], bodyFile: piece)
                #expect(answer.status == 202, "\(String(decoding: answer.body, as: UTF8.self))")
                location = try #require(answer.header("Location"))
                offset += size
                try await registry.stop()
                if offset == sizes[0] { try await region.kill() }
                if offset == sizes[0] { try await region.start() }
                try await registry.start()
            }
            let separator = location.contains("?") ? "&" : "?"
            let done = try await HTTP.send(
                "PUT", location + separator + "digest=sha256:\(digest)")
            #expect(done.status == 201, "\(String(decoding: done.body, as: UTF8.self))")
            let pulled = try await HTTP.send(
                "GET", "\(registry.url)/v2/team/app/blobs/sha256:\(digest)")
            #expect(pulled.body == blob)
            try await region.stop()
        }
    }
}
