// The arrows of the architecture.

import Testing

@Suite("Imports")
struct ImportTests {
    private static let systemTargets = Set(ImportRule.owners.keys)

    @Test("every target has a rule, and every rule a target")
    func rulesAreComplete() {
        let targets = SourceTree.targets(in: "Sources").subtracting(Self.systemTargets)
        #expect(targets == Set(ImportRule.all.map(\.target)))
    }

    @Test("a rule's arrows point down", arguments: ImportRule.all)
    func arrowsPointDown(_ rule: ImportRule) {
        let levels = Dictionary(uniqueKeysWithValues: ImportRule.all.map { ($0.target, $0.level) })
        for target in rule.ours.subtracting(Self.systemTargets) {
            #expect(levels[target, default: .max] < rule.level, "\(rule.target) → \(target)")
        }
    }

    @Test("a target imports what its row allows", arguments: ImportRule.all)
    func importsAreAllowed(_ rule: ImportRule) {
        let allowed = rule.ours.union(rule.others).union(ImportRule.toolchain)
        for file in SourceTree.sources where file.target == rule.target {
            for line in file.imports {
                #expect(allowed.contains(line.module), "\(file) imports \(line.module)")
            }
        }
    }

    @Test("an import says whether it is internal or package, and a C module stays internal")
    func accessIsExplicit() {
        for file in SourceTree.sources {
            for line in file.imports {
                #expect(
                    line.access == "internal" || line.access == "package",
                    "\(file) imports \(line.module)")
                if let owner = ImportRule.owners[line.module] {
                    #expect(file.target == owner, "\(file) imports \(line.module)")
                    #expect(line.access == "internal", "\(file) imports \(line.module)")
                }
            }
        }
    }
}
