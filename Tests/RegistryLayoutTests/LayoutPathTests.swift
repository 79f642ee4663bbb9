import RegistryLayout
import Storage
import Testing

private let hex = String(repeating: "ab", count: 32)
private let root = "docker/registry/v2/"

@Suite("Distribution's keys")
struct LayoutPathTests {
    @Test(
        "every key of the layout parses and is built again",
        arguments: [
            "\(root)blobs/sha256/ab/\(hex)/data",
            "\(root)repositories/a/b-c/_layers/sha256/\(hex)/link",
            "\(root)repositories/a/_manifests/revisions/sha256/\(hex)/link",
            "\(root)repositories/a/_manifests/tags/v1.0/current/link",
            "\(root)repositories/a/_manifests/tags/v1.0/index/sha256/\(hex)/link",
            "\(root)repositories/a/_uploads/0-1/data",
            "\(root)repositories/a/_uploads/0-1/hashstates/sha256/0",
            "under/a/root/\(root)repositories/a/_uploads/0-1/startedat",
            "\(root)blobs/sha512/ab/\(hex)\(hex)/data",
        ])
    func roundTrip(key: String) throws {
        let path = try #require(LayoutPath(ObjectKey(key)))
        #expect(path.key == ObjectKey(key))
    }

    @Test(
        "what only looks alike is a plain key",
        arguments: [
            "\(root)blobs/sha256/ac/\(hex)/data", "\(root)blobs/sha256/ab/\(hex)/link",
            "\(root)blobs/sha256/ab/\(hex.uppercased())/data", "\(root)blobs/md5/ab/\(hex)/data",
            "\(root)repositories/_layers/sha256/\(hex)/link", "\(root)repositories/a/_x/y",
            "\(root)repositories/a/_manifests/tags/v1/current", "xdocker/registry/v2/blobs",
            "docker/registry/v2", "a/b", "", "\(root)repositories/a/_uploads/0-1",
        ])
    func plain(key: String) { #expect(LayoutPath(ObjectKey(key)) == nil) }

    @Test("bytes that are no UTF-8 make a plain key: two keys never mean one path")
    func noText() {
        let tail = Array("/current/link".utf8)
        for tag in [[0xff], [0x76, 0xc3], [0xed, 0xa0, 0x80]] as [[UInt8]] {
            let key = Array("\(root)repositories/a/_manifests/tags/".utf8) + tag + tail
            #expect(LayoutPath(ObjectKey(bytes: key)) == nil)
        }
    }

    @Test("the parts of a repository's key are told apart")
    func parts() throws {
        let key = "\(root)repositories/library/alpine/_manifests/tags/3/current/link"
        let repository = Repository(root: RegistryRoot(prefix: root), name: "library/alpine")
        #expect(LayoutPath(ObjectKey(key)) == .tagCurrentLink(repository, tag: "3"))
    }

    @Test("uploads and local settings stay in their region, and nothing else does")
    func regionLocal() {
        let upload = ObjectKey("\(root)repositories/a/_uploads/0-1/data")
        let link = ObjectKey("\(root)repositories/a/_layers/sha256/\(hex)/link")
        #expect(KeyRules.isRegionLocal(ObjectName(bucket: "images", key: upload)))
        #expect(!KeyRules.isRegionLocal(ObjectName(bucket: "images", key: link)))
        #expect(!KeyRules.isRegionLocal(ObjectName(bucket: "images", key: "a/_uploads/b")))
        #expect(KeyRules.isRegionLocal(Settings.name("local/x")))
        #expect(!KeyRules.isRegionLocal(Settings.name("shared/x")))
    }

    @Test("only the key of a blob's bytes promises a digest")
    func promise() throws {
        let digest = try #require(ContentDigest("sha256:\(hex)"))
        #expect(KeyRules.promisedDigest(ObjectKey("\(root)blobs/sha256/ab/\(hex)/data")) == digest)
        let link = ObjectKey("\(root)repositories/a/_layers/sha256/\(hex)/link")
        #expect(KeyRules.promisedDigest(link) == nil)
        #expect(KeyRules.promisedDigest("some/data") == nil)
    }

    @Test("which keys promise a digest is the layout's to say")
    func promises() throws {
        let digest = try #require(ContentDigest("sha256:\(hex)"))
        let distribution = ObjectKey("\(root)blobs/sha256/ab/\(hex)/data")
        let quay = ObjectKey("datastorage/registry/sha256/ab/\(hex)")
        #expect(KeyRules.promisedDigest(quay, in: .quay) == digest)
        #expect(KeyRules.promisedDigest(ObjectKey("sha256/ab/\(hex)"), in: .quay) == digest)
        #expect(KeyRules.promisedDigest(quay, in: .distribution) == nil)
        #expect(KeyRules.promisedDigest(distribution, in: .quay) == nil)
        for layout in [BucketSettings.Layout.zot, .plain] {
            #expect(KeyRules.promisedDigest(distribution, in: layout) == nil)
            #expect(KeyRules.promisedDigest(quay, in: layout) == nil)
        }
        let others = [
            "sha256/cd/\(hex)", "xsha256/ab/\(hex)", "sha256/ab/x\(hex)", "sha256/ab\(hex)",
            "sha256/ab/\(hex.uppercased())", "/ab/\(hex)", hex,
        ]
        for key in others {
            #expect(KeyRules.promisedDigest(ObjectKey(key), in: .quay) == nil, "\(key)")
        }
    }
}
