// What is known of each translation, and the tables that find one: by guest pc (without a lock), by host address (for faults
// and links), by page of guest code (for invalidation). All memory is flat, comes from the kernel as it is touched, and grows
// without being copied: a page that is touched for nothing costs as much as translating an instruction.

import CLyrebird

/// One translation. Frame logs lie in order: one ends where that of the next translation starts.
struct Translation {
    var pc: UInt64
    var mode: UInt16
    var isValid: Bool
    /// Hooks are called, or coverage is counted, when it is entered; it ends with its first basic block.
    var isHooked: Bool
    var isBlockwise: Bool
    /// Offsets in the code region.
    var hotStart: UInt32
    var hotSize: UInt32
    /// Where in the hot code those come in who have all of guest state in memory; 0 if nobody does.
    var homeEntry: UInt8
    var guestBytes: UInt32
    /// What it goes on with behind a jump, if `joinedBytes` is not 0.
    var joinedPC: UInt64 = 0
    var joinedBytes: UInt32 = 0
    /// Its frame log.
    var frameStart: UInt32
    /// Links of other translations that come here: head of a list, -1 for none.
    var incoming: Int32
    /// The pages its guest bytes are in, as places in the page index, and the next translation in the list of each.
    var pages: (Int32, Int32)
    var nextInPage: (Int32, Int32)

    /// Whether it has something of a range of guest code.
    func overlaps(_ start: UInt64, _ end: UInt64) -> Bool {
        pc < end && start < pc &+ UInt64(guestBytes) || joinedPC < end && start < joinedPC &+ UInt64(joinedBytes)
    }
}

/// A patchable jump. Before its stub stands the guest address it goes to.
struct Link {
    /// Offsets in the code region.
    var site: UInt32
    var stub: UInt32
    var source: Int32
    /// The translation it goes to, -1 while it goes to its stub.
    var linkedTo: Int32
    /// The next link that goes to the same translation.
    var next: Int32
    /// Its target is in the middle of a block.
    var isInBlock: Bool
    /// Whoever takes it has all of guest state in memory.
    var isFromHome: Bool
    /// How often it may still be taken before its loop is translated as a whole.
    var counting: Counting
}

/// What becomes of a link that closes a loop.
enum Counting: UInt8, BitwiseCopyable {
    /// It closes none, or the loop has been looked at.
    case done
    /// It will be counted when it is first taken.
    case wanted
    /// It goes by a counter.
    case active
}

/// Pages from the kernel: zero, and not there until they are touched.
enum Pages {
    private static let mmap = 9, munmap = 11, mremap = 25
    private static let mayMove: UInt64 = 1

    /// - Parameter populated: all of it at once, which costs less than a fault for each page.
    static func allocate(_ size: Int, populated: Bool = false) -> UnsafeMutableRawPointer {
        // PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE; MAP_POPULATE
        let flags: UInt64 = 0x4022 | (populated ? 0x8000 : 0)
        return pointer(lyrebird_syscall(mmap, 0, UInt64(size), 3, flags, UInt64.max, 0), size)
    }

    static func grow(_ base: UnsafeMutableRawPointer, from size: Int, to larger: Int) -> UnsafeMutableRawPointer {
        let address = UInt64(UInt(bitPattern: base))
        return pointer(lyrebird_syscall(mremap, address, UInt64(size), UInt64(larger), mayMove, 0, 0), larger)
    }

    static func deallocate(_ base: UnsafeMutableRawPointer, _ size: Int) {
        _ = lyrebird_syscall(munmap, UInt64(UInt(bitPattern: base)), UInt64(size), 0, 0, 0, 0)
    }

    private static func pointer(_ result: Int, _ size: Int) -> UnsafeMutableRawPointer {
        guard result > 0, let base = UnsafeMutableRawPointer(bitPattern: result) else {
            fatalError("no memory for \(size) bytes of tables: error \(-result)")
        }
        return base
    }
}

/// Memory that is used from its start on. It is brought in some way ahead: one request costs less than a fault for each page, and
/// pages that are never used cost as much as those that are.
enum Populated {
    /// - Parameter end: up to where this has been done, in bytes; at least `used` afterwards.
    @inline(__always)
    static func extend(_ end: inout Int, _ base: UnsafeMutableRawPointer, used: Int, limit: Int) {
        if used > end { extendBeyond(&end, base, used, limit) }
    }

    @inline(never)
    private static func extendBeyond(_ end: inout Int, _ base: UnsafeMutableRawPointer, _ used: Int, _ limit: Int) {
        let start = (used + 4095) & ~4095
        let step = min(64 << 10, used / 4 & ~4095, limit - start)
        end = start
        guard step >= 16 << 10 else { return }
        lyrebird_populate(base + start, step)
        end += step
    }
}

/// A flat array without reference counting or copying on write. Grows under the lock: readers without it use the index only.
struct FlatArray<Element: BitwiseCopyable>: ~Copyable {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var size = 64 << 10
    private var populated = 0

    init() { base = Pages.allocate(size).bindMemory(to: Element.self, capacity: 1) }

    deinit { Pages.deallocate(base, size) }

    @inline(__always)
    subscript(index: Int) -> Element {
        get { base[index] }
        nonmutating set { base[index] = newValue }
    }

    mutating func reserve(_ more: Int) {
        let needed = (count + more) * MemoryLayout<Element>.stride
        if needed > populated { grow(to: needed) }
    }

    @inline(never)
    private mutating func grow(to needed: Int) {
        var larger = size
        while larger < needed { larger *= 2 }
        if larger > size { base = Pages.grow(base, from: size, to: larger).bindMemory(to: Element.self, capacity: 1) }
        size = larger
        Populated.extend(&populated, UnsafeMutableRawPointer(base), used: needed, limit: size)
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

/// Finds translations by guest pc. Readers take no lock: an entry is written once, its key last; a removed one keeps its key and
/// loses its host code; growing makes a new table and keeps the old one until the next flush.
struct TranslationIndex: ~Copyable {
    struct Entry {
        /// The complement of pc and mode, so that zero is no key.
        var key: UInt64
        /// Offset of the hot code, 0 when removed (the common stubs are there); above it the translation's number.
        var value: UInt64
    }

    private var entries: UnsafeMutablePointer<Entry>
    private var mask: Int
    private var used = 0
    /// Tables that readers may still be looking at.
    private var retired: [(table: UnsafeMutablePointer<Entry>, capacity: Int)] = []
    /// What readers start from.
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
        Self.free(entries, mask + 1)
        for old in retired { Self.free(old.table, old.capacity) }
        published.deallocate()
    }

    /// The first entry of a table says how large it is.
    private static func makeTable(_ capacity: Int) -> UnsafeMutablePointer<Entry> {
        // A hash table is read and written everywhere.
        let table = Pages.allocate(size(capacity), populated: true).bindMemory(to: Entry.self, capacity: capacity + 1)
        table[0].value = UInt64(capacity - 1)
        return table
    }

    private static func size(_ capacity: Int) -> Int { (capacity + 1) * MemoryLayout<Entry>.stride }
    private static func free(_ table: UnsafeMutablePointer<Entry>, _ capacity: Int) {
        Pages.deallocate(table, size(capacity))
    }

    private func publish() { lyrebird_store_release(published, UInt64(UInt(bitPattern: entries))) }

    /// Whether code can be at an address: 48 bits, sign-extended.
    @inline(__always)
    static func holds(_ pc: UInt64) -> Bool { Int64(bitPattern: pc &<< 16) &>> 16 == Int64(bitPattern: pc) }

    /// nil for a pc that no code can be at.
    @inline(__always)
    private static func key(_ pc: UInt64, _ mode: UInt32) -> UInt64? {
        holds(pc) ? ~(pc & (1 &<< 48 &- 1) | UInt64(mode) &<< 48) : nil
    }

    @inline(__always)
    private static func hash(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: ((~key &>> 1) &* 0x9E37_79B9_7F4A_7C15) &>> 20)
    }

    /// Where the hot code of a translation is, 0 if there is none. Needs no lock.
    @inline(__always)
    func hotStart(pc: UInt64, mode: UInt32) -> Int {
        guard let key = Self.key(pc, mode) else { return 0 }
        let table = UnsafeMutablePointer<Entry>(bitPattern: UInt(lyrebird_load_acquire(published)))!
        let mask = Int(table[0].value)
        var at = Self.hash(key) & mask
        while true {
            let entry = table + (at &+ 1)
            let found = lyrebird_load_acquire(Self.keyField(entry))
            if found == key {
                let place = UInt32(truncatingIfNeeded: lyrebird_load_acquire(Self.valueField(entry)))
                if place != 0 { return Int(place) }
            }
            if found == 0 { return 0 }
            at = (at &+ 1) & mask
        }
    }

    /// Asks for the memory that a look-up will want.
    @inline(__always)
    func prefetch(pc: UInt64, mode: UInt32) {
        guard let key = Self.key(pc, mode) else { return }
        lyrebird_prefetch(entries + (Self.hash(key) & mask &+ 1))
    }

    /// The translation's number, -1 if there is none. Under the lock.
    func translation(pc: UInt64, mode: UInt32) -> Int {
        guard let key = Self.key(pc, mode) else { return -1 }
        var at = Self.hash(key) & mask
        while entries[at + 1].key != 0 {
            let entry = entries[at + 1]
            if entry.key == key, UInt32(truncatingIfNeeded: entry.value) != 0 { return Int(entry.value &>> 32) }
            at = (at + 1) & mask
        }
        return -1
    }

    @inline(__always) private static func keyField(_ e: UnsafeMutablePointer<Entry>) -> UnsafeMutablePointer<UInt64> {
        UnsafeMutableRawPointer(e).assumingMemoryBound(to: UInt64.self)
    }
    @inline(__always) private static func valueField(_ e: UnsafeMutablePointer<Entry>) -> UnsafeMutablePointer<UInt64> {
        (UnsafeMutableRawPointer(e) + 8).assumingMemoryBound(to: UInt64.self)
    }

    mutating func insert(pc: UInt64, mode: UInt32, hotStart: Int, translation: Int) {
        guard let key = Self.key(pc, mode) else { preconditionFailure("there is no code at such an address") }
        // One that was removed is used again: code that is rewritten again and again takes one entry.
        var at = Self.hash(key) & mask
        while entries[at + 1].key != 0 {
            let entry = entries + (at + 1)
            if entry.pointee.key == key {
                lyrebird_store_release(Self.valueField(entry), UInt64(translation) << 32 | UInt64(hotStart))
                return
            }
            at = (at + 1) & mask
        }
        if used * 2 > mask { grow() }
        Self.put(entries, mask, Entry(key: key, value: UInt64(translation) << 32 | UInt64(hotStart)))
        used += 1
    }

    private static func put(_ table: UnsafeMutablePointer<Entry>, _ mask: Int, _ new: Entry) {
        var at = hash(new.key) & mask
        while table[at + 1].key != 0 { at = (at + 1) & mask }
        let entry = table + (at + 1)
        entry.pointee.value = new.value
        lyrebird_store_release(keyField(entry), new.key)
    }

    private mutating func grow() {
        let capacity = (mask + 1) * 2
        let larger = Self.makeTable(capacity)
        var kept = 0
        for n in 1...(mask + 1) where entries[n].key != 0 && UInt32(truncatingIfNeeded: entries[n].value) != 0 {
            Self.put(larger, capacity - 1, entries[n])
            kept += 1
        }
        retired.append((entries, mask + 1))
        entries = larger
        mask = capacity - 1
        used = kept
        publish()
    }

    func remove(pc: UInt64, mode: UInt32) {
        guard let key = Self.key(pc, mode) else { return }
        var at = Self.hash(key) & mask
        while entries[at + 1].key != 0 {
            let entry = entries + (at + 1)
            if entry.pointee.key == key { lyrebird_store_release(Self.valueField(entry), 0) }
            at = (at + 1) & mask
        }
    }

    /// Forgets everything. No reader may be inside.
    mutating func removeAll() {
        for old in retired { Self.free(old.table, old.capacity) }
        retired.removeAll()
        for n in 1...(mask + 1) { entries[n] = Entry(key: 0, value: 0) }
        used = 0
    }
}

/// Translations by page of guest code.
struct PageIndex: ~Copyable {
    private var keys: UnsafeMutablePointer<UInt64>
    private var places: UnsafeMutablePointer<Int32>
    private var heads = FlatArray<Int32>()
    private var mask: Int
    private var used = 0
    static let empty = UInt64.max

    init() {
        let capacity = 1024
        keys = .allocate(capacity: capacity)
        places = .allocate(capacity: capacity)
        keys.initialize(repeating: Self.empty, count: capacity)
        mask = capacity - 1
    }

    deinit {
        keys.deallocate()
        places.deallocate()
    }

    private func slot(_ key: UInt64) -> Int {
        var at = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) &>> 24) & mask
        while keys[at] != key, keys[at] != Self.empty { at = (at + 1) & mask }
        return at
    }

    /// The page's place, for as long as nothing is removed: places are given out in order.
    mutating func place(of key: UInt64) -> Int32 {
        if used * 2 > mask { grow() }
        let at = slot(key)
        if keys[at] == Self.empty {
            keys[at] = key
            places[at] = Int32(heads.count)
            heads.append(-1)
            used += 1
        }
        return places[at]
    }

    /// Keys of the pages that have translations.
    var keysInUse: [UInt64] {
        (0...mask).compactMap { keys[$0] != Self.empty && heads[Int(places[$0])] >= 0 ? keys[$0] : nil }
    }

    func existingPlace(of key: UInt64) -> Int32? {
        let at = slot(key)
        return keys[at] == key ? places[at] : nil
    }

    /// The first translation of the page's list, -1 if there is none.
    func head(at place: Int32) -> Int32 { heads[Int(place)] }

    /// Sets it, and returns what it was.
    func replaceHead(at place: Int32, with translation: Int32) -> Int32 {
        let old = heads[Int(place)]
        heads[Int(place)] = translation
        return old
    }

    private mutating func grow() {
        let (oldKeys, oldPlaces, oldCount) = (keys, places, mask + 1)
        let capacity = oldCount * 2
        keys = .allocate(capacity: capacity)
        places = .allocate(capacity: capacity)
        keys.initialize(repeating: Self.empty, count: capacity)
        mask = capacity - 1
        for n in 0..<oldCount where oldKeys[n] != Self.empty {
            let at = slot(oldKeys[n])
            keys[at] = oldKeys[n]
            places[at] = oldPlaces[n]
        }
        oldKeys.deallocate()
        oldPlaces.deallocate()
    }

    mutating func removeAll() {
        keys.update(repeating: Self.empty, count: mask + 1)
        heads.removeAll()
        used = 0
    }
}
