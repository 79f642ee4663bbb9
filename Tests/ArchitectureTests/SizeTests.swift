// A file holds an idea, a function a step: the hard limits of both.

import Testing

@Suite("Sizes")
struct SizeTests {
    static let fileLines = 500
    static let functionLines = 70

    @Test("no file is longer than the limit")
    func filesAreShort() {
        for file in SourceTree.sources + SourceTree.tests {
            #expect(file.lineCount <= Self.fileLines, "\(file) has \(file.lineCount) lines")
        }
    }

    @Test("no function is longer than the limit")
    func functionsAreShort() {
        for file in SourceTree.sources + SourceTree.tests {
            for function in file.functions {
                #expect(
                    function.lineCount <= Self.functionLines,
                    "\(file):\(function.firstLine) \(function.name): \(function.lineCount) lines")
            }
        }
    }

    @Test("a function is measured from its name to its closing brace")
    func functionsAreMeasured() throws {
        let file = SourceFile(
            path: "Sources/X/X.swift",
            text: """
                protocol P {
                    func requirement(
                        a: Int
                    )
                }
                struct S {
                    // func commented() {
                    func one(_ body: (Int) -> Void = { _ in }) { body(1) }
                    func three() {
                        let text = "} \\("{".count) }"
                    }
                    init(
                        a: Int
                    ) {
                        self.init()
                    }
                }
                """)
        #expect(file.functions.map(\.name) == ["func one", "func three", "init("])
        #expect(file.functions.map(\.lineCount) == [1, 3, 5])
    }
}
