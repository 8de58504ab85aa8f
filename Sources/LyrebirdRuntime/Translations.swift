// What is known of each translation, and the tables that find one: by guest pc (without a lock), by host address (for faults
// and links), by page of guest code (for invalidation). All memory is flat and grows by doubling.

import CLyrebird

/// One translation.
struct Translation {
    var pc: UInt64
    var mode: UInt32
    var isValid: Bool
    /// Offsets in the code region.
    var hotStart: UInt32
    var hotSize: UInt32
    var coldStart: UInt32
    var coldSize: UInt32
    var guestBytes: UInt32
    var guestInstructions: UInt32
    var firstLink: UInt32
    var linkCount: UInt32
    /// Its frame log, in words.
    var frameStart: UInt32
    var frameWords: UInt32
    /// Links of other translations that come here: head of a list, -1 for none.
    var incoming: Int32
    /// The pages its guest bytes are in, and the next translation in the list of each.
    var pages: (UInt64, UInt64)
    var nextInPage: (Int32, Int32)
}

/// A patchable jump.
struct Link {
    /// Offsets in the code region.
    var site: UInt32
    var stub: UInt32
    var target: UInt64
    var source: Int32
    /// The translation it goes to, -1 while it goes to its stub.
    var linkedTo: Int32
    /// The next link that goes to the same translation.
    var next: Int32
}

/// A flat array without reference counting or copying on write.
struct FlatArray<Element: BitwiseCopyable>: ~Copyable {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    @inline(__always)
    subscript(index: Int) -> Element {
        get { base[index] }
        nonmutating set { base[index] = newValue }
    }

    mutating func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        capacity = max(capacity * 2, count + more)
        let grown = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        grown.update(from: base, count: count)
        base.deallocate()
        base = grown
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        reserve(1)
        base[count] = element
        count += 1
    }

    mutating func append(contentsOf source: UnsafePointer<Element>, count more: Int) {
        reserve(more)
        (base + count).update(from: source, count: more)
        count += more
    }

    mutating func removeAll() { count = 0 }
}

/// Finds translations by guest pc. Readers take no lock: an entry is written once, its pc last; a removed one keeps its pc and
/// loses its host address; growing makes a new table and keeps the old one until the next flush.
struct TranslationIndex: ~Copyable {
    struct Entry {
        var pc: UInt64
        /// Host address of the executable view, 0 when removed.
        var host: UInt64
        var mode: UInt64
        var translation: Int64
    }

    static let empty = UInt64.max
    private var entries: UnsafeMutablePointer<Entry>
    private var mask: Int
    private var used = 0
    /// Tables that readers may still be looking at.
    private var retired: [UnsafeMutablePointer<Entry>] = []
    /// What readers start from: table and mask, published together.
    private let published: UnsafeMutablePointer<UInt64>

    init() {
        let capacity = 4096
        entries = Self.makeTable(capacity)
        mask = capacity - 1
        published = .allocate(capacity: 1)
        published.initialize(to: 0)
        publish()
    }

    deinit {
        entries.deallocate()
        for table in retired { table.deallocate() }
        published.deallocate()
    }

    /// The first entry of a table says how large it is.
    private static func makeTable(_ capacity: Int) -> UnsafeMutablePointer<Entry> {
        let table = UnsafeMutablePointer<Entry>.allocate(capacity: capacity + 1)
        table[0] = Entry(pc: empty, host: UInt64(capacity - 1), mode: 0, translation: -1)
        for n in 1...capacity { table[n] = Entry(pc: empty, host: 0, mode: 0, translation: -1) }
        return table
    }

    private func publish() { lyrebird_store_release(published, UInt64(UInt(bitPattern: entries))) }

    @inline(__always)
    private static func hash(_ pc: UInt64, _ mode: UInt32) -> Int {
        Int(truncatingIfNeeded: (((pc &>> 1) ^ UInt64(mode) &<< 32) &* 0x9E37_79B9_7F4A_7C15) &>> 20)
    }

    /// The host address of a translation, 0 if there is none. Needs no lock.
    @inline(__always)
    func host(pc: UInt64, mode: UInt32) -> UInt64 {
        let table = UnsafeMutablePointer<Entry>(bitPattern: UInt(lyrebird_load_acquire(published)))!
        let mask = Int(table[0].host)
        var at = Self.hash(pc, mode) & mask
        while true {
            let entry = table + (at &+ 1)
            let found = lyrebird_load_acquire(Self.pcField(entry))
            if found == pc, entry.pointee.mode == UInt64(mode) {
                let host = lyrebird_load_acquire(Self.hostField(entry))
                if host != 0 { return host }
            }
            if found == Self.empty { return 0 }
            at = (at &+ 1) & mask
        }
    }

    /// The translation's number, -1 if there is none. Under the lock.
    func translation(pc: UInt64, mode: UInt32) -> Int {
        var at = Self.hash(pc, mode) & mask
        while entries[at + 1].pc != Self.empty {
            let entry = entries[at + 1]
            if entry.pc == pc, entry.mode == UInt64(mode), entry.host != 0 { return Int(entry.translation) }
            at = (at + 1) & mask
        }
        return -1
    }

    @inline(__always) private static func pcField(_ e: UnsafeMutablePointer<Entry>) -> UnsafeMutablePointer<UInt64> {
        UnsafeMutableRawPointer(e).assumingMemoryBound(to: UInt64.self)
    }
    @inline(__always) private static func hostField(_ e: UnsafeMutablePointer<Entry>) -> UnsafeMutablePointer<UInt64> {
        (UnsafeMutableRawPointer(e) + 8).assumingMemoryBound(to: UInt64.self)
    }

    mutating func insert(pc: UInt64, mode: UInt32, host: UInt64, translation: Int) {
        // One that was removed is used again: code that is rewritten again and again takes one entry.
        var at = Self.hash(pc, mode) & mask
        while entries[at + 1].pc != Self.empty {
            let entry = entries + (at + 1)
            if entry.pointee.pc == pc, entry.pointee.mode == UInt64(mode) {
                entry.pointee.translation = Int64(translation)
                lyrebird_store_release(Self.hostField(entry), host)
                return
            }
            at = (at + 1) & mask
        }
        if used * 2 > mask { grow() }
        Self.put(entries, mask, Entry(pc: pc, host: host, mode: UInt64(mode), translation: Int64(translation)))
        used += 1
    }

    private static func put(_ table: UnsafeMutablePointer<Entry>, _ mask: Int, _ new: Entry) {
        var at = hash(new.pc, UInt32(new.mode)) & mask
        while table[at + 1].pc != empty { at = (at + 1) & mask }
        let entry = table + (at + 1)
        entry.pointee.mode = new.mode
        entry.pointee.translation = new.translation
        entry.pointee.host = new.host
        lyrebird_store_release(pcField(entry), new.pc)
    }

    private mutating func grow() {
        let capacity = (mask + 1) * 2
        let larger = Self.makeTable(capacity)
        var kept = 0
        for n in 1...(mask + 1) where entries[n].pc != Self.empty && entries[n].host != 0 {
            Self.put(larger, capacity - 1, entries[n])
            kept += 1
        }
        retired.append(entries)
        entries = larger
        mask = capacity - 1
        used = kept
        publish()
    }

    func remove(pc: UInt64, mode: UInt32) {
        var at = Self.hash(pc, mode) & mask
        while entries[at + 1].pc != Self.empty {
            let entry = entries + (at + 1)
            if entry.pointee.pc == pc, entry.pointee.mode == UInt64(mode) {
                lyrebird_store_release(Self.hostField(entry), 0)
            }
            at = (at + 1) & mask
        }
    }

    /// Forgets everything. No reader may be inside.
    mutating func removeAll() {
        for table in retired { table.deallocate() }
        retired.removeAll()
        for n in 1...(mask + 1) { entries[n] = Entry(pc: Self.empty, host: 0, mode: 0, translation: -1) }
        used = 0
    }
}

/// Translations by page of guest code.
struct PageIndex: ~Copyable {
    private var keys: UnsafeMutablePointer<UInt64>
    private var heads: UnsafeMutablePointer<Int32>
    private var mask: Int
    private var used = 0
    static let empty = UInt64.max

    init() {
        let capacity = 1024
        keys = .allocate(capacity: capacity)
        heads = .allocate(capacity: capacity)
        keys.initialize(repeating: Self.empty, count: capacity)
        heads.initialize(repeating: -1, count: capacity)
        mask = capacity - 1
    }

    deinit {
        keys.deallocate()
        heads.deallocate()
    }

    private func place(_ key: UInt64) -> Int {
        var at = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) &>> 24) & mask
        while keys[at] != key, keys[at] != Self.empty { at = (at + 1) & mask }
        return at
    }

    /// The first translation of the page's list, -1 if there is none.
    func head(of key: UInt64) -> Int32 {
        let at = place(key)
        return keys[at] == key ? heads[at] : -1
    }

    /// Sets it, and returns what it was.
    mutating func replaceHead(of key: UInt64, with translation: Int32) -> Int32 {
        if used * 2 > mask { grow() }
        let at = place(key)
        let old = keys[at] == key ? heads[at] : -1
        if keys[at] == Self.empty { used += 1 }
        keys[at] = key
        heads[at] = translation
        return old
    }

    private mutating func grow() {
        let (oldKeys, oldHeads, oldCount) = (keys, heads, mask + 1)
        let capacity = oldCount * 2
        keys = .allocate(capacity: capacity)
        heads = .allocate(capacity: capacity)
        keys.initialize(repeating: Self.empty, count: capacity)
        heads.initialize(repeating: -1, count: capacity)
        mask = capacity - 1
        for n in 0..<oldCount where oldKeys[n] != Self.empty {
            let at = place(oldKeys[n])
            keys[at] = oldKeys[n]
            heads[at] = oldHeads[n]
        }
        oldKeys.deallocate()
        oldHeads.deallocate()
    }

    mutating func removeAll() {
        keys.update(repeating: Self.empty, count: mask + 1)
        heads.update(repeating: -1, count: mask + 1)
        used = 0
    }
}
