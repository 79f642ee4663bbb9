// What every list shows: compared with the plainest possible one, over all keys.

internal import NIOCore
internal import Storage
internal import Testing

private let keys: [String] = [
    "a", "a/", "a/b", "a/b/c", "a/b/d", "a/c", "a0", "ab", "b/x/1", "b/x/2", "b/y", "c//d", "c/d",
    "\u{E9}", "z\u{1F600}", "z\u{FFFD}", "~",
]

extension StoreCase {
    static let listCases: [StoreCase] = [
        StoreCase("every page of every list is what the definition says") { store in
            try await store.makeBucket()
            for key in keys.shuffled() { try await store.put(key, pattern(1)) }
            for prefix in ["", "a", "a/", "a/b", "b/", "c/", "q", "~~"] {
                for delimiter in ["", "/", "b/", "//"] {
                    for limit in [1, 2, 5, 1000] {
                        let request = ListRequest(
                            bucket: bucket, prefix: ObjectKey(prefix),
                            delimiter: delimiter.isEmpty ? nil : Array(delimiter.utf8),
                            limit: limit)
                        try await comparePages(request, store)
                    }
                }
            }
        },
        StoreCase("after need not be a key, and a prefix rolled up is passed as a whole") { store in
            try await store.makeBucket()
            for key in keys { try await store.put(key, pattern(1)) }
            for after in ["", "a/b", "a/b/", "a/a", "a/zzz", "zzzz", "~", "b/", "\u{E9}"] {
                var request = ListRequest(bucket: bucket, after: ObjectKey(after))
                #expect(try await store.list(request).entries.map(\.key) == expected(request))
                request.delimiter = [UInt8(ascii: "/")]
                #expect(try await store.list(request).entries.map(\.key) == expected(request))
            }
        },
        StoreCase("a limit of nothing is an empty page, not truncated") { store in
            try await store.makeBucket()
            try await store.put("a", pattern(1))
            let page = try await store.list(ListRequest(bucket: bucket, limit: 0))
            #expect(page == ListPage(entries: [], isTruncated: false))
        },
        StoreCase("a write is in the next list, a delete is not") { store in
            try await store.makeBucket()
            for index in 0..<50 {
                try await store.put("k\(index)", pattern(1))
                let page = try await store.list(ListRequest(bucket: bucket))
                #expect(page.entries.contains { $0.key == ObjectKey("k\(index)") })
            }
            for index in 0..<49 { try await store.commit(.delete(named("k\(index)"), .none)) }
            let page = try await store.list(ListRequest(bucket: bucket, limit: 1))
            #expect(page.entries.map(\.key) == ["k49"])
            #expect(!page.isTruncated)
        },
        StoreCase("buckets do not see each other's keys") { store in
            try await store.makeBucket()
            try await Buckets(objects: store, blobs: store).create("images2")
            try await store.put("a", pattern(1))
            let page = try await store.list(ListRequest(bucket: "images2"))
            #expect(page.entries.isEmpty)
        },
    ]
}

/// All entries of a request without its limit, by the definition.
private func expected(_ request: ListRequest) -> [ObjectKey] {
    var result: [ObjectKey] = []
    for key in keys.map({ ObjectKey($0) }).sorted() where key.hasPrefix(request.prefix) {
        let entry = request.commonPrefix(of: key) ?? key
        if let after = request.after, entry <= after { continue }
        if result.last != entry { result.append(entry) }
    }
    return result
}

private func comparePages(_ request: ListRequest, _ store: any WholeStore) async throws {
    var request = request
    let all = expected(request)
    var seen: [ObjectKey] = []
    while true {
        let page = try await store.list(request)
        #expect(page.entries.count <= request.limit)
        seen += page.entries.map(\.key)
        guard page.isTruncated else { break }
        request.after = try #require(page.entries.last?.key)
    }
    #expect(seen == all, "\(request)")
}
