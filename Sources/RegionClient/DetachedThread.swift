// A thread of its own for work that blocks for as long as the process lives.

internal import Glibc

enum DetachedThread {
    private final class Body {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    static func start(name: String, _ run: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let body = Unmanaged.passRetained(Body(name: name, run: run))
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { preconditionFailure("a thread without its body") }
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                body.run()
                return nil
            }, body.toOpaque())
        precondition(code == 0, "no thread for “\(name)”: error \(code)")
        _ = pthread_detach(thread)
    }
}
