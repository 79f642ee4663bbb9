// What is to become of the keys of a page, and the walk that reads a registry's keys page by page.

internal import Storage

struct Judgements: Sendable {
    let rule: QuarantineRule
    /// Keys to which something is to be done.
    private(set) var items: [SweepObjects.Item] = []
    /// History of deleted keys that no version of a tag needs.
    private(set) var released: [VersionReference] = []
    private(set) var waiting: UInt64 = 0

    init(rule: QuarantineRule) { self.rule = rule }

    /// A key that something may reach: a link of a layer or manifest, or a blob's. What waits to be
    /// published is left alone. `isNeeded` is the mark's word alone; a young key is needed by itself.
    mutating func add(_ register: ObjectRegister, isNeeded: Bool, releases: Bool) {
        if !isNeeded, releases {
            released += register.history.map(\.reference)
        }
        guard let visible = register.visible, register.pending.isEmpty else { return }
        let step = rule.step(visible, isNeeded: isNeeded)
        switch step {
        case .keep: break
        case .wait: waiting += 1
        case .takeOut, .quarantine, .remove:
            items.append(SweepObjects.Item(judged: visible, step: step))
        }
    }
}

struct WalkRegisters: Sendable {
    let store: any ChangeFeed
    let bucket: String

    private static let page = 500

    /// Every name whose key begins with `prefix`, in pages in order of key.
    func pages(
        _ prefix: ObjectKey,
        _ body: ([(name: ObjectName, register: ObjectRegister)]) async throws -> Void
    ) async throws {
        var after = prefix
        while true {
            let page = try await store.registers(in: bucket, after: after, limit: Self.page)
            let mine = page.prefix { $0.name.key.hasPrefix(prefix) }
            if !mine.isEmpty { try await body(Array(mine)) }
            guard mine.count == page.count, let last = page.last else { return }
            after = last.name.key
        }
    }
}
