// What a collection of a registry's garbage does to keys, decided in the committer: each step only where the
// key still shows the very version that was judged. Stamps: see `CollectRegistry.swift`.

internal import Journal
internal import Storage

struct SweepObjects: Decision {
    struct Item: Sendable {
        var judged: ObjectVersion
        var step: QuarantineRule.Step
    }

    let items: [Item]

    /// Which items were carried out.
    func decide(_ context: inout CommitContext) throws(StorageError) -> [Bool] {
        var done: [Bool] = []
        for item in items {
            let register = try context.register(item.judged.name)
            guard register.versions.first == register.visible,
                register.visible?.version == item.judged.version,
                let content = register.visible?.content
            else {
                done.append(false)
                continue
            }
            try Self.carryOut(item.step, item.judged, content, &context)
            done.append(true)
        }
        return done
    }

    private static func carryOut(
        _ step: QuarantineRule.Step, _ judged: ObjectVersion, _ content: ObjectContent,
        _ context: inout CommitContext
    ) throws(StorageError) {
        var content = content
        switch step {
        case .keep, .wait:
            break
        case .takeOut:
            _ = try context.takeOutOfQuarantine(judged)
        case .quarantine:
            content.quarantinedMilliseconds = context.wallMilliseconds
            _ = try context.recordNext(.put(content), after: judged, id: judged.versionID)
        case .remove:
            // Of the same id: whatever is said of this version later, in any region, goes before it.
            _ = try context.recordNext(.tombstone, after: judged, id: judged.versionID)
        }
    }
}
