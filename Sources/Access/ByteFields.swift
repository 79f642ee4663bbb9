// Splitting of text that is bytes, on the path of every request: one pass, one array.

extension ArraySlice<UInt8> {
    /// The stretches between separators; empty ones are left out.
    func fields(separatedBy separator: UInt8) -> [ArraySlice<UInt8>] {
        var result: [ArraySlice<UInt8>] = []
        result.reserveCapacity(8)
        var start = startIndex
        for index in startIndex...endIndex where index == endIndex || self[index] == separator {
            if index > start { result.append(self[start..<index]) }
            start = index + 1
        }
        return result
    }

    /// Without the spaces at its beginning.
    var withoutLeadingSpaces: ArraySlice<UInt8> {
        var start = startIndex
        while start < endIndex, self[start] == UInt8(ascii: " ") { start += 1 }
        return self[start...]
    }
}
