// A map from keys to values in the order of the keys' bytes.

struct SortedKeys<Value: Sendable>: Sendable {
    private(set) var keys: [ObjectKey] = []
    private var entries: [ObjectKey: Value] = [:]

    var values: [Value] { keys.compactMap { entries[$0] } }

    subscript(key: ObjectKey) -> Value? {
        get { entries[key] }
        set {
            let isPresent = entries.updateValueOrRemove(newValue, forKey: key)
            let index = firstIndex(notBelow: key)
            switch (isPresent, newValue == nil) {
            case (false, false): keys.insert(key, at: index)
            case (true, true): keys.remove(at: index)
            case (true, false), (false, true): break
            }
        }
    }

    /// The place of the first key that is not less than `key`.
    func firstIndex(notBelow key: ObjectKey) -> Int {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The place of the first key that is greater than `key`, or of the first key of all.
    func firstIndex(after key: ObjectKey?) -> Int {
        guard let key else { return 0 }
        let index = firstIndex(notBelow: key)
        return index < keys.count && keys[index] == key ? index + 1 : index
    }
}

extension Dictionary {
    /// Returns whether the key was present before.
    fileprivate mutating func updateValueOrRemove(_ value: Value?, forKey key: Key) -> Bool {
        guard let value else { return removeValue(forKey: key) != nil }
        return updateValue(value, forKey: key) != nil
    }
}
