// The contract of master keys: what a region's own keys and secrets are sealed under. They are kept outside of
// the store, so that a disk, or a backup, without them says nothing.
//
// A master key seals a few keys and secrets and nothing else, so it may be replaced without any data being
// rewritten. The order is safety:
//  1. `rotate`: the new key is durable before anything is sealed under it
//  2. whatever was sealed under earlier keys is sealed anew, durably
//  3. `keepOnly`: earlier keys are let go of
// Stopped at any point, every key that anything is sealed under is still known.

package import Checksums
internal import Synchronization

package protocol MasterKeys: Sendable {
    /// Where they are kept, for the person who has to find them.
    var place: String { get }

    /// The key to seal under first, then earlier ones; none before the first was made. What was read once is
    /// answered from memory. Blocks; throws `refusedToOpen` where they cannot be read.
    func known() throws(StorageError) -> [SealKey]

    /// The key to seal under. Where there is none it is made, and is durable when this returns. Blocks.
    func current() throws(StorageError) -> SealKey

    /// Makes a new key to seal under, durable when this returns. Earlier ones stay known. Blocks.
    func rotate() throws(StorageError) -> SealKey

    /// Lets go of every key but these, durably: nothing is sealed under another any more. Blocks.
    func keepOnly(_ ids: Set<UInt64>) throws(StorageError)
}

/// Master keys in memory: what tests and simulations seal under.
package final class MemoryMasterKeys: MasterKeys {
    private let keys: Mutex<[SealKey]>

    package init(_ keys: [SealKey] = []) { self.keys = Mutex(keys) }

    package var place: String { "memory" }

    package func known() -> [SealKey] { keys.withLock { $0 } }

    package func current() -> SealKey {
        keys.withLock { keys in
            if let key = keys.first { return key }
            let key = SealKey.random()
            keys.append(key)
            return key
        }
    }

    package func rotate() -> SealKey {
        let key = SealKey.random()
        keys.withLock { $0.insert(key, at: 0) }
        return key
    }

    package func keepOnly(_ ids: Set<UInt64>) {
        keys.withLock { keys in keys.removeAll { !ids.contains($0.id) } }
    }
}
