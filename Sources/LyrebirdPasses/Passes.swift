// The list of passes, in the order in which they look at an instruction.

/// A set of passes, to switch single ones off.
public struct Passes: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Reads of guest state whose value is known become that value.
    public static let stateForwarding = Passes(rawValue: 1)
    /// Constant folding and algebra.
    public static let simplify = Passes(rawValue: 2)
    /// An operation that was done before is not done again.
    public static let commonSubexpressions = Passes(rawValue: 4)
    /// Writes of guest state that nobody can see are dropped.
    public static let deadStateWrites = Passes(rawValue: 8)
    /// Operations whose results nobody needs are dropped.
    public static let deadCode = Passes(rawValue: 16)

    public static let none: Passes = []
    public static let all: Passes = [.stateForwarding, .simplify, .commonSubexpressions, .deadStateWrites, .deadCode]

    /// The names that command lines and file tests use, in the order in which the passes run.
    public static let names: [(name: StaticString, pass: Passes)] = [
        ("state-forwarding", .stateForwarding),
        ("simplify", .simplify),
        ("common-subexpressions", .commonSubexpressions),
        ("dead-state-writes", .deadStateWrites),
        ("dead-code", .deadCode),
    ]

    /// The pass of a name, `all` or `none`; nil if there is none of that name.
    public init?(named name: String) {
        if name == "all" {
            self = .all
        } else if name == "none" {
            self = .none
        } else if let entry = Passes.names.first(where: { $0.name.description == name }) {
            self = entry.pass
        } else {
            return nil
        }
    }
}
