import Access
import Storage
import Testing

@Suite("What a key may do")
struct KeyLimitsTests {
    private static let all = KeyLimits()

    @Test("a key without limits may do all but administer", arguments: Action.allCases)
    func unlimited(action: Action) {
        #expect(Self.all.allows(action, bucket: "b", key: "k") == (action != .administer))
    }

    @Test("without a right, what the right is for is refused", arguments: Action.allCases)
    func rights(action: Action) {
        let needed: [Action: KeyLimits.Right] = [
            .read: .read, .readVersion: .read, .readAttributes: .read, .write: .write,
            .delete: .delete, .list: .list,
        ]
        for right in KeyLimits.Right.allCases {
            let allowed = KeyLimits(rights: [right]).allows(action, bucket: "b", key: "k")
            #expect(allowed == (needed[action] == right || action == .find), "\(right)")
        }
        #expect(KeyLimits(rights: []).allows(action, bucket: "b", key: "k") == (action == .find))
    }

    @Test("another bucket is neither used nor seen", arguments: Action.allCases)
    func buckets(action: Action) {
        let limits = KeyLimits(buckets: ["b", "c"])
        #expect(limits.allows(action, bucket: "c", key: "k") == (action != .administer))
        #expect(!limits.allows(action, bucket: "d", key: "k"))
        // Which buckets there are is asked of each.
        #expect(limits.allows(action, bucket: nil, key: nil) == (action == .find))
    }

    @Test("keys, and lists, begin with a prefix of the key")
    func prefixes() {
        let limits = KeyLimits(buckets: ["b"], prefixes: ["team/", "shared/x"])
        for key: ObjectKey in ["team/", "team/a", "shared/x", "shared/xyz"] {
            for action: Action in [.read, .write, .delete, .list] {
                #expect(limits.allows(action, bucket: "b", key: key), "\(action) \(key)")
            }
        }
        for key: ObjectKey in ["", "team", "teams/a", "shared/", "/team/a"] {
            for action: Action in [.read, .write, .delete, .list] {
                #expect(!limits.allows(action, bucket: "b", key: key), "\(action) \(key)")
            }
        }
        #expect(!limits.allows(.list, bucket: "b", key: nil))
        #expect(!limits.allows(.delete, bucket: "b", key: nil))
        #expect(limits.allows(.find, bucket: "b", key: nil))
    }
}
