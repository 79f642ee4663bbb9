// The program around libFuzzer. All targets are in one, so that there is one build; the first argument
// says which of them runs, what follows is libFuzzer's. Without arguments it lists the targets. A finding is
// a trap: a precondition of the code, or one of the targets' own.

import Foundation

/// Of libFuzzer (compiler-rt, `FuzzerInterface.h`): runs until time is up or something is found.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ one: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

private let chosen: FuzzTarget? = {
    let name = CommandLine.arguments.dropFirst().first
    return FuzzTarget.all.first { $0.name == name }
}()

@_cdecl("LLVMFuzzerTestOneInput")
func runOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    chosen?.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

@main
enum FuzzProgram {
    static func main() {
        guard chosen != nil else {
            for target in FuzzTarget.all { print(target.name) }
            exit(CommandLine.arguments.count > 1 ? 2 : 0)
        }
        // The name of the target stands where libFuzzer expects the program's.
        var count = CommandLine.argc - 1
        var arguments = CommandLine.unsafeArgv.advanced(by: 1)
        exit(runDriver(&count, &arguments) { runOneInput($0, $1) })
    }
}
