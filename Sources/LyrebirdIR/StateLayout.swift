// The guest's state as the IR sees it: slots, each with a name, a type and an offset. Guests describe theirs with a layout;
// nothing in the IR, the passes or the host knows a guest otherwise.

/// A slot of guest state, by its index in the layout.
public struct Slot: Sendable, Equatable {
    public let id: UInt32
    @inline(__always) public init(_ index: Int) { id = UInt32(truncatingIfNeeded: index) }
    @inline(__always) public var index: Int { Int(id) }
}

/// The table of a guest's slots. Slots are dense and few (at most `StateLayout.maximum`), so that sets of them are bit masks.
public struct StateLayout: Sendable {
    public struct Entry: Sendable {
        public var name: String
        public var type: Type
        /// Bytes from the start of the guest's state.
        public var offset: Int

        public init(_ name: String, _ type: Type, _ offset: Int) {
            self.name = name
            self.type = type
            self.offset = offset
        }
    }

    public static let maximum = 128

    public let entries: [Entry]
    /// Bytes of the guest's state.
    public let size: Int
    /// Slots that the runtime itself reads or writes.
    public let trapOperand: Slot
    /// Where guest instructions are counted down (`Unit.counter`), if the guest can be counted.
    public let counter: Slot?
    /// Bytes from the start to the state of the x87 unit, as FNSAVE stores it, if the guest has one.
    public let x87Image: Int?

    public init(_ entries: [Entry], size: Int, trapOperand: Slot, counter: Slot? = nil, x87Image: Int? = nil) {
        precondition(entries.count <= StateLayout.maximum, "too many slots")
        self.entries = entries
        self.size = size
        self.trapOperand = trapOperand
        self.counter = counter
        self.x87Image = x87Image
    }

    public func slot(named name: String) -> Slot? {
        entries.firstIndex { $0.name == name }.map { Slot($0) }
    }
}
