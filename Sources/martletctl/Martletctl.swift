import Glibc
import Martlet

/// The control client: asks the running daemon, and tells it what to do.
@main
enum Martletctl {
    static func main() async {
        exit(await ControlCommand.runAsProgram())
    }
}
