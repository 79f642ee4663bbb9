// Names are the field's nouns; what is forbidden is forbidden by name.

import Testing

@Suite("Names and words")
struct NameTests {
    private static let vague = ["Manager", "Helper", "Helpers", "Util", "Utils", "Common"]

    /// Each in two halves, so that this file passes its own rule.
    private static let forbidden = [
        "try" + "!", "TO" + "DO", "FIX" + "ME", "fatal" + "Error(", ".disabled" + "(",
        "XCT" + "Skip",
    ]

    @Test("no type and no file has a name that says nothing")
    func namesAreNouns() {
        for file in SourceTree.sources + SourceTree.tests {
            for name in file.typeNames + [String(file.name.dropLast(".swift".count))] {
                for word in Self.vague {
                    #expect(!name.hasSuffix(word) && !name.hasPrefix(word), "\(file): \(name)")
                }
            }
        }
    }

    @Test("no type has its module's name")
    func modulesAreNotTypes() {
        for file in SourceTree.sources {
            #expect(!file.typeNames.contains(file.target), "\(file)")
        }
    }

    @Test("nothing crashes on purpose, is left for later, or is not run", arguments: forbidden)
    func forbiddenWords(_ word: String) {
        for file in SourceTree.sources + SourceTree.tests {
            #expect(!file.code.contains(word), "\(file) has \(word)")
            if word.allSatisfy(\.isUppercase) {
                #expect(!file.text.contains(word), "\(file) has \(word)")
            }
        }
    }

    @Test("a source file begins with why it exists")
    func filesSayWhy() {
        for file in SourceTree.sources {
            #expect(file.text.hasPrefix("// "), "\(file)")
        }
    }
}

extension SourceFile {
    var typeNames: [String] {
        code.matches(of: /\b(?:struct|class|enum|actor|protocol|typealias)\s+([A-Z]\w*)/)
            .map { String($0.output.1) }
    }
}
