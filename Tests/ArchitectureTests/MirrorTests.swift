// Tests mirror targets one to one, so that who changes a target knows where its tests are.

import Testing

@Suite("Tests mirror targets")
struct MirrorTests {
    /// What several test targets share, and the tests that have no target of their own.
    private static let others: Set<String> = [
        "StoreConformance", "Simulation", "NodeTests", "ArchitectureTests", "Fuzz",
        "StoreLoader", "DriverStream",
    ]

    @Test("each target has its tests, and each test target its target")
    func testsMirrorTargets() {
        var expected = Self.others
        // The executable is tested from outside, by NodeTests.
        for rule in ImportRule.all where rule.target != "holdfast" {
            expected.insert(rule.target + "Tests")
        }
        #expect(SourceTree.targets(in: "Tests") == expected)
    }

    @Test("each test target has a test", arguments: ImportRule.all.map(\.target))
    func everyTargetIsTested(_ target: String) {
        let directory = target == "holdfast" ? "NodeTests" : target + "Tests"
        let files = SourceTree.tests.filter { $0.target == directory }
        #expect(files.contains { $0.code.contains("@Test") }, "\(directory)")
    }
}
